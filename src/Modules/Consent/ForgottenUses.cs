using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>Removes counts of use that are older than they are kept (D-4).</summary>
internal sealed class ForgottenUses(IServiceScopeFactory scopes, ConsentOptions options, TimeProvider clock, ILogger<ForgottenUses> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 5_000;

    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Removes all that are too old, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal Task<int> SweepAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => RemoveBatchAsync(services.GetRequiredService<ConsentDb>(), ct), ct));

    private Task<int> RemoveBatchAsync(ConsentDb db, CancellationToken ct)
    {
        var first = DateOnly.FromDateTime((clock.GetUtcNow() - options.UsesKept).UtcDateTime);
        return db.Database.ExecuteSqlAsync(
            $"""DELETE FROM consent.uses WHERE ctid = ANY (ARRAY(SELECT ctid FROM consent.uses WHERE "Day" < {first} LIMIT {Batch} FOR UPDATE SKIP LOCKED))""", ct);
    }
}
