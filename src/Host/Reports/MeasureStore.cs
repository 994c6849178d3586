using Npgsql;
using NpgsqlTypes;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host.Reports;

/// <summary>
/// Adds what this host has measured to what all hosts have, a few times a minute and once more when it stops. Each time has a number, so
/// that one whose answer was lost is neither repeated nor forgotten: a host that is killed loses what it measured since the last time.
/// </summary>
internal sealed partial class MeasureStore(Measures measures, NpgsqlDataSource database, TimeProvider clock, ILogger<MeasureStore> log) : BackgroundService
{
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>How long figures are kept: a year and the quarter that is being reported.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(500);

    /// <summary>After so many turns, about an hour, what is older goes.</summary>
    private const int Sweep = 360;

    private const string Add =
        """
        WITH turn AS (
            INSERT INTO host.runs AS known (host, started_at, seen_at, turn) VALUES ($1, $2, $3, $4)
            ON CONFLICT (host) DO UPDATE
                SET started_at = LEAST(known.started_at, excluded.started_at), seen_at = GREATEST(known.seen_at, excluded.seen_at), turn = excluded.turn
                WHERE known.turn = excluded.turn - 1
            RETURNING 1),
        requests AS (
            INSERT INTO host.measured_requests AS known (day, endpoint, outcome, bucket, requests, microseconds)
            SELECT fresh.* FROM unnest($5::date[], $6::text[], $7::smallint[], $8::smallint[], $9::bigint[], $10::bigint[]) AS fresh, turn ORDER BY 1, 2, 3, 4
            ON CONFLICT (day, endpoint, outcome, bucket) DO UPDATE
                SET requests = known.requests + excluded.requests, microseconds = known.microseconds + excluded.microseconds),
        clients AS (
            INSERT INTO host.measured_clients AS known (day, endpoint, client_id, outcome, requests)
            SELECT fresh.* FROM unnest($11::date[], $12::text[], $13::text[], $14::smallint[], $15::bigint[]) AS fresh, turn ORDER BY 1, 2, 3, 4
            ON CONFLICT (day, endpoint, client_id, outcome) DO UPDATE SET requests = known.requests + excluded.requests),
        tallies AS (
            INSERT INTO host.tallies AS known (day, subject, what, times)
            SELECT fresh.* FROM unnest($16::date[], $17::text[], $18::text[], $19::bigint[]) AS fresh, turn ORDER BY 1, 2, 3
            ON CONFLICT (day, subject, what) DO UPDATE SET times = known.times + excluded.times),
        minutes AS (
            INSERT INTO host.answered_minutes AS known (interface, minute, host, seconds)
            SELECT interface, number / 60, $1, bit_or(1::bigint << (number % 60)::integer)
            FROM unnest($20::smallint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::boolean[]) AS fresh (interface, number, first_at, last_at, has_failed), turn
            WHERE first_at <> 0 GROUP BY 1, 2
            ON CONFLICT (interface, minute, host) DO UPDATE SET seconds = known.seconds | excluded.seconds),
        moments AS (
            INSERT INTO host.answered_seconds AS known (interface, second, host, first_at, last_at)
            SELECT interface, number, $1, first_at, last_at
            FROM unnest($20::smallint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::boolean[]) AS fresh (interface, number, first_at, last_at, has_failed), turn
            WHERE first_at <> 0 AND has_failed
            ON CONFLICT (interface, second, host) DO UPDATE
                SET first_at = LEAST(known.first_at, excluded.first_at), last_at = GREATEST(known.last_at, excluded.last_at)),
        failures AS (
            INSERT INTO host.failed_requests (interface, received_at)
            SELECT fresh.* FROM unnest($25::smallint[], $26::bigint[]) AS fresh, turn)
        SELECT 1
        """;

