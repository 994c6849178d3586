using Npgsql;
using NpgsqlTypes;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>Exchanges the counts of requests with the other hosts, twice a second and in one round trip, so that limits hold across hosts (OP-08).</summary>
internal sealed partial class SharedCounts(RequestCounts counts, NpgsqlDataSource database, ILogger<SharedCounts> log) : BackgroundService
{
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>After so many exchanges old counts are thrown away.</summary>
    private const int Sweep = 100;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause);
        for (var turn = 1; await timer.WaitForNextTickAsync(stoppingToken); turn++)
        {
            try
            {
                await ExchangeAsync(stoppingToken);
                if (turn % Sweep == 0) await ForgetAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(log, failure.GetBaseException().Message);
            }
        }
    }

    internal async Task ExchangeAsync(CancellationToken ct)
    {
        var taken = counts.TakeNew();
        if (taken.Count == 0) return;
        await using var batch = database.CreateBatch();
        var senders = taken.Select(count => count.Sender).ToArray();

        // In one order on all hosts, or two of them could wait for each other.
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            INSERT INTO host.request_counts AS known (sender, segment, requests)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[]) ORDER BY 1, 2
            ON CONFLICT (sender, segment) DO UPDATE SET requests = known.requests + excluded.requests
            """)
        {
            Parameters =
            {
                new() { Value = senders },
                new() { Value = taken.Select(count => count.Segment).ToArray() },
                new() { Value = taken.Select(count => count.Requests).ToArray() },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "SELECT sender, segment, requests FROM host.request_counts WHERE sender = ANY($1) AND segment >= $2")
        {
            Parameters =
            {
                new() { Value = senders.Distinct(StringComparer.Ordinal).ToArray() },
                new() { Value = counts.OldestSegment, NpgsqlDbType = NpgsqlDbType.Bigint },
            },
        });
        await using var totals = await batch.ExecuteReaderAsync(ct);
        while (await totals.ReadAsync(ct)) counts.Learn(new RequestCount(totals.GetString(0), totals.GetInt64(1), totals.GetInt32(2)));
    }

    private async Task ForgetAsync(CancellationToken ct)
    {
        await using var delete = database.CreateCommand("DELETE FROM host.request_counts WHERE segment < $1");
        delete.Parameters.Add(new() { Value = counts.OldestSegment });
        await delete.ExecuteNonQueryAsync(ct);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Counts of requests could not be exchanged ({Cause}); until they can, each host counts alone")]
        public static partial void Failed(ILogger logger, string cause);
    }
}
