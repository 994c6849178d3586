using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Vrp;

/// <summary>
/// How much room the limits of a VRP consent have left. Every order counts on the day on which it came, unless it was rejected or blocked; what a
/// payee gives back makes no room (OB-VRP-9).
/// </summary>
internal sealed class VrpRoom(PaymentsDb db)
{
    /// <summary>What has been paid in each limit's period at a moment; nothing before the payments begin.</summary>
    public async Task<IReadOnlyList<VrpLimitUse>> UseAsync(string consentId, VrpLimits limits, DateTimeOffset at, CancellationToken ct)
    {
        var day = WorkingDays.DayOf(at);
        if (day < limits.Start) return [];
        var periods = limits.Periods.Select(limit => limit.At(limits.Start, day)).ToList();
        DateTimeOffset[] since = [.. periods.Select(period => period.From)];
        DateTimeOffset[] until = [.. periods.Select(period => period.Until)];
        var used = await db.Database.SqlQuery<decimal>(
            $"""
            SELECT coalesce(sum(paid."Amount"), 0) AS "Value"
            FROM unnest({since}, {until}) WITH ORDINALITY AS span (since, until, number)
            LEFT JOIN payments.orders paid
                ON paid."ConsentId" = {consentId} AND paid."CreatedAt" >= span.since AND paid."CreatedAt" < span.until AND paid."Status" NOT IN ('RJCT', 'BLCK')
            GROUP BY span.number ORDER BY span.number
            """).ToListAsync(ct);
        return [.. limits.Periods.Zip(periods, used).Select(row => new VrpLimitUse(row.First, row.Second, row.Third))];
    }

    /// <summary>
    /// Every limit that an order would go beyond, with the room that is left (OB-VRP-10); all of them hold at once. Whoever asks holds the consent, so
    /// nobody else takes the room before the order is kept (OB-VRP-11).
    /// </summary>
    public async Task<ApiError?> FirstRefusalAsync(string consentId, VrpLimits limits, Money amount, DateTimeOffset at, CancellationToken ct)
    {
        var faults = (await UseAsync(consentId, limits, at, ct))
            .Where(use => use.Used + amount.Amount > use.Period.Most.Amount)
            .Select(use => new ApiFault("U014", "OB-VRP-10", Words(use), "Data.ControlParameters.PeriodicLimits"))
            .ToList();
        return faults.Count > 0 ? ApiError.BadRequest(faults) : null;
    }

    private static string Words(VrpLimitUse use) => string.Create(
        CultureInfo.InvariantCulture,
        $"{use.Left.ToWire()} of {use.Period.Most.ToWire()} {use.Period.Most.Currency} is left of the limit of the {use.Limit.Type.Code} from {use.Period.First:yyyy-MM-dd} to {use.Period.Last:yyyy-MM-dd}.");
}
