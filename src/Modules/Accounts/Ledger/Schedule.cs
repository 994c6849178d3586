using System.Globalization;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.Ledger;

/// <summary>When a standing order is due.</summary>
internal static class Schedule
{
    /// <summary>The next time after one on which it was due; null where that was the last.</summary>
    public static DateTimeOffset? After(BankStandingOrder order, DateTimeOffset due)
    {
        var next = order.Frequency switch
        {
            "WEEK" => due.AddDays(7),
            "QURT" => InMonth(due, 3, order.PointInTime),
            "YEAR" => InMonth(due, 12, order.PointInTime),
            _ => InMonth(due, 1, order.PointInTime),
        };
        return next > order.FinalAt ? null : next;
    }

    // Due on the 31st is due on the last of a shorter month, and on the 31st again after it.
    private static DateTimeOffset InMonth(DateTimeOffset due, int months, string day)
    {
        var first = due.AddDays(1 - due.Day).AddMonths(months);
        var wanted = int.Parse(day, CultureInfo.InvariantCulture);
        return first.AddDays(Math.Min(wanted, DateTime.DaysInMonth(first.Year, first.Month)) - 1);
    }
}
