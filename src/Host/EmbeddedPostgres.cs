using System.Diagnostics;
using Npgsql;

namespace OpenBanking.Host;

/// <summary>
/// A private PostgreSQL of Host's own, so that what is tried out is what is run: a child process on a Unix socket, with a random
/// password, under another account where Host is root, in a folder that only that account reads (OP-17). It ends with Host, also
/// with a Host that was killed, and is started again should it end by itself.
/// </summary>
internal sealed partial class EmbeddedPostgres : IAsyncDisposable
{
    private const string User = "openbanking";
    private const string Database = "openbanking";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly EmbeddedPostgresFiles files;
    private readonly PostgresBinaries binaries;
    private readonly ILogger log;
    private readonly ManualResetEventSlim stopping = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> lastLines = [];
    private volatile int processId;
    private volatile bool ready;

    private EmbeddedPostgres(EmbeddedPostgresFiles files, PostgresBinaries binaries, ILogger log)
    {
        this.files = files;
        this.binaries = binaries;
        this.log = log;
    }

    /// <summary>How Host reaches it, password included.</summary>
    public string ConnectionString => files.ConnectionString(Database);

    public int ProcessId => processId;

    /// <summary>Starts the server on the files in the data directory; makes them the first time.</summary>
    public static async Task<EmbeddedPostgres> StartAsync(DataDirectory data, ILogger log, CancellationToken ct)
    {
        var place = EmbeddedPostgresFiles.Open(data, log);
        var server = new EmbeddedPostgres(place, PostgresBinaries.Find(data.Path, place.ClusterVersion), log);
        await Leftovers.EndAsync(place.Cluster, log, ct);
        if (place.ClusterVersion is null) server.MakeCluster();

        // The kernel sends the child its signal when the thread ends that has started it, not the process: so this thread lives as
        // long as the child may. From the pool it could end any time.
        new Thread(server.Supervise) { IsBackground = true, Name = "Embedded PostgreSQL" }.Start();
        try
        {
            await server.UntilReadyAsync(ct);
            await server.CreateDatabaseAsync(ct);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        stopping.Set();
        foreach (var signal in (int[])[Unix.Interrupt, Unix.Quit, Unix.KillNow])
        {
            if (processId > 0) Unix.Signal(processId, signal);
            if (await Task.WhenAny(ended.Task, Task.Delay(StopLimit)) == ended.Task) break;
        }

        files.Forget();
    }

    /// <summary>The connection string of the server that another process runs on this data directory; null where none answers.</summary>
    public static async Task<string?> FindRunningAsync(DataDirectory data, CancellationToken ct)
    {
        if (data.ReadSecret(EmbeddedPostgresFiles.ConnectionFile) is not { Length: > 0 } connection) return null;
        return await AnswersAsync(connection, ct) is null ? connection : null;
    }

    private void MakeCluster()
    {
        files.Clear();
        var (exit, said) = files.RunAs(
            binaries["initdb"],
            ["-D", files.Cluster, "-U", User, "--data-checksums", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", $"--pwfile={files.PasswordForInitdb()}"]);
        files.DropPasswordForInitdb();
        if (exit == 0) return;
        files.Clear();
        throw new SettingsException($"The embedded PostgreSQL could not make its files in {files.Cluster}: {LastLine(said)}");
    }

    private void Supervise()
    {
        try
        {
            while (!stopping.IsSet)
            {
                using var child = Start();
                processId = child.Id;
                files.NoteProcess(child.Id);
                while (!child.WaitForExit(1000)) { }
                processId = 0;
                if (stopping.IsSet || !ready) return;
                Log.EndedByItself(log, child.ExitCode);

                // Its own children may still hold the files for a moment. This thread is nobody else's and must not change, so it waits here.
                Leftovers.EndAsync(files.Cluster, log, CancellationToken.None).GetAwaiter().GetResult();
                stopping.Wait(TimeSpan.FromMilliseconds(200));
            }
        }
        finally
        {
            ended.TrySetResult();
        }
    }

    private Process Start()
    {
        var start = files.As(
            binaries["postgres"],
            [
                "-D", files.Cluster,
                "-c", "listen_addresses=",
                "-c", $"unix_socket_directories={files.Socket}",
                "-c", "unix_socket_permissions=0700",
                "-c", "max_connections=250",
                "-c", "password_encryption=scram-sha-256",
                "-c", "timezone=UTC",
                "-c", "log_timezone=UTC",

                // The server's own log must not repeat what a statement held (OP-01).
                "-c", "log_min_error_statement=panic",
                "-c", "log_error_verbosity=terse",
                "-c", "log_statement=none",
            ],
            dieWithParent: true);
        var process = new Process { StartInfo = start };
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (lastLines)
        {
            lastLines.Add(line);
            if (lastLines.Count > 20) lastLines.RemoveAt(0);
        }

        Log.ServerSaid(log, line);
    }

    private async Task UntilReadyAsync(CancellationToken ct)
    {
        var connection = files.ConnectionString("postgres");
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (await AnswersAsync(connection, ct) is not { } problem) break;
            if (ended.Task.IsCompleted) throw new SettingsException($"The embedded PostgreSQL did not start: {LastLine(Said())}");
            if (waited.Elapsed > StartLimit) throw new SettingsException($"The embedded PostgreSQL does not answer: {problem}");
            await Task.Delay(20, ct);
        }

        ready = true;
    }

    private async Task CreateDatabaseAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(files.ConnectionString("postgres"));
        await connection.OpenAsync(ct);
        await using var exists = new NpgsqlCommand("SELECT count(*) FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = Database } } };
        if (await exists.ExecuteScalarAsync(ct) is 1L) return;
        await using var create = new NpgsqlCommand($"CREATE DATABASE {Database}", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    private static async Task<string?> AnswersAsync(string connectionString, CancellationToken ct)
    {
        try
        {
            var once = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5 };
            await using var connection = new NpgsqlConnection(once.ConnectionString);
            await connection.OpenAsync(ct);
            return null;
        }
        catch (NpgsqlException problem)
        {
            return problem.Message;
        }
    }

    private string Said()
    {
        lock (lastLines) return string.Join('\n', lastLines);
    }

    private static string LastLine(string said) =>
        said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "it said nothing.";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The embedded PostgreSQL ended by itself (exit code {ExitCode}) and is started again")]
        public static partial void EndedByItself(ILogger logger, int exitCode);

        [LoggerMessage(Level = LogLevel.Debug, Message = "PostgreSQL: {Line}")]
        public static partial void ServerSaid(ILogger logger, string line);
    }
}
