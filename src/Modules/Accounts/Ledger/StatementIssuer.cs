using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts.Ledger;

/// <summary>Issues statements soon after a month has ended, on whichever host is the first to see it.</summary>
internal sealed partial class StatementIssuer(NpgsqlDataSource database, TimeProvider clock, ILogger<StatementIssuer> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    /// <summary>Up to when this host knows that all are issued.</summary>
    private DateTimeOffset done;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeatedly.RunAsync(IssueAsync, Pause, clock, failure => Log.Failed(logger, failure), stoppingToken);

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

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Statements could not be issued; the next try comes at once")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
