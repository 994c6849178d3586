using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>Removes events that nobody has fetched in all their time, so that the table stays as small as the traffic (OB-EVT-11).</summary>
internal sealed class EventRetention(IServiceScopeFactory scopes, ConsentOptions options, TimeProvider clock, ILogger<EventRetention> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Removes all whose time is up, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal Task<int> SweepAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => RemoveBatchAsync(services.GetRequiredService<ConsentDb>(), ct), ct));

    private Task<int> RemoveBatchAsync(ConsentDb db, CancellationToken ct)
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
