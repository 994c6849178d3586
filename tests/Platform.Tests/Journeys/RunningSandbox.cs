using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Journeys;

/// <summary>The tests that use <see cref="RunningSandbox"/>; no other starts it.</summary>
[CollectionDefinition(Name)]
public sealed class OfRunSh : ICollectionFixture<RunningSandbox>
{
    public const string Name = "journeys";
}

/// <summary>
/// What a stranger gets: <c>./run.sh</c> with its own data directory and ports, known through <c>sandbox.json</c> only. One for all
/// journeys of the assembly, started only when one of them runs.
/// </summary>
public sealed class RunningSandbox : IAsyncLifetime
{
    private readonly List<string> output = [];
    private Process? process;

    /// <summary>The checkout, found from the test's own folder.</summary>
    public static string Checkout { get; } = FindCheckout();

    public string Data { get; } = Path.Combine(Path.GetTempPath(), "openbanking-journeys-" + Guid.CreateVersion7().ToString("N")[..12]);

    public int Port { get; } = FreePort.Next();

    public int MtlsPort { get; } = FreePort.Next();

    public int TppPort { get; } = FreePort.Next();

    public Uri Issuer => new($"https://localhost:{Port}");

    public Uri Mtls => new($"https://localhost:{MtlsPort}");

    public Uri Tpp => new($"https://localhost:{TppPort}");

    public JsonElement Sandbox { get; private set; }

    /// <summary>What the command printed so far.</summary>
    public string Output
    {
        get
        {
            lock (output) return string.Join('\n', output);
        }
    }

    /// <summary>A demo customer with at least this many accounts, by position, so that journeys do not share one.</summary>
    public (string Username, string ActivationCode, string[] AccountNames) Customer(int position)
    {
        var customer = Sandbox.GetProperty("customers").EnumerateArray()
            .Where(entry => entry.GetProperty("accounts").GetArrayLength() >= 1)
            .ElementAt(position);
        return (
            customer.GetProperty("username").GetString()!,
            customer.GetProperty("activationCode").GetString()!,
            [.. customer.GetProperty("accounts").EnumerateArray().Select(account => account.GetProperty("name").GetString()!)]);
    }

    /// <summary>A client that trusts the sandbox's authority and nothing else.</summary>
    public HttpClient NewClient(X509Certificate2? clientCertificate = null)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Data, "tls", "ca.crt"));
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(authority);
        if (clientCertificate is not null) handler.SslOptions.ClientCertificates = [clientCertificate];
        return new HttpClient(handler) { Timeout = Eventually.Patience };
    }

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Checkout, "run.sh")])
        {
            WorkingDirectory = Checkout,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OPENBANKING_DATA"] = Data;
        start.Environment["OPENBANKING_PORT"] = Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["OPENBANKING_MTLS_PORT"] = MtlsPort.ToString(CultureInfo.InvariantCulture);
        start.Environment["OPENBANKING_TPP_PORT"] = TppPort.ToString(CultureInfo.InvariantCulture);
        process = new Process { StartInfo = start };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var file = Path.Combine(Data, "sandbox.json");
        await EventuallyAsync(async () =>
        {
            if (process.HasExited) throw new InvalidOperationException("run.sh ended: " + Output);
            if (!File.Exists(file)) return false;
            using var client = NewClient();
            using var ready = await client.GetAsync(new Uri(Issuer, "/health/ready"));
            if (ready.StatusCode != HttpStatusCode.OK) return false;
            using var tpp = await client.GetAsync(Tpp);
            return tpp.IsSuccessStatusCode;
        });
        Sandbox = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement.Clone();

        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null) return;
            lock (output) output.Add(line.Data);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is null) return;
        if (!process.HasExited)
        {
            // As Ctrl-C does it.
            using var interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await interrupt.WaitForExitAsync();
            using var patience = new CancellationTokenSource(Eventually.Patience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        process.Dispose();
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
    }

    private async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await condition()) return;
            }
            catch (Exception problem) when (problem is HttpRequestException or IOException or TaskCanceledException)
            {
                // Not up yet.
            }

            if (watch.Elapsed > TimeSpan.FromMinutes(3)) throw new TimeoutException("The sandbox did not come up: " + Output);
            await Task.Delay(200);
        }
    }

    private static string FindCheckout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OpenBanking.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("OpenBanking.sln is not above the tests.");
    }
}
