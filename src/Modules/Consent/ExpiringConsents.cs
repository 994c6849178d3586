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
internal sealed partial class ExpiringConsents(IServiceScopeFactory scopes, TimeProvider clock, ILogger<ExpiringConsents> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private static readonly string[] Prefixes = [.. States.KindsWith(ConsentEvent.Expire).Select(kind => kind.IdPrefix)];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeatedly.RunAsync(SweepAsync, Pause, clock, failure => Log.Failed(logger, failure), stoppingToken);

    /// <summary>Expires all that are due, a batch a transaction; answers how many. Hosts that sweep at once skip each other's rows.</summary>
    internal async Task<int> SweepAsync(CancellationToken ct)
    {
        var expired = 0;
        int batch;
        do
        {
            batch = await ExpireBatchAsync(ct);
            expired += batch;
        }
        while (batch == Batch);
        return expired;
    }

    private async Task<int> ExpireBatchAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ConsentDb>();
        var consents = scope.ServiceProvider.GetRequiredService<Consents>();

        // By the index on the due time: what is not due is never looked at, however much of it there is.
        var due = await db.Consents.FromSql(
            $"""
            SELECT * FROM consent.consents
            WHERE "State" = 'AUTH' AND "ExpiresAt" IS NOT NULL AND "ExpiresAt" <= {clock.GetUtcNow()} AND left("Id", 4) = ANY ({Prefixes})
            ORDER BY "ExpiresAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct);
        foreach (var consent in due) await consents.ExpireIfEndedAsync(consent, ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        return due.Count;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Consents whose end has come could not be expired; the next try comes in ten seconds")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
