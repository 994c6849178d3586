using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.ResourceServer;

/// <summary>Whose Client-Cert counts: that of a listed proxy on the port for proxies, and nobody else's.</summary>
public sealed class ForwardedCertificatesTests(ForwardedCertificatesTests.World world) : IClassFixture<ForwardedCertificatesTests.World>
{
    private const string Proxy = "127.0.0.1";
    private const string Stranger = "127.0.0.2";

    [Fact]
    [Trait("Rule", "FWD-01")]
    [Trait("Rule", "FWD-02")]
    [Trait("Rule", "MT-07")]
    [Trait("Rule", "MT-06")]
    public async Task A_listed_proxys_certificate_is_the_clients_and_anybody_elses_is_none()
    {
        Assert.Equal(200, (await SendAsync(Field())).Status);
        await RefusedAsync(SendAsync(Field(), from: Stranger), 401, "invalid_client", "MTLS-10");
        Assert.Equal(200, (await SendAsync(Field(), chain: Field())).Status);

        // What it says is judged as a certificate shown in TLS is.
        using var authority = TestCertificates.Authority();
        using var false1 = TestCertificates.Client(authority, world.Mtls.Certificate!.Subject);
        await RefusedAsync(SendAsync(Field(false1)), 401, "invalid_client", "MTLS-02");

        // A proxy sends many requests over one connection: none of them inherits the certificate of the one before.
        using var connection = world.From(Proxy, world.Host.Proxied!);
        Assert.Equal(200, (await SendAsync(Field(), over: connection)).Status);
        await RefusedAsync(SendAsync([], over: connection), 401, "invalid_client", "MTLS-10");
    }

    [Fact]
    [Trait("Rule", "MT-09")]
    public async Task With_no_port_for_proxies_the_right_address_is_not_enough()
    {
        await using var host = await TestHost.StartAsync(options => options.Settings["Forwarded:From"] = Proxy);
        using var tpp = await TestTpp.RegisterAsync(host, TppKind.Mtls);
        foreach (var target in new[] { host.Main, host.Mtls })
        {
            using var client = World.From(Proxy, target, host);
            var answer = await SendAsync(client, tpp.ClientId, [Field(tpp.Certificate!)], null);
            Assert.Equal((401, "MTLS-10"), (answer.Status, host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule));
        }

        Assert.Equal(200, (await tpp.TokenAsync(FrontWorld.ClientCredentials)).Status);
    }

    [Fact]
    [Trait("Rule", "MT-08")]
    [Trait("Rule", "MT-07")]
    [Trait("Rule", "FWD-07")]
    public async Task On_the_port_where_tls_asks_for_it_tls_counts_and_a_proxys_other_word_is_refused()
    {
        using var direct = world.From(Proxy, world.Host.Direct!, world.Mtls.Certificate);
        using var stranger = world.From(Stranger, world.Host.Direct!, world.Mtls.Certificate);
        using var bare = world.From(Proxy, world.Host.Direct!);
        using var other = world.Host.IssueClientCertificate("CN=another, O=Budget App Ltd, C=GB");

        Assert.Equal(200, (await SendAsync([], over: direct)).Status);
        await RefusedAsync(SendAsync(Field(other), over: direct), 400, "invalid_request", "MT-08");
        await RefusedAsync(SendAsync(Field(), over: direct), 400, "invalid_request", "MT-08");
        Assert.Equal(200, (await SendAsync(Field(other), over: stranger)).Status);
        await RefusedAsync(SendAsync(Field(), over: bare), 401, "invalid_client", "MTLS-10");
        Assert.Equal(200, (await SendAsync([], over: direct)).Status);
    }

    [Fact]
    [Trait("Rule", "FWD-04")]
    [Trait("Rule", "MT-08")]
    public async Task Two_certificates_are_refused()
    {
        await RefusedAsync(SendAsync([Field(), Field()]), 400, "invalid_request", "FWD-04");
        await RefusedAsync(SendAsync(Field() + ", " + Field()), 400, "invalid_request", "FWD-04");
        Assert.Equal(200, (await SendAsync(Field())).Status);

        // From a stranger not even that is read.
        await RefusedAsync(SendAsync([Field(), Field()], from: Stranger), 401, "invalid_client", "MTLS-10");
    }

