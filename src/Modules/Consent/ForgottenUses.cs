using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>Removes counts of use that are older than they are kept (D-4).</summary>
internal sealed partial class ForgottenUses(IServiceScopeFactory scopes, ConsentOptions options, TimeProvider clock, ILogger<ForgottenUses> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 5_000;

    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeatedly.RunAsync(SweepAsync, Pause, clock, failure => Log.Failed(logger, failure), stoppingToken);

    /// <summary>Removes all that are too old, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
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
        var db = scope.ServiceProvider.GetRequiredService<ConsentDb>();
        var first = DateOnly.FromDateTime((clock.GetUtcNow() - options.UsesKept).UtcDateTime);
        var removed = await db.Database.ExecuteSqlAsync(
            $"""DELETE FROM consent.uses WHERE ctid = ANY (ARRAY(SELECT ctid FROM consent.uses WHERE "Day" < {first} LIMIT {Batch} FOR UPDATE SKIP LOCKED))""", ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        return removed;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Old counts of use could not be removed; the next try comes in an hour")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
