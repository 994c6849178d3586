using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using OpenBanking.Host;

namespace OpenBanking.Testing;

/// <summary>What a test wants otherwise than usual.</summary>
public sealed class TestHostOptions
{
    /// <summary>Settings as in the environment or on the command line, with ':' between section and name.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.Ordinal);

    /// <summary>A database to share with another host; null is one of the host's own.</summary>
    public TestDatabase? Database { get; set; }

    /// <summary>Has the sandbox's bank in the database from the beginning.</summary>
    public bool Filled { get; set; }

    /// <summary>A clock to share with another host.</summary>
    public TestClock? Clock { get; set; }

    /// <summary>Leaves the sandbox's own clock in its place, for tests of that clock.</summary>
    public bool ProductClock { get; set; }

    /// <summary>The issuer of another host, to stand beside it.</summary>
    public Uri? Issuer { get; set; }

    /// <summary>The data directory of another host, to share keys and certificates with it.</summary>
    public string? DataPath { get; set; }

    /// <summary>Puts nginx before the host: whoever calls the host's addresses then calls the proxy.</summary>
    public bool BehindNginx { get; set; }

    /// <summary>What else to put in the place of time, outbound HTTP or the core bank.</summary>
    public Action<IServiceCollection>? Replace { get; set; }
}

/// <summary>
/// The whole product in this process: the real composition on real ports with real TLS and a real database. Replaced are time and
/// what is asked of the world outside.
/// </summary>
public sealed class TestHost : IAsyncDisposable
{
    private static readonly Lazy<string> SharedTls = new(MakeTls);
    private readonly WebApplication app;
    private readonly TestDatabase? owned;
    private readonly string folder;
    private readonly bool ownsFolder;
    private Nginx? nginx;

    private TestHost(WebApplication app, TestDatabase database, TestDatabase? owned, string folder, bool ownsFolder, TestClock clock, CapturedLog log, OutboundHttp outbound, int port, int mtlsPort, Uri issuer)
    {
        this.app = app;
        this.owned = owned;
        this.folder = folder;
        this.ownsFolder = ownsFolder;
        Database = database;
        Clock = clock;
        Log = log;
        Outbound = outbound;
        Issuer = issuer;
        Main = At(port);
        Mtls = At(mtlsPort);
        Authority = X509Certificate2.CreateFromPemFile(Path.Combine(folder, "tls", "ca.crt"), Path.Combine(folder, "tls", "ca.key"));
    }

    /// <summary>The issuer: the main address, unless this host stands beside another.</summary>
    public Uri Issuer { get; }

    /// <summary>Browsers, DPoP clients.</summary>
    public Uri Main { get; }

    /// <summary>Clients with certificates.</summary>
    public Uri Mtls { get; }

    public TestDatabase Database { get; }

    public TestClock Clock { get; }

    public CapturedLog Log { get; }

    public OutboundHttp Outbound { get; }

    /// <summary>The sandbox's authority: it has signed the server's certificate, and signs clients'.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The data directory.</summary>
    public string DataPath => folder;

    public IServiceProvider Services => app.Services;

    /// <summary>Every refusal so far.</summary>
    public IReadOnlyList<Refusal> Refusals => Log.Refusals;

    /// <summary>Where proxies call; null unless there is one.</summary>
    public Uri? Proxied { get; private set; }

    /// <summary>Where clients show certificates to the host itself, when there is a port for proxies too.</summary>
    public Uri? Direct { get; private set; }

    /// <summary>The way here from outside.</summary>
    public Reach Reach => new(Issuer, Mtls, Main, Mtls, Clock, (certificate, cookies) => TestHttp.Handler(Authority, certificate, cookies));

