namespace OpenBanking.Kernel;

/// <summary>The days on which this bank's payments settle: those of <see cref="WorkingDays"/> without the days of rest that the bank has chosen.</summary>
public sealed class SettlementDays(CurrentChoices choices)
{
    public bool Has(DateOnly day) => WorkingDays.IsWorkingDay(day) && !choices.Now.Holidays.Contains(day);

    /// <summary>The day itself, or the next one on which payments settle.</summary>
    public DateOnly OnOrAfter(DateOnly day)
    {
        while (!Has(day)) day = day.AddDays(1);
        return day;
    }

    public DateOnly After(DateOnly day) => OnOrAfter(day.AddDays(1));
}
