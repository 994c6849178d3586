using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>Removes counts of use that are older than they are kept (D-4).</summary>
internal sealed class ForgottenUses(ConsentDb db, ConsentOptions options, TimeProvider clock) : IBatchJob
{
    public static int Batch => 5_000;

    public static TimeSpan Pause => TimeSpan.FromHours(1);

    public Task<int> DoBatchAsync(CancellationToken ct)
    {
        var first = DateOnly.FromDateTime((clock.GetUtcNow() - options.UsesKept).UtcDateTime);
        return db.Database.ExecuteSqlAsync(
            $"""DELETE FROM consent.uses WHERE ctid = ANY (ARRAY(SELECT ctid FROM consent.uses WHERE "Day" < {first} LIMIT {Batch} FOR UPDATE SKIP LOCKED))""", ct);
    }
}
