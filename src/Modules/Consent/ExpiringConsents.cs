using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>
/// Expires consents whose end has come, so that history, customer and third party hear of it although nobody asks (OB-CON-19). Nothing
/// waits for it: whoever touches such a consent before expires it first.
/// </summary>
internal sealed class ExpiringConsents(IServiceScopeFactory scopes, TimeProvider clock, ILogger<ExpiringConsents> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly string[] Prefixes = [.. States.KindsWith(ConsentEvent.Expire).Select(kind => kind.IdPrefix)];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Expires all that are due, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal Task<int> SweepAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => ExpireBatchAsync(services, ct), ct));

    private async Task<int> ExpireBatchAsync(IServiceProvider services, CancellationToken ct)
    {
        var db = services.GetRequiredService<ConsentDb>();
        var consents = services.GetRequiredService<Consents>();

        // By the index on the due time: what is not due is never looked at, however much of it there is.
        var due = await db.Consents.FromSql(
            $"""
            SELECT * FROM consent.consents
            WHERE "State" = 'AUTH' AND "ExpiresAt" IS NOT NULL AND "ExpiresAt" <= {clock.GetUtcNow()} AND left("Id", 4) = ANY ({Prefixes})
            ORDER BY "ExpiresAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct);
        foreach (var consent in due) await consents.ExpireIfEndedAsync(consent, ct);
        return due.Count;
    }
}
