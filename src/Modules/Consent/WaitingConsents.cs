using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>
/// Removes consents that have waited too long for their customer (CO-22), with their history: nobody has ever seen them. One that was
/// decided on stays, whatever became of it.
/// </summary>
internal sealed class WaitingConsents(IServiceScopeFactory scopes, ConsentOptions options, TimeProvider clock, ILogger<WaitingConsents> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Removes all whose time is up, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal Task<int> SweepAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => RemoveBatchAsync(services, ct), ct));

    private async Task<int> RemoveBatchAsync(IServiceProvider services, CancellationToken ct)
    {
        var db = services.GetRequiredService<ConsentDb>();
        var before = clock.GetUtcNow() - options.UnauthorisedLifetime;

        // The locked rows are those that are deleted: a customer who decides at this moment is waited for or passed over, never overruled.
        var ids = await db.Database.SqlQuery<string>(
            $"""
            DELETE FROM consent.consents WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM consent.consents WHERE "State" IN ('AWAU', 'AWUP') AND "CreatedAt" < {before} ORDER BY "CreatedAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            RETURNING "Id" AS "Value"
            """).ToListAsync(ct);
        await db.History.Where(entry => ids.Contains(entry.ConsentId)).ExecuteDeleteAsync(ct);
        await services.GetRequiredService<AuditTrail>().AddRemovalsAsync(ids, clock.GetUtcNow(), "It waited too long for its customer.", ct);
        return ids.Count;
    }
}
