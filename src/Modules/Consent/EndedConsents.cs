using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>
/// Removes accesses that have ended long ago, with history and evidence: a bank keeps them as long as it must be able to show what its
/// customer allowed, and no longer. Nothing of one that is active or waits is touched, however old; what belongs to a payment stays with it.
/// </summary>
internal sealed class EndedConsents(IServiceScopeFactory scopes, ConsentOptions options, TimeProvider clock, ILogger<EndedConsents> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 500;

    /// <summary>Days matter here and not minutes, so that reading the whole table for it does not.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromHours(6);

    private static readonly string[] Prefixes = [ConsentKind.AccountAccess.IdPrefix, ConsentKind.FundsConfirmation.IdPrefix];
    private static readonly string[] Ended = [nameof(ConsentState.RJCT), nameof(ConsentState.CANC), nameof(ConsentState.EXPD), nameof(ConsentState.GONE)];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Removes all that ended long enough ago, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal Task<int> SweepAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => RemoveBatchAsync(services, ct), ct));

    private async Task<int> RemoveBatchAsync(IServiceProvider services, CancellationToken ct)
    {
        var db = services.GetRequiredService<ConsentDb>();
        var before = clock.GetUtcNow() - options.EndedLifetime;
        var ids = await db.Database.SqlQuery<string>(
            $"""
            DELETE FROM consent.consents WHERE "Id" = ANY (ARRAY(
                SELECT "Id" FROM consent.consents WHERE "State" = ANY ({Ended}) AND "StateChangedAt" < {before} AND left("Id", 4) = ANY ({Prefixes})
                LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            RETURNING "Id" AS "Value"
            """).ToListAsync(ct);
        await db.History.Where(entry => ids.Contains(entry.ConsentId)).ExecuteDeleteAsync(ct);
        await db.Evidence.Where(evidence => ids.Contains(evidence.ConsentId)).ExecuteDeleteAsync(ct);
        await services.GetRequiredService<AuditTrail>().AddRemovalsAsync(ids, clock.GetUtcNow(), "It ended longer ago than is kept.", ct);
        return ids.Count;
    }
}