    private readonly Guid host = Guid.CreateVersion7();
    private readonly SemaphoreSlim one = new(1, 1);
    private DateTimeOffset startedAt;
    private TakenMeasures? waiting;
    private long turn;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        startedAt = clock.GetUtcNow();
        return base.StartAsync(cancellationToken);
    }

    /// <summary>After the server has stopped listening: nothing of what it answered is lost.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await StoreAsync(limit.Token);
        }
        catch (Exception away) when (away is NpgsqlException or OperationCanceledException)
        {
            Log.NotStored(log, away);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, Server.RealTime, log, TurnAsync, stoppingToken);

    private async Task TurnAsync(CancellationToken ct)
    {
        await StoreAsync(ct);
        if (turn % Sweep == 0) await ForgetAsync(ct);
    }

    /// <summary>Stores what is new.</summary>
    internal async Task StoreAsync(CancellationToken ct)
    {
        await one.WaitAsync(ct);
        try
        {
            // What may or may not have been stored goes first, alone and under its old number.
            if (waiting is not null) await StoreWaitingAsync(ct);
            waiting = measures.Take(clock.GetUtcNow());
            turn++;
            await StoreWaitingAsync(ct);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task StoreWaitingAsync(CancellationToken ct)
    {
        var (requests, clients, tallies, seconds) = (waiting!.Requests, waiting.Clients, waiting.Tallies, waiting.Seconds);
        var failures = seconds.SelectMany(logged => logged.Second.Failures.Select(at => (Interface: (short)logged.Interface, At: at))).ToList();
        await using var add = database.CreateCommand(Add);
        add.Parameters.AddRange((NpgsqlParameter[])
        [
            new() { Value = host },
            new() { Value = startedAt.UtcDateTime },
            new() { Value = waiting.At.UtcDateTime },
            new() { Value = turn },
            All(NpgsqlDbType.Date, requests.Select(row => row.Key.Day)),
            All(NpgsqlDbType.Text, requests.Select(row => row.Key.Endpoint)),
            All(NpgsqlDbType.Smallint, requests.Select(row => (short)row.Key.Outcome)),
            All(NpgsqlDbType.Smallint, requests.Select(row => (short)row.Key.Bucket)),
            All(NpgsqlDbType.Bigint, requests.Select(row => row.Times)),
            All(NpgsqlDbType.Bigint, requests.Select(row => row.Amount)),
            All(NpgsqlDbType.Date, clients.Select(row => row.Key.Day)),
            All(NpgsqlDbType.Text, clients.Select(row => row.Key.Endpoint)),
            All(NpgsqlDbType.Text, clients.Select(row => row.Key.ClientId)),
            All(NpgsqlDbType.Smallint, clients.Select(row => (short)row.Key.Outcome)),
            All(NpgsqlDbType.Bigint, clients.Select(row => row.Times)),
            All(NpgsqlDbType.Date, tallies.Select(row => row.Key.Day)),
            All(NpgsqlDbType.Text, tallies.Select(row => row.Key.Subject)),
            All(NpgsqlDbType.Text, tallies.Select(row => row.Key.What)),
            All(NpgsqlDbType.Bigint, tallies.Select(row => row.Times)),
            All(NpgsqlDbType.Smallint, seconds.Select(row => (short)row.Interface)),
            All(NpgsqlDbType.Bigint, seconds.Select(row => row.Second.Number)),
            All(NpgsqlDbType.Bigint, seconds.Select(row => row.Second.First)),
            All(NpgsqlDbType.Bigint, seconds.Select(row => row.Second.Last)),
            All(NpgsqlDbType.Boolean, seconds.Select(row => row.Second.HasFailed)),
            All(NpgsqlDbType.Smallint, failures.Select(row => row.Interface)),
            All(NpgsqlDbType.Bigint, failures.Select(row => row.At)),
        ]);
        await add.ExecuteNonQueryAsync(ct);
        waiting = null;

        static NpgsqlParameter All<T>(NpgsqlDbType of, IEnumerable<T> values) => new() { NpgsqlDbType = NpgsqlDbType.Array | of, Value = values.ToArray() };
    }

    internal async Task ForgetAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - Kept;
        var (day, moment) = (DateOnly.FromDateTime(before.UtcDateTime), before.ToUnixMicroseconds());
        await using var batch = database.CreateBatch();
        Delete("DELETE FROM host.runs WHERE seen_at < $1", before.UtcDateTime);
        Delete("DELETE FROM host.measured_requests WHERE day < $1", day);
        Delete("DELETE FROM host.measured_clients WHERE day < $1", day);
        Delete("DELETE FROM host.tallies WHERE day < $1", day);
        Delete("DELETE FROM host.failed_requests WHERE interface = ANY ('{0,1}') AND received_at < $1", moment);
        Delete("DELETE FROM host.answered_seconds WHERE interface = ANY ('{0,1}') AND second < $1", moment / AnswerLog.SecondLength);
        Delete("DELETE FROM host.answered_minutes WHERE interface = ANY ('{0,1}') AND minute < $1", moment / AnswerLog.SecondLength / 60);
        Delete("DELETE FROM host.maintenance WHERE to_at < $1", before.UtcDateTime);
        await batch.ExecuteNonQueryAsync(ct);

        void Delete(string statement, object limit) => batch.BatchCommands.Add(new NpgsqlBatchCommand(statement) { Parameters = { new() { Value = limit } } });
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "What was measured since the last time is not in the reports")]
        public static partial void NotStored(ILogger logger, Exception failure);
    }
}
