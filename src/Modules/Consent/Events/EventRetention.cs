using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>Removes events that nobody has fetched in all their time, so that the table stays as small as the traffic (OB-EVT-11).</summary>
internal sealed class EventRetention(ConsentDb db, ConsentOptions options, TimeProvider clock) : IBatchJob
{
    public static int Batch => 500;

    public static TimeSpan Pause => TimeSpan.FromMinutes(10);

    public Task<int> DoBatchAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - options.EventRetention;
        return db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM consent.events WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM consent.events WHERE "At" < {before} ORDER BY "At" LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            """,
            ct);
    }
}
