using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using OpenBanking.Samples.Tpp;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Pages;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>The sample app on a port of its own, with a fake bank behind it and a browser without a screen before it.</summary>
internal sealed class TppApp : IAsyncDisposable
{
    private readonly WebApplication web;

    private TppApp(WebApplication web, TppOptions options, FakeBank bank)
    {
        this.web = web;
        Options = options;
        Bank = bank;
        Browser = NewBrowser();
    }

    public TppOptions Options { get; }

    public FakeBank Bank { get; }

    public HttpClient Browser { get; private set; }

    public static async Task<TppApp> StartAsync(TimeProvider time, Action<WebApplication>? map = null)
    {
        var data = Directory.CreateTempSubdirectory("tally-").FullName;
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        var port = ((IPEndPoint)socket.LocalEndpoint).Port;
        socket.Stop();
        var own = Path.Combine(data, "server.pem");
        var options = new TppOptions(FakeBank.Issuer, "Meadow Bank", port, data, own, Path.Combine(data, "none.crt"), own, null, null);
        foreach (var kind in (ClientKind[])[ClientKind.Dpop, ClientKind.Certificate]) SelfRegistration.Keep(options, kind, new Registration("sample-tpp-" + kind.Key, "org/tally"));
        var bank = new FakeBank(time);
        var app = TppServer.Build(options, time, inner =>
        {
            inner.Dispose();
            return bank;
        });
        TppPages.Map(app);
        map?.Invoke(app);
        await app.StartAsync();
        return new TppApp(app, options, bank);
    }

    /// <summary>Another browser, which has no cookie yet.</summary>
    public HttpClient NewBrowser()
    {
        using var certificate = TppKeys.FromPem(Options.TrustAnchor);
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(certificate.RawData));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
        };
        return new HttpClient(handler) { BaseAddress = new Uri(Options.Origin) };
    }

    /// <summary>Presses a button of a page.</summary>
    public Task<HttpResponseMessage> PressAsync(string path, string? origin = null, params (string Name, string Value)[] fields) =>
        PressAsync(Browser, path, origin ?? Options.Origin, fields);

    public static async Task<HttpResponseMessage> PressAsync(HttpClient browser, string path, string origin, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        if (origin.Length > 0) request.Headers.Add("Origin", origin);
        return await browser.SendAsync(request);
    }

    /// <summary>Comes back from the bank.</summary>
    public Task<HttpResponseMessage> ReturnAsync(string parameters, HttpClient? browser = null) =>
        (browser ?? Browser).GetAsync(new Uri("/callback?" + parameters, UriKind.Relative));

    /// <summary>From the button to the overview.</summary>
    public async Task ConnectAsync(string client = "dpop")
    {
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync("/connect", null, ("client", client))).StatusCode);
        var back = await ReturnAsync($"code=good&state={Bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        Assert.Equal("/overview", back.Headers.Location?.OriginalString);
    }

    public static (string Name, string Value)[] Bill =>
        [("payee", "Willow Street Energy"), ("sort", "08-08-00"), ("number", "21325698"), ("amount", "£24.50"), ("reference", "Invoice 2041"), ("refund", "yes")];

    /// <summary>From the button to the page of the payment; answers its address.</summary>
    public async Task<string> PayAsync()
    {
        Assert.Equal(HttpStatusCode.SeeOther, (await PressAsync("/pay", null, Bill)).StatusCode);
        var back = await ReturnAsync($"code=good&state={Bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        Assert.StartsWith("/payments/TALLY", back.Headers.Location?.OriginalString, StringComparison.Ordinal);
        return back.Headers.Location!.OriginalString;
    }

    public Task<HttpResponseMessage> VisitAsync(string path) => Browser.GetAsync(new Uri(path, UriKind.Relative));

    public async ValueTask DisposeAsync()
    {
        Browser.Dispose();
        await web.StopAsync();
        await web.DisposeAsync();
        Bank.Dispose();
        Directory.Delete(Options.Data, recursive: true);
    }
}
