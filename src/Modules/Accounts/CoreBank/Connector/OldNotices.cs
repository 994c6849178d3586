using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>Removes notices of the core that nobody sends again any more: what they have brought about stands elsewhere.</summary>
internal sealed class OldNotices(AccountsDb db, TimeProvider clock) : IBatchJob
{
    /// <summary>A core that was away sends again what was not taken, but not for so long.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public static int Batch => 500;

    public static TimeSpan Pause => TimeSpan.FromHours(1);

    public Task<int> DoBatchAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - Kept;
        return db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM accounts.core_notices WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM accounts.core_notices WHERE "ReceivedAt" < {before} ORDER BY "ReceivedAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            """,
            ct);
    }
}
