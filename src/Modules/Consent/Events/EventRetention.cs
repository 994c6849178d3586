using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>Removes events that nobody has fetched in all their time, so that the table stays as small as the traffic (OB-EVT-11).</summary>
internal sealed partial class EventRetention(IServiceScopeFactory scopes, ConsentOptions options, TimeProvider clock, ILogger<EventRetention> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeatedly.RunAsync(SweepAsync, Pause, clock, failure => Log.Failed(logger, failure), stoppingToken);

    /// <summary>Removes all whose time is up, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal async Task<int> SweepAsync(CancellationToken ct)
    {
        var removed = 0;
        int batch;
        do
        {
            batch = await RemoveBatchAsync(ct);
            removed += batch;
        }
        while (batch == Batch);
        return removed;
    }

    private async Task<int> RemoveBatchAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var before = clock.GetUtcNow() - options.EventRetention;
        var removed = await scope.ServiceProvider.GetRequiredService<ConsentDb>().Database.ExecuteSqlAsync(
            $"""
            DELETE FROM consent.events WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM consent.events WHERE "At" < {before} ORDER BY "At" LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            """,
            ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        return removed;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Old events could not be removed; the next try comes in ten minutes")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
