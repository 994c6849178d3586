using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

namespace OpenBanking.Bench;

/// <summary>
/// npm's oidc-provider on a PostgreSQL of its own with the settings of ours, as one process beside the host: what a bank would else take.
/// It shows the host's certificate and knows the same client.
/// </summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly Process process;
    private readonly TestDatabase database;
    private readonly HostProcess host;

    private Peer(Process process, TestDatabase database, HostProcess host, Uri issuer, int databaseProcessId)
    {
        this.process = process;
        this.database = database;
        this.host = host;
        Issuer = issuer;
        DatabaseProcessId = databaseProcessId;
    }

    public Uri Issuer { get; }

    public int ProcessId => process.Id;

    public int DatabaseProcessId { get; }

    /// <summary>What a customer's approval has left behind there.</summary>
    public string RefreshToken { get; private set; } = "";

    public static async Task<Peer> StartAsync(HostProcess host, SigningKey assertionKey)
    {
        var folder = Path.GetFullPath(Path.Combine("bench", "peer"));
        if (!Directory.Exists(Path.Combine(folder, "node_modules"))) await InstallAsync(folder);

        var empty = await TestDatabase.CreateEmptyAsync();
        var port = FreePort.Next();
        var issuer = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}"));
        var settings = new JsonObject
        {
            ["issuer"] = issuer.OriginalString,
            ["port"] = port,
            ["certificate"] = Path.Combine(host.DataPath, "tls", "server.crt"),
            ["key"] = Path.Combine(host.DataPath, "tls", "server.key"),
            ["client"] = new JsonObject
            {
                ["id"] = ThirdParty.Id,
                ["redirect_uris"] = new JsonArray(ThirdParty.RedirectUri),
                ["jwks"] = new JsonObject { ["keys"] = new JsonArray(assertionKey.PublicKey.ToJson()) },
            },
        };
        var peer = new Peer(Launch(folder, settings, empty.ConnectionString), empty, host, issuer, await TestDatabase.ServerProcessAsync());
        try
        {
            var line = await peer.process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The peer did not start; it has said why.");
            using var said = JsonDocument.Parse(line);
            peer.RefreshToken = said.RootElement.GetProperty("refreshToken").GetString()!;
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public HttpClient Connect() => TestHttp.Client(Issuer, host.Authority);

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
        await database.DisposeAsync();
    }

    private static Process Launch(string folder, JsonObject settings, string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        var start = new ProcessStartInfo("node", ["server.js"])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["NODE_ENV"] = "production",
                ["PEER_SETTINGS"] = settings.ToJsonString(),
                ["PGHOST"] = connection.Host,
                ["PGPORT"] = connection.Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = connection.Username,
                ["PGPASSWORD"] = connection.Password,
                ["PGDATABASE"] = connection.Database,
            },
        };
        return Process.Start(start)!;
    }

    private static async Task InstallAsync(string folder)
    {
        using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]) { WorkingDirectory = folder })!;
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0) throw new InvalidOperationException("npm could not fetch the peer; leave it out with --peer no.");
    }
}