    [Theory]
    [Trait("Rule", "FWD-01")]
    [InlineData("DER")]
    [InlineData(":DER")]
    [InlineData("\"DER\"")]
    [InlineData(":DER:;a=1")]
    [InlineData("::")]
    [InlineData(":AAAA:")]
    [InlineData(":DERAAAA:")]
    [InlineData(":-URL-:")]
    [InlineData(":PEM:")]
    [InlineData("%2D%2D%2D%2D%2DBEGIN%20CERTIFICATE")]
    public async Task What_is_no_byte_sequence_of_one_certificate_is_none_and_the_reason_where_one_is_needed(string field)
    {
        var certificate = world.Mtls.Certificate!;
        var sent = field
            .Replace("DER", Convert.ToBase64String(certificate.RawData), StringComparison.Ordinal)
            .Replace("-URL-", Convert.ToBase64String(certificate.RawData).Replace('+', '-').Replace('/', '_').TrimEnd('='), StringComparison.Ordinal)
            .Replace("PEM", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem())), StringComparison.Ordinal);
        await RefusedAsync(SendAsync(sent), 400, "invalid_request", "FWD-01");
        Assert.Contains(world.Host.Log.Lines, line => line.Contains("cannot be read", StringComparison.Ordinal));
        Assert.DoesNotContain(Convert.ToBase64String(certificate.RawData)[..60], world.Host.Log.Text, StringComparison.Ordinal);

        // Who needs none is served: an assertion and a proof are as good as before.
        using var client = world.From(Proxy, world.Host.Proxied!);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/jwks");
        request.Headers.TryAddWithoutValidation("Client-Cert", sent);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(request)).StatusCode);
    }

    [Fact]
    [Trait("Rule", "FWD-01")]
    [Trait("Rule", "MTLS-07")]
    public async Task A_bound_token_goes_with_the_forwarded_certificate()
    {
        var token = (await SendAsync(Field())).Text("access_token")!;
        using var other = world.Host.IssueClientCertificate("CN=another, O=Budget App Ltd, C=GB");

        Assert.NotEqual(401, (await CallAsync(token, Field())).Status);
        Assert.Equal((401, "MTLS-07"), await CallAsync(token, Field(other)));
        Assert.Equal((401, "MTLS-07"), await CallAsync(token, null));
        Assert.Equal((401, "MTLS-07"), await CallAsync(token, Field(), Stranger));
        Assert.Equal((400, "FWD-01"), await CallAsync(token, ":AAAA:"));
        Assert.NotEqual(401, (await CallAsync(token, Field())).Status);
    }

    [Theory]
    [Trait("Rule", "FWD-06")]
    [Trait("Rule", "MT-13")]
    [Trait("Rule", "HTTP-14")]
    [InlineData("Client-Cert", 8 * 1024, 400, "FWD-01")]
    [InlineData("Client-Cert", (8 * 1024) + 1, 431, "HTTP-14")]
    [InlineData("Client-Cert-Chain", 16 * 1024, 400, "FWD-01")]
    [InlineData("Client-Cert-Chain", (16 * 1024) + 1, 431, "HTTP-14")]
    public async Task Certificates_in_headers_have_a_bound(string header, int length, int status, string rule)
    {
        var padded = new string('A', length);
        var answer = header == ForwardedCertificates.Header ? await SendAsync(padded) : await SendAsync(Field(), chain: padded);
        Assert.Equal((status, rule), (answer.Status, world.Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule));
    }

    [Fact]
    [Trait("Rule", "FWD-06")]
    public async Task Two_halves_of_a_chain_are_measured_together()
    {
        var half = ":" + new string('A', 12 * 1024) + ":";
        using var client = world.From(Proxy, world.Host.Proxied!);
        using var request = Request(world.Mtls.ClientId, [Field()], null);
        request.Headers.TryAddWithoutValidation("Client-Cert-Chain", half);
        request.Headers.TryAddWithoutValidation("client-cert-chain", half);
        var answer = await Answer.OfAsync(await client.SendAsync(request));
        Assert.Equal(431, answer.Status);
    }

    [Fact]
    [Trait("Rule", "MT-13")]
    public async Task A_chain_of_a_hundred_is_none()
    {
        var member = Field();
        Assert.Equal(200, (await SendAsync(member, chain: string.Join(", ", Enumerable.Repeat(":AAAA:", 10)))).Status);
        await RefusedAsync(SendAsync(member, chain: string.Join(", ", Enumerable.Repeat(":AAAA:", 100))), 400, "invalid_request", "FWD-01");
    }

    [Fact]
    [Trait("Rule", "OP-08")]
    [Trait("Rule", "TLS-01")]
    public async Task A_proxy_that_was_called_without_tls_is_refused_and_a_strangers_word_on_it_is_not_heard()
    {
        Assert.Equal((200, null), await ProtoAsync("https", Proxy));
        Assert.Equal((400, "TLS-01"), await ProtoAsync("http", Proxy));
        Assert.Equal((200, null), await ProtoAsync("http", Stranger));
        Assert.Equal((200, null), await ProtoAsync(null, Proxy));

        async Task<(int, string?)> ProtoAsync(string? proto, string from)
        {
            using var client = world.From(from, world.Host.Proxied!);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/jwks");
            if (proto is not null) request.Headers.Add("X-Forwarded-Proto", proto);
            var answer = await Answer.OfAsync(await client.SendAsync(request));
            return (answer.Status, world.Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule);
        }
    }

    private string Field(X509Certificate2? certificate = null) => ":" + Convert.ToBase64String((certificate ?? world.Mtls.Certificate!).RawData) + ":";

    private Task<Answer> SendAsync(string? field, string from = Proxy, string? chain = null, HttpClient? over = null) =>
        SendAsync(field is null ? [] : [field], from, chain, over);

    private async Task<Answer> SendAsync(string[] fields, string from = Proxy, string? chain = null, HttpClient? over = null)
    {
        using var own = over is null ? world.From(from, world.Host.Proxied!) : null;
        return await SendAsync(over ?? own!, world.Mtls.ClientId, fields, chain);
    }

    private static async Task<Answer> SendAsync(HttpClient client, string clientId, string[] fields, string? chain)
    {
        using var request = Request(clientId, fields, chain);
        return await Answer.OfAsync(await client.SendAsync(request));
    }

    private static HttpRequestMessage Request(string clientId, string[] fields, string? chain)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = FrontWorld.ClientCredentials.With("client_id", clientId).Content() };

        // Two lines of one header need two spellings of its name, or the client joins them.
        for (var at = 0; at < fields.Length; at++) request.Headers.TryAddWithoutValidation(at == 0 ? ForwardedCertificates.Header : "CLIENT-CERT", fields[at]);
        if (chain is not null) request.Headers.TryAddWithoutValidation(ForwardedCertificates.ChainHeader, chain);
        return request;
    }

    private async Task<(int Status, string? Rule)> CallAsync(string token, string? field, string from = Proxy)
    {
        using var client = world.From(from, world.Host.Proxied!);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/open-banking/v4.0/aisp/account-access-consents/none");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        if (field is not null) request.Headers.TryAddWithoutValidation("Client-Cert", field);
        var answer = await Answer.OfAsync(await client.SendAsync(request));
        var rule = world.Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;
        return (answer.Status, rule);
    }

    private async Task RefusedAsync(Task<Answer> call, int status, string error, string rule)
    {
        var answer = await call;
        var refusal = Assert.Single(world.Host.Refusals, refusal => refusal.InteractionId == answer.Header("x-fapi-interaction-id"));
        Assert.Equal((status, error, rule), (answer.Status, answer.Error, refusal.Rule));
    }

    /// <summary>A host with a port for proxies, of which one address is listed.</summary>
    public sealed class World : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public TestTpp Mtls { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = await TestHost.StartAsync(options =>
            {
                options.Settings["OPENBANKING_PROXIED_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture);
                options.Settings["Forwarded:From"] = Proxy;
            });
            Mtls = await TestTpp.RegisterAsync(Host, TppKind.Mtls);
        }

        public async ValueTask DisposeAsync()
        {
            Mtls.Dispose();
            await Host.DisposeAsync();
        }

        public HttpClient From(string address, Uri target, X509Certificate2? certificate = null) => From(address, target, Host, certificate);

        /// <summary>A client whose connections come from one of this machine's addresses.</summary>
        public static HttpClient From(string address, Uri target, TestHost host, X509Certificate2? certificate = null)
        {
            var handler = TestHttp.Handler(host.Authority, certificate);
            handler.ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), ct);
                return new NetworkStream(socket, ownsSocket: true);
            };
            return new HttpClient(handler) { BaseAddress = target, Timeout = TimeSpan.FromSeconds(30) };
        }
    }
}
