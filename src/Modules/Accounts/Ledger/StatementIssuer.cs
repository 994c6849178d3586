using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>Issues statements soon after a month has ended, on whichever host is the first to see it.</summary>
internal sealed class StatementIssuer(NpgsqlDataSource database, TimeProvider clock, ILogger<StatementIssuer> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    /// <summary>Up to when this host knows that all are issued.</summary>
    private DateTimeOffset done;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, IssueAsync, stoppingToken);

    /// <summary>Asks the database only where a month has ended since the last time.</summary>
    internal async Task IssueAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var ended = StatementRun.LastEnd(now);
        if (done == ended) return;
        await using var connection = await database.OpenConnectionAsync(ct);
        await StatementRun.IssueAsync(connection, now, ct);
        done = ended;
    }
}
