using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace OpenBanking.Testing;

/// <summary>
/// The built Host as a process of its own, to be killed, started again, and put beside another one on the same database.
/// </summary>
public sealed class HostProcess : IAsyncDisposable
{
    // As a first start leaves a data directory: with a filled bank, keys and certificates. Made once a test process.
    private static readonly Lazy<Task<string>> FirstStart = new(MakeFirstStartAsync);
    private readonly Dictionary<string, string?> settings;
    private readonly bool ownsFolder;
    private readonly ConcurrentQueue<string> output = new();
    private Process? process;

    private HostProcess(Dictionary<string, string?> settings, string dataPath, bool ownsFolder, int port, int mtlsPort)
    {
        this.settings = settings;
        this.ownsFolder = ownsFolder;
        DataPath = dataPath;
        Main = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}"));
        Mtls = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://localhost:{mtlsPort}"));
    }

    public string DataPath { get; }

    /// <summary>Its settings, to run a command beside it.</summary>
    public IReadOnlyDictionary<string, string?> Environment => settings;

    public Uri Main { get; }

    public Uri Mtls { get; }

    public int ProcessId => process?.Id ?? 0;

    /// <summary>What it has printed, standard error included.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>The authority that has signed its certificate.</summary>
    public X509Certificate2 Authority =>
        X509Certificate2.CreateFromPemFile(Path.Combine(DataPath, "tls", "ca.crt"), Path.Combine(DataPath, "tls", "ca.key"));

    /// <summary>The way there from outside.</summary>
    public Reach Reach => new(
        Named("Identity__Issuer") ?? Main,
        Named("Identity__MtlsIssuer") ?? Mtls,
        Main,
        Mtls,
        TimeProvider.System,
        (certificate, cookies) => TestHttp.Handler(Authority, certificate, cookies));

    /// <summary>What it has written down for testers.</summary>
    public async Task<JsonElement> SandboxAsync() => JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(DataPath, "sandbox.json")));

    /// <summary>The assembly that the build has made beside this one.</summary>
    public static string HostAssembly
    {
        get
        {
            // artifacts/bin/<project>/<configuration>/ for every project.
            var here = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(here.Parent!.Parent!.FullName, "OpenBanking.Host", here.Name, "OpenBanking.Host.dll");
        }
    }

    /// <summary>Starts Host and waits until it is ready.</summary>
    /// <param name="environment">Settings as environment variables, with '__' between section and name; null takes one away.</param>
    /// <param name="dataPath">A data directory to use; null is one that goes with the process.</param>
    /// <param name="first">Whether there is nothing yet in a directory of its own, for tests of a first start; otherwise there is what one leaves.</param>
    public static async Task<HostProcess> StartAsync(IReadOnlyDictionary<string, string?>? environment = null, string? dataPath = null, bool first = false)
    {
        var host = Prepare(environment, dataPath);
        try
        {
            if (dataPath is null && !first && host.settings.GetValueOrDefault("ConnectionStrings__OpenBanking") is null) await CopyAsync(await FirstStart.Value, host.DataPath);
            await host.StartAgainAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    /// <summary>Runs Host to its end, for starts that are refused and for commands.</summary>
    public static Task<(int ExitCode, string Output, TimeSpan Took)> RunAsync(
        IReadOnlyDictionary<string, string?>? environment = null, string? dataPath = null, params string[] arguments) =>
        RunAsync(environment, dataPath, Eventually.Patience, arguments);

    /// <summary>The same for commands that take long.</summary>
    /// <param name="longest">How long it may take.</param>
    public static async Task<(int ExitCode, string Output, TimeSpan Took)> RunAsync(
        IReadOnlyDictionary<string, string?>? environment, string? dataPath, TimeSpan longest, params string[] arguments)
    {
        await using var host = Prepare(environment, dataPath);
        var watch = Stopwatch.StartNew();
        host.Launch(arguments);
        using var limit = new CancellationTokenSource(longest);
        await host.process!.WaitForExitAsync(limit.Token);
        return (host.process.ExitCode, host.Output, watch.Elapsed);
    }

    /// <summary>Starts it again with the same settings, on the same data.</summary>
    public async Task StartAgainAsync()
    {
        Launch([]);
        await Eventually.HoldsAsync(
            () => process!.HasExited ? throw new InvalidOperationException($"Host ended with exit code {process.ExitCode}: {Output}") : IsReadyAsync(),
            () => $"Host was not ready in time: {Output}");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (process is null) return;
        process.Kill(entireProcessTree: false);
        await process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop (SIGTERM) and waits until it has.</summary>
    public async Task<int> StopAsync()
    {
        if (process is null) return 0;
        OpenBanking.Host.Unix.Signal(process.Id, 15);
        using var limit = new CancellationTokenSource(Eventually.Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>A client that trusts this host, follows no redirect and keeps no cookie unless asked to.</summary>
    public HttpClient CreateClient(bool mtls = false, X509Certificate2? certificate = null, CookieContainer? cookies = null) =>
        TestHttp.Client(mtls || certificate is not null ? Mtls : Main, Authority, certificate, cookies);

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await StopAsync();
        process?.Dispose();
        if (ownsFolder) TestFolder.Delete(DataPath);
    }

    private Uri? Named(string setting) => settings.GetValueOrDefault(setting) is { } address ? new Uri(address) : null;

    private static HostProcess Prepare(IReadOnlyDictionary<string, string?>? environment, string? dataPath)
    {
        var (port, mtlsPort) = (FreePort.Next(), FreePort.Next());
        var folder = dataPath ?? TestFolder.Make();
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Sandbox",
            ["OPENBANKING_DATA"] = folder,
            ["OPENBANKING_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["OPENBANKING_MTLS_PORT"] = mtlsPort.ToString(CultureInfo.InvariantCulture),

            // It lives for seconds: what the runtime would measure in order to be fast for hours only takes time.
            ["DOTNET_TieredPGO"] = "0",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal)) settings[name] = value;
        return new HostProcess(settings, folder, dataPath is null, port, mtlsPort);
    }

    private static async Task<string> MakeFirstStartAsync()
    {
        var folder = TestFolder.Make();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TestFolder.Delete(folder);
        await using var host = await StartAsync(dataPath: folder);
        await host.StopAsync();
        foreach (var left in (string[])["host.log", "sandbox.json", "control-secret"]) File.Delete(Path.Combine(folder, left));
        return folder;
    }

    // With owners and rights: the embedded database has an account of its own where Host is root.
    private static async Task CopyAsync(string from, string to)
    {
        using var copy = Process.Start("cp", ["-a", from, to]);
        await copy.WaitForExitAsync();
        if (copy.ExitCode != 0) throw new IOException($"{from} could not be copied to {to}.");
    }

    private void Launch(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [HostAssembly, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        process?.Dispose();
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (!File.Exists(Path.Combine(DataPath, "tls", "ca.crt"))) return false; // written after its key
        try
        {
            using var client = CreateClient();
            using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
