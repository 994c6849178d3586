using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OpenBanking.Host;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>The private PostgreSQL: private, gone with its host, and back with it.</summary>
public sealed class EmbeddedPostgresTests(EmbeddedPostgresTests.Running running) : IClassFixture<EmbeddedPostgresTests.Running>
{
    private const UnixFileMode OfOthers = (UnixFileMode)0b000_111;

    [Fact]
    [Trait("Rule", "OP-17")]
    [Trait("Rule", "OP-04")]
    public async Task Nobody_else_can_read_its_files_or_reach_it()
    {
        var host = running.Host;
        foreach (var entry in Directory.EnumerateFileSystemEntries(host.DataPath, "*", SearchOption.AllDirectories).Append(host.DataPath))
        {
            try
            {
                if (File.GetAttributes(entry).HasFlag(FileAttributes.ReparsePoint)) continue;
                Assert.True((File.GetUnixFileMode(entry) & OfOthers) == UnixFileMode.None, $"{entry} is open to others");
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                // The server is at work: it has files for a moment.
            }
        }

        var connection = new NpgsqlConnectionStringBuilder(Sandbox(host).GetProperty("database").GetString()!);
        Assert.StartsWith("/", connection.Host, StringComparison.Ordinal);
        Assert.True(connection.Password!.Length >= 43);
        connection.Password = "guess";
        connection.Pooling = false;
        await using var stranger = new NpgsqlConnection(connection.ConnectionString);
        Assert.Equal("28P01", (await Assert.ThrowsAsync<PostgresException>(() => stranger.OpenAsync())).SqlState);

        // Its only socket is the one in the file system.
        var process = int.Parse(await File.ReadAllTextAsync(Path.Combine(host.DataPath, "postgres.pid")), CultureInfo.InvariantCulture);
        Assert.NotEqual("root", Owner(process));
        Assert.DoesNotContain(":5432", await CommandAsync("ss", "-ltnp"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OP-17")]
    public void The_password_for_initdb_is_not_written_through_a_link()
    {
        var folder = Directory.CreateTempSubdirectory("openbanking-link-").FullName;
        try
        {
            var aim = Path.Combine(folder, "aim");
            File.WriteAllText(aim, "untouched");
            var files = EmbeddedPostgresFiles.Open(new DataDirectory(Path.Combine(folder, "data")), NullLogger.Instance);
            File.CreateSymbolicLink(Path.Combine(files.Socket, "password"), aim);

            var password = new FileInfo(files.PasswordForInitdb());

            Assert.Equal("untouched", File.ReadAllText(aim));
            Assert.Null(password.LinkTarget);
            Assert.True(password.Length >= 43);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Rule", "OP-01")]
    public async Task It_starts_with_host_and_stops_with_it()
    {
        await using var host = await HostProcess.StartAsync();
        var process = Number(host);
        Assert.Equal("on", await AskAsync(host, "SHOW data_checksums"));
        Assert.Equal("on", await AskAsync(host, "SHOW fsync"));
        Assert.Equal("panic", await AskAsync(host, "SHOW log_min_error_statement"));
        Assert.Equal("terse", await AskAsync(host, "SHOW log_error_verbosity"));

        Assert.Equal(0, await host.StopAsync());

        Assert.False(Directory.Exists($"/proc/{process}"));
        Assert.False(File.Exists(Path.Combine(host.DataPath, "postgres.pid")));
        Assert.False(File.Exists(Path.Combine(host.DataPath, "host.pid")));
    }

    /// <summary>R48.</summary>
    [Fact]
    public async Task A_killed_host_leaves_no_orphan_and_starts_again_by_itself_five_times()
    {
        await using var host = await HostProcess.StartAsync();
        await AskAsync(host, "CREATE TABLE kept (round int)");
        for (var round = 1; round <= 5; round++)
        {
            await AskAsync(host, $"INSERT INTO kept VALUES ({round})");
            var process = Number(host);
            await host.KillAsync();

            // Odd rounds start again at once, while the old server may still be ending; even ones look whether it ends by itself.
            if (round % 2 == 0)
            {
                await Eventually.HoldsAsync(() => !Directory.Exists($"/proc/{process}"), () => "PostgreSQL outlived its host");
            }

            await host.StartAgainAsync();
            Assert.NotEqual(process, Number(host));
            Assert.False(IsAlive(process), "the old server still runs");
            Assert.Equal((long)round, await AskAsync(host, "SELECT count(*) FROM kept"));
        }
    }

    [Fact]
    public async Task It_is_started_again_when_it_ends_by_itself()
    {
        var host = running.Host;
        using var client = host.CreateClient();
        var process = Number(host);

        Unix.Signal(process, Unix.KillNow);

        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                return answer.StatusCode == HttpStatusCode.OK && Number(host) != process;
            },
            () => "The database does not come back.");
    }

    [Fact]
    public async Task A_data_directory_with_a_long_name_has_its_socket_elsewhere()
    {
        var top = Directory.CreateTempSubdirectory("openbanking-long-").FullName;
        File.SetUnixFileMode(top, File.GetUnixFileMode(top) | UnixFileMode.OtherExecute);
        try
        {
            await using var host = await HostProcess.StartAsync(dataPath: Path.Combine(top, new string('d', 100)));
            Assert.StartsWith("/tmp/openbanking-", new NpgsqlConnectionStringBuilder(Sandbox(host).GetProperty("database").GetString()!).Host, StringComparison.Ordinal);
            await host.StopAsync();
        }
        finally
        {
            Directory.Delete(top, recursive: true);
        }
    }

    [Fact]
    public async Task Where_its_account_cannot_go_it_keeps_its_files_beside_and_says_so()
    {
        if (!Unix.IsRoot) return; // Only root has another account run it.
        var top = Directory.CreateTempSubdirectory("openbanking-closed-").FullName; // 0700
        try
        {
            await using var host = await HostProcess.StartAsync(dataPath: Path.Combine(top, "data"));
            var place = await File.ReadAllTextAsync(Path.Combine(top, "data", "postgres", "place"));
            Assert.StartsWith("/var/tmp/openbanking-", place, StringComparison.Ordinal);
            Assert.Contains(place, host.Output, StringComparison.Ordinal);
            await AskAsync(host, "CREATE TABLE kept (round int)");
            await host.KillAsync();
            await host.StartAgainAsync();
            Assert.Equal(0L, await AskAsync(host, "SELECT count(*) FROM kept"));
            await host.StopAsync();
            Directory.Delete(place, recursive: true);
        }
        finally
        {
            Directory.Delete(top, recursive: true);
        }
    }

    [Fact]
    public async Task Two_hosts_do_not_share_a_data_directory()
    {
        var (exit, output, _) = await HostProcess.RunAsync(null, running.Host.DataPath);

        Assert.Equal(1, exit);
        Assert.Equal($"OPENBANKING_DATA: another host uses {running.Host.DataPath}; stop it or name another folder.", output.Trim());
    }

    private static int Number(HostProcess host) =>
        int.Parse(File.ReadAllText(Path.Combine(host.DataPath, "postgres.pid")), CultureInfo.InvariantCulture);

    // A process that has ended but was not waited for is not alive.
    private static bool IsAlive(int process) =>
        File.Exists($"/proc/{process}/cmdline") && File.ReadAllText($"/proc/{process}/cmdline").Length > 0;

    private static JsonElement Sandbox(HostProcess host) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(host.DataPath, "sandbox.json"))).RootElement;

    private static async Task<object?> AskAsync(HostProcess host, string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder(Sandbox(host).GetProperty("database").GetString()!) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static string Owner(int process) =>
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1] == "0" && Unix.IsRoot ? "root" : "other";

    private static async Task<string> CommandAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
            return await process.StandardOutput.ReadToEndAsync();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return ""; // Not on this machine; the listening address is checked by the settings of the server.
        }
    }

    /// <summary>A host that has found nothing when it started, for tests that leave it as it was.</summary>
    public sealed class Running : IAsyncLifetime
    {
        public HostProcess Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await HostProcess.StartAsync(first: true);

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
