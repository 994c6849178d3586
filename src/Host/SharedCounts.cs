using Npgsql;
using NpgsqlTypes;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>Exchanges the counts of requests with the other hosts, twice a second and in one round trip, so that limits hold across hosts (OP-08).</summary>
internal sealed class SharedCounts(RequestCounts counts, NpgsqlDataSource database, ILogger<SharedCounts> log) : BackgroundService
{
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>After so many exchanges old counts are thrown away.</summary>
    private const int Sweep = 100;

    private int turn;

    /// <summary>Where the counts cannot be exchanged, each host counts alone.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, Server.RealTime, log, TurnAsync, stoppingToken);

    private async Task TurnAsync(CancellationToken ct)
    {
        await ExchangeAsync(ct);
        if (++turn % Sweep == 0) await ForgetAsync(ct);
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
}
