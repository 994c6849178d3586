using System.Data.Common;
using Npgsql;

namespace OpenBanking.Host;

/// <summary>Host's use of the database: how connections behave when it is away, who migrates, and Host's own few rows.</summary>
internal sealed class HostDatabase(NpgsqlDataSource database)
{
    // Every host takes it before it touches tables, so of several that start at once one migrates and the others find it done.
    private const long MigrationLock = 0x4f70656e42616e6b;

    private const string Schema =
        """
        CREATE SCHEMA IF NOT EXISTS host;
        CREATE TABLE IF NOT EXISTS host.settings (name text PRIMARY KEY, value text NOT NULL);
        CREATE TABLE IF NOT EXISTS host.data_protection_keys (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, xml text NOT NULL);

        -- Of the last seconds only, so a crash may forget it.
        CREATE UNLOGGED TABLE IF NOT EXISTS host.request_counts (sender text, segment bigint, requests integer NOT NULL, PRIMARY KEY (sender, segment));

        -- What reports are made of. Moments are microseconds since 1970, seconds and minutes are counted from there too.
        CREATE TABLE IF NOT EXISTS host.runs (host uuid PRIMARY KEY, started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, turn bigint NOT NULL);
        CREATE INDEX IF NOT EXISTS runs_seen_at ON host.runs (seen_at);
        CREATE TABLE IF NOT EXISTS host.measured_requests (
            day date, endpoint text, outcome smallint, bucket smallint, requests bigint NOT NULL, microseconds bigint NOT NULL, PRIMARY KEY (day, endpoint, outcome, bucket));
        CREATE TABLE IF NOT EXISTS host.measured_clients (
            day date, endpoint text, client_id text, outcome smallint, requests bigint NOT NULL, PRIMARY KEY (day, endpoint, client_id, outcome));
        CREATE TABLE IF NOT EXISTS host.tallies (day date, subject text, what text, times bigint NOT NULL, PRIMARY KEY (day, subject, what));
        CREATE TABLE IF NOT EXISTS host.failed_requests (interface smallint NOT NULL, received_at bigint NOT NULL);
        CREATE INDEX IF NOT EXISTS failed_requests_received_at ON host.failed_requests (interface, received_at);
        CREATE TABLE IF NOT EXISTS host.answered_seconds (
            interface smallint, second bigint, host uuid, first_at bigint NOT NULL, last_at bigint NOT NULL, PRIMARY KEY (interface, second, host));
        CREATE TABLE IF NOT EXISTS host.answered_minutes (interface smallint, minute bigint, host uuid, seconds bigint NOT NULL, PRIMARY KEY (interface, minute, host));
        CREATE TABLE IF NOT EXISTS host.maintenance (
            id uuid PRIMARY KEY, from_at timestamptz NOT NULL, to_at timestamptz NOT NULL, why text NOT NULL, announced_at timestamptz NOT NULL);
        """;

    /// <summary>The pool of connections. A server that hangs is given up after seconds, so that callers hear 503 and not silence.</summary>
    public static NpgsqlDataSource Open(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var known = given.Keys.Cast<string>().Select(key => key.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "OpenBanking" };
        if (!known.Contains("timeout")) settings.Timeout = 2;
        if (!known.Contains("commandtimeout")) settings.CommandTimeout = 3;
        if (!known.Contains("cancellationtimeout")) settings.CancellationTimeout = -1;

        // Statements are the same few all day, so the server plans them once a connection. No statement leaves anything on a connection
        // (locks end with the transaction), so nothing is reset between two requests.
        if (!known.Contains("maxautoprepare")) settings.MaxAutoPrepare = 100;
        if (!known.Contains("autoprepareminusages")) settings.AutoPrepareMinUsages = 3;
        if (!known.Contains("noresetonclose")) settings.NoResetOnClose = true;
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>Does something that only one host may do at a time.</summary>
    public static async Task AloneAsync(string connectionString, Func<NpgsqlDataSource, Task> work, CancellationToken ct)
    {
        // No limit of seconds here: another host may be at a long migration.
        var patient = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false };
        await using var source = new NpgsqlDataSourceBuilder(patient.ConnectionString).Build();
        await using var holding = await source.OpenConnectionAsync(ct);
        await using (var take = new NpgsqlCommand("SELECT pg_advisory_lock($1)", holding) { Parameters = { new() { Value = MigrationLock } } })
            await take.ExecuteNonQueryAsync(ct);
        await work(source);
    }

    /// <summary>Makes Host's own few tables; they are so few that they need no history.</summary>
    public static async Task CreateOwnTablesAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        await using var create = source.CreateCommand(Schema);
        await create.ExecuteNonQueryAsync(ct);
    }

    public async Task<string?> ReadAsync(string name, CancellationToken ct)
    {
        await using var read = database.CreateCommand("SELECT value FROM host.settings WHERE name = $1");
        read.Parameters.Add(new() { Value = name });
        return await read.ExecuteScalarAsync(ct) as string;
    }

    /// <summary>Writes unless it is there already; answers what is there now, the same for all who try at one moment.</summary>
    public async Task<string> WriteOnceAsync(string name, string value, CancellationToken ct)
    {
        await using var write = database.CreateCommand("INSERT INTO host.settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
        write.Parameters.Add(new() { Value = name });
        write.Parameters.Add(new() { Value = value });
        await write.ExecuteNonQueryAsync(ct);
        return (await ReadAsync(name, ct))!;
    }

    public async Task WriteAsync(string name, string value, CancellationToken ct)
    {
        await using var write = database.CreateCommand(
            "INSERT INTO host.settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        write.Parameters.Add(new() { Value = name });
        write.Parameters.Add(new() { Value = value });
        await write.ExecuteNonQueryAsync(ct);
    }

    /// <summary>All that is stored under names that begin so.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAllAsync(string prefix, CancellationToken ct)
    {
        await using var read = database.CreateCommand("SELECT name, value FROM host.settings WHERE starts_with(name, $1) ORDER BY name");
        read.Parameters.Add(new() { Value = prefix });
        await using var rows = await read.ExecuteReaderAsync(ct);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(ct)) found[rows.GetString(0)] = rows.GetString(1);
        return found;
    }

    /// <summary>Forgets all that is stored under names that begin so.</summary>
    public async Task RemoveAsync(string prefix, CancellationToken ct)
    {
        await using var remove = database.CreateCommand("DELETE FROM host.settings WHERE starts_with(name, $1)");
        remove.Parameters.Add(new() { Value = prefix });
        await remove.ExecuteNonQueryAsync(ct);
    }

    public async Task<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            await using var ask = database.CreateCommand("SELECT 1");
            ask.CommandTimeout = 2;
            return await ask.ExecuteScalarAsync(ct) is 1;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
