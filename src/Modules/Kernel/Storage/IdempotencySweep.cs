using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Kernel.Storage;

/// <summary>Removes records of keys that are new again (OB-IDM-5), so that a module's table holds a day's and no more.</summary>
public sealed class IdempotencySweep<TContext>(IServiceScopeFactory scopes, TimeProvider clock, ILogger<IdempotencySweep<TContext>> logger) : BackgroundService
    where TContext : ModuleContext
{
    /// <summary>Longer than a request takes and than clocks of hosts differ: what a request has just found stays until it has read it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>Small, so that no request waits for a long transaction.</summary>
    private const int Batch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Removes all whose time is up, a batch a transaction; answers how many.</summary>
    public Task<int> SweepAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => RemoveBatchAsync(services, ct), ct));

    private async Task<int> RemoveBatchAsync(IServiceProvider services, CancellationToken ct)
    {
        var records = services.GetRequiredService<TContext>().Set<IdempotencyRecord>();
        var before = clock.GetUtcNow() - Idempotency.Life - Grace;
        var due = records.Where(record => record.At <= before);

        // Where the batch is full, those of one moment go together: the next batch begins with a later one.
        var last = await due.OrderBy(record => record.At).Select(record => (DateTimeOffset?)record.At).Skip(Batch - 1).FirstOrDefaultAsync(ct).ConfigureAwait(false);
        var until = last ?? before;
        var removed = await records.Where(record => record.At <= until).ExecuteDeleteAsync(ct).ConfigureAwait(false);
        return last is null ? Math.Min(removed, Batch - 1) : Batch;
    }
}