    public static async Task<TestHost> StartAsync(Action<TestHostOptions>? choose = null)
    {
        var options = new TestHostOptions();
        choose?.Invoke(options);
        var owned = options.Database is not null ? null : options.Filled ? await TestDatabase.CreateFilledAsync() : await TestDatabase.CreateAsync();
        var database = options.Database ?? owned!;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await StartAsync(options, database, owned);
            }
            catch (IOException) when (attempt < 5)
            {
                // Somebody took one of the ports between looking and listening.
            }
        }
    }

    /// <summary>A client that trusts this host, follows no redirect and keeps no cookie unless asked to.</summary>
    /// <param name="mtls">Whether it calls the port that takes certificates.</param>
    /// <param name="certificate">What it shows there.</param>
    /// <param name="cookies">Where cookies are kept; null keeps none.</param>
    public HttpClient CreateClient(bool mtls = false, X509Certificate2? certificate = null, CookieContainer? cookies = null) =>
        TestHttp.Client(mtls || certificate is not null ? Mtls : Main, Authority, certificate, cookies);

    /// <summary>A certificate for a client, signed by the sandbox's authority.</summary>
    public X509Certificate2 IssueClientCertificate(string subject) => TestCertificates.Client(Authority, subject);

    /// <summary>Does something inside the host as a background job does: in a scope of its own, committed at the end.</summary>
    public async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> work)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var result = await work(scope.ServiceProvider);
        await scope.ServiceProvider.GetRequiredService<OpenBanking.Kernel.Storage.UnitOfWork>().CommitAsync();
        return result;
    }

    /// <inheritdoc cref="InScopeAsync{T}(Func{IServiceProvider, Task{T}})"/>
    public Task InScopeAsync(Func<IServiceProvider, Task> work) => InScopeAsync(async services =>
    {
        await work(services);
        return true;
    });

    /// <summary>Runs a command as <c>./run.sh VERB…</c> would; answers its exit code and what it said.</summary>
    public async Task<(int Exit, string Output)> RunCommandAsync(params string[] words)
    {
        using var output = new StringWriter();
        return (await Commands.RunAsync(app.Services, words, output, CancellationToken.None), output.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (nginx is not null) await nginx.DisposeAsync();
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
        if (owned is not null) await owned.DisposeAsync();
        if (ownsFolder) TestFolder.Delete(folder);
        Authority.Dispose();
        Log.Dispose();
        Outbound.Dispose();
    }

    private static async Task<TestHost> StartAsync(TestHostOptions options, TestDatabase database, TestDatabase? owned)
    {
        var clock = options.Clock ?? new TestClock();
        var log = new CapturedLog();
        var outbound = new OutboundHttp();
        var (port, mtlsPort) = (FreePort.Next(), FreePort.Next());
        var folder = options.DataPath ?? FolderWithTls();
        var (front, mtlsFront) = options.BehindNginx ? (FreePort.Next(), FreePort.Next()) : (port, mtlsPort);
        var issuer = options.Issuer ?? At(front);
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["environment"] = "Sandbox",
            ["OPENBANKING_DATA"] = folder,
            ["OPENBANKING_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["OPENBANKING_MTLS_PORT"] = mtlsPort.ToString(CultureInfo.InvariantCulture),
            ["ConnectionStrings:OpenBanking"] = database.ConnectionString,
            ["Identity:Issuer"] = issuer.OriginalString,
            ["Logging:LogLevel:Default"] = "Debug",
            ["Logging:LogLevel:Microsoft"] = "Information",
            ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
        };
        foreach (var (name, value) in options.Settings) settings[name] = value;
        if (options.BehindNginx)
        {
            settings["OPENBANKING_PROXIED_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture);
            settings["Forwarded:From"] = "127.0.0.1, ::1";
            settings["Identity:MtlsIssuer"] = At(mtlsFront).OriginalString;
        }

        var app = Server.Build([.. settings.Select(setting => $"--{setting.Key}={setting.Value}")], services =>
        {
            if (!options.ProductClock) services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
            services.AddLogging(logging => logging.AddProvider(log));

            // Every named client of the factory, and whoever takes the bare handler, talks to the test's world.
            services.ConfigureAll<HttpClientFactoryOptions>(client =>
                client.HttpMessageHandlerBuilderActions.Add(handler => handler.PrimaryHandler = outbound));
            services.Replace(ServiceDescriptor.Singleton<HttpMessageHandler>(outbound));
            options.Replace?.Invoke(services);
        });
        app.Services.GetRequiredService<Health>().Migrated = true; // Its database is a copy of one that was.
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var host = new TestHost(app, database, owned, folder, options.DataPath is null, clock, log, outbound, front, mtlsFront, issuer);
        if (settings.GetValueOrDefault("OPENBANKING_PROXIED_PORT") is { } proxied)
        {
            host.Proxied = At(int.Parse(proxied, CultureInfo.InvariantCulture));
            host.Direct = At(mtlsPort);
        }

        if (options.BehindNginx) host.nginx = await Nginx.StartAsync(front, mtlsFront, host.Proxied!.Port, Path.Combine(folder, "tls"));
        return host;
    }

    private static Uri At(int port) => new(string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}"));

    private static string FolderWithTls()
    {
        var folder = TestFolder.Make();
        var tls = new DataDirectory(folder).Folder("tls");
        foreach (var file in Directory.GetFiles(SharedTls.Value)) File.Copy(file, Path.Combine(tls, Path.GetFileName(file)));
        return folder;
    }

    // RSA keys take their time; one authority and one server certificate serve all hosts of a test process.
    private static string MakeTls()
    {
        var folder = TestFolder.Make();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TestFolder.Delete(folder);
        _ = ServerCertificates.OfSandbox(new DataDirectory(folder), Transport.LocalNames, TimeProvider.System);
        return Path.Combine(folder, "tls");
    }
}

/// <summary>HTTP clients that trust one authority and nothing else.</summary>
public static class TestHttp
{
    public static HttpClient Client(Uri address, X509Certificate2 authority, X509Certificate2? certificate = null, CookieContainer? cookies = null) =>
        new(Handler(authority, certificate, cookies)) { BaseAddress = address, Timeout = Eventually.Patience };

    public static SocketsHttpHandler Handler(X509Certificate2 authority, X509Certificate2? certificate = null, CookieContainer? cookies = null)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = cookies is not null,
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trust(authority) },
        };
        if (cookies is not null) handler.CookieContainer = cookies;
        if (certificate is not null) handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        return handler;
    }

    /// <summary>The value of a header of an answer; null where it is missing.</summary>
    public static string? Header(this HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : null;

    /// <summary>A JSON body without a charset, as the standard writes it.</summary>
    public static HttpContent Json(string body) =>
        new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static X509ChainPolicy Trust(X509Certificate2 authority) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { authority },
        RevocationMode = X509RevocationMode.NoCheck,
    };
}

/// <summary>Ports nobody listens on.</summary>
public static class FreePort
{
    /// <summary>Below what the system gives to outgoing connections, so that none of them takes a port between the look and the use.</summary>
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int last = Environment.ProcessId * 97 % Count;

    /// <summary>A port on which nothing listens; no two calls of a process get the same.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + ((Interlocked.Increment(ref last) & int.MaxValue) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; the next one.
            }
        }
    }
}
