using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>
/// Removes accesses that have ended long ago, with history and evidence: a bank keeps them as long as it must be able to show what its
/// customer allowed, and no longer. Nothing of one that is active or waits is touched, however old; what belongs to a payment stays with it.
/// </summary>
internal sealed class EndedConsents(ConsentDb db, AuditTrail audit, ConsentOptions options, TimeProvider clock) : IBatchJob
{
    /// <summary>What has ended and moves no money, in the words of the index by which it is found.</summary>
    public const string Filter = """ "State" IN ('RJCT', 'CANC', 'EXPD', 'GONE') AND left("Id", 4) IN ('aac-', 'fcc-') """;

    public static int Batch => 500;

    public static TimeSpan Pause => TimeSpan.FromHours(1);

    public async Task<int> DoBatchAsync(CancellationToken ct)
    {
        var ids = await db.Database.SqlQueryRaw<string>(
            $$"""
            DELETE FROM consent.consents WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM consent.consents WHERE {{Filter}} AND "StateChangedAt" < {0} ORDER BY "StateChangedAt" LIMIT {1} FOR UPDATE SKIP LOCKED))
            RETURNING "Id" AS "Value"
            """,
            clock.GetUtcNow() - options.EndedLifetime,
            Batch).ToListAsync(ct);
        await db.History.Where(entry => ids.Contains(entry.ConsentId)).ExecuteDeleteAsync(ct);
        await db.Evidence.Where(evidence => ids.Contains(evidence.ConsentId)).ExecuteDeleteAsync(ct);
        await audit.AddRemovalsAsync(ids, clock.GetUtcNow(), "It ended longer ago than is kept.", ct);
        return ids.Count;
    }
}
