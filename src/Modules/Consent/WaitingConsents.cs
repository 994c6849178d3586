using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>
/// Removes consents that have waited too long for their customer (CO-22), with their history: nobody has ever seen them. One that was
/// decided on stays, whatever became of it.
/// </summary>
internal sealed class WaitingConsents(ConsentDb db, AuditTrail audit, ConsentOptions options, TimeProvider clock) : IBatchJob
{
    public static int Batch => 500;

    public static TimeSpan Pause => TimeSpan.FromMinutes(10);

    public async Task<int> DoBatchAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - options.UnauthorisedLifetime;

        // The locked rows are those that are deleted: a customer who decides at this moment is waited for or passed over, never overruled.
        var ids = await db.Database.SqlQuery<string>(
            $"""
            DELETE FROM consent.consents WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM consent.consents WHERE "State" IN ('AWAU', 'AWUP') AND "CreatedAt" < {before} ORDER BY "CreatedAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            RETURNING "Id" AS "Value"
            """).ToListAsync(ct);
        await db.History.Where(entry => ids.Contains(entry.ConsentId)).ExecuteDeleteAsync(ct);
        await audit.AddRemovalsAsync(ids, clock.GetUtcNow(), "It waited too long for its customer.", ct);
        return ids.Count;
    }
}
