using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What a connection may be, seen from outside.</summary>
public sealed class TransportTests(TransportTests.Running running) : IClassFixture<TransportTests.Running>
{
    private readonly TestHost host = running.Host;

    public static TheoryData<TlsCipherSuite, bool> SuitesOfTls12 => new()
    {
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true },
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true },
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, false },
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, false },
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, false },
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, false },
        { TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, false },
        { TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, false },
        { TlsCipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, false },
        { TlsCipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA256, false },
    };

    [Theory]
    [MemberData(nameof(SuitesOfTls12))]
    [Trait("Rule", "TLS-05")]
    [Trait("Rule", "TLS-03")]
    public async Task Tls_1_2_has_exactly_the_suites_that_fapi_allows(TlsCipherSuite suite, bool isOffered)
    {
        foreach (var address in (Uri[])[host.Main, host.Mtls])
        {
            var negotiated = await HandshakeAsync(address, SslProtocols.Tls12, suite);
            Assert.Equal(isOffered ? suite : null, negotiated);
        }
    }

    [Theory]
    [InlineData(TlsCipherSuite.TLS_AES_128_GCM_SHA256)]
    [InlineData(TlsCipherSuite.TLS_AES_256_GCM_SHA384)]
    [InlineData(TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256)]
    [Trait("Rule", "TLS-02")]
    public async Task Tls_1_3_has_its_three_suites(TlsCipherSuite suite)
    {
        foreach (var address in (Uri[])[host.Main, host.Mtls])
            Assert.Equal(suite, await HandshakeAsync(address, SslProtocols.Tls13, suite));
    }

    [Fact]
    [Trait("Rule", "TLS-02")]
    public async Task Tls_1_3_is_preferred() =>
        Assert.Equal(SslProtocols.Tls13, await ProtocolAsync(SslProtocols.Tls12 | SslProtocols.Tls13));

    [Fact]
    [Trait("Rule", "TLS-01")]
    [Trait("Rule", "MT-12")]
    public async Task Tls_1_1_and_older_are_refused()
    {
#pragma warning disable SYSLIB0039, CA5397 // Both rules say not to offer them; that the server refuses who does is what is tested, and it takes offering them.
        foreach (var old in (SslProtocols[])[SslProtocols.Tls, SslProtocols.Tls11])
            Assert.Null(await ProtocolAsync(old));
#pragma warning restore SYSLIB0039, CA5397
        Assert.Equal(SslProtocols.Tls12, await ProtocolAsync(SslProtocols.Tls12));
    }

    [Fact]
    [Trait("Rule", "TLS-11")]
    public async Task Nobody_renegotiates()
    {
        using var openssl = Process.Start(new ProcessStartInfo("openssl", ["s_client", "-connect", $"localhost:{host.Main.Port}", "-tls1_2"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = openssl.StandardOutput.ReadToEndAsync();
        var errors = openssl.StandardError.ReadToEndAsync();
        await openssl.StandardInput.WriteAsync("R\n");
        await openssl.StandardInput.FlushAsync();
        await Task.WhenAny(openssl.WaitForExitAsync(), Task.Delay(Eventually.Patience));
        openssl.StandardInput.Close();
        await openssl.WaitForExitAsync();

        Assert.Contains("Compression: NONE", await output, StringComparison.Ordinal);
        var said = (await errors).Split("RENEGOTIATING"); // The connection ends there.
        Assert.Equal(2, said.Length);
        Assert.Contains("error:", said[1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OP-12")]
    public void Slow_senders_and_idle_connections_are_cut()
    {
        var limits = host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal(TimeSpan.FromSeconds(30), limits.RequestHeadersTimeout);
        Assert.Equal(240, limits.MinRequestBodyDataRate!.BytesPerSecond);
        Assert.Equal(240, limits.MinResponseDataRate!.BytesPerSecond);
        Assert.True(limits.KeepAliveTimeout <= TimeSpan.FromSeconds(130));
        Assert.NotNull(limits.MaxConcurrentConnections);
    }

    [Fact]
    [Trait("Rule", "TLS-01")]
    public async Task Nothing_is_said_without_tls()
    {
        foreach (var address in (Uri[])[host.Main, host.Mtls])
        {
            var answer = await SayAsync(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", tls: false);
            Assert.DoesNotContain("200", answer.Split('\r')[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Rule", "TLS-12")]
    [Trait("Rule", "MTLS-12")]
    public async Task Certificates_are_asked_for_on_their_own_port_only_and_any_of_them_passes_the_handshake()
    {
        using var foreign = TestCertificates.Authority("CN=somebody else's CA");
        foreach (var certificate in (X509Certificate2[])[host.IssueClientCertificate("CN=good"), TestCertificates.Client(foreign, "CN=foreign"), TestCertificates.SelfSigned()])
        {
            Assert.True(await IsAskedAsync(host.Mtls, certificate));
            Assert.False(await IsAskedAsync(host.Main, certificate));
            using var client = TestHttp.Client(host.Mtls, host.Authority, certificate);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode);
        }

        using var without = host.CreateClient(mtls: true);
        Assert.Equal(HttpStatusCode.OK, (await without.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("request line", 40_000, 414)]
    [InlineData("header", 40_000, 431)]
    [InlineData("headers", 150, 431)]
    [Trait("Rule", "HTTP-14")]
    public async Task What_is_too_long_is_refused_before_it_is_read(string what, int size, int status)
    {
        var request = what switch
        {
            "request line" => $"GET /{new string('a', size)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "header" => $"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {new string('a', size)}\r\n\r\n",
            _ => $"GET / HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, size).Select(number => $"X-{number}: 1\r\n"))}\r\n",
        };

        var answer = await SayAsync(host.Main, request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("aaaa", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Rule", "HTTP-14")]
    [Trait("Rule", "OP-13")]
    public async Task A_body_over_64_kilobytes_is_413(bool lengthIsKnown)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/token", UriKind.Relative))
        {
            Version = HttpVersion.Version11,
            Content = new StringContent("grant_type=" + new string('a', 70_000), Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        request.Headers.TransferEncodingChunked = !lengthIsKnown;

        using var answer = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("HTTP-14", host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule);
    }

    [Theory]
    [InlineData("GET", 200)]
    [InlineData("TRACE", 405)]
    [InlineData("get", 501)]
    [InlineData("BREW", 501)]
    [Trait("Rule", "OP-15")]
    public async Task Methods_are_those_of_http_spelt_as_http_spells_them(string method, int status) =>
        Assert.StartsWith($"HTTP/1.1 {status} ", await SayAsync(host.Main, $"{method} /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1:5001", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("evil.test", 400)]
    [InlineData("localhost.evil.test:5001", 400)]
    [InlineData("localhost@evil.test", 400)]
    [Trait("Rule", "OA-53")]
    public async Task Only_its_own_names_are_answered(string name, int status)
    {
        var answer = await SayAsync(host.Main, $"GET /health/live HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        if (name == "evil.test") Assert.Equal("OA-53", host.Log.Refusals.Last(refusal => refusal.Rule.StartsWith("OA-", StringComparison.Ordinal)).Rule);
    }

    [Theory]
    [InlineData("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3;a=\nb\r\nabc\r\n0\r\n\r\n")]
    [Trait("Rule", "OP-10")]
    public async Task A_request_that_two_readers_would_read_differently_is_400(string rest)
    {
        var answer = await SayAsync(host.Main, $"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{rest}");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
    }

    private async Task<TlsCipherSuite?> HandshakeAsync(Uri address, SslProtocols protocol, TlsCipherSuite suite)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        await using var tls = new SslStream(socket.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(Options(protocol, new CipherSuitesPolicy([suite])));
            return tls.NegotiatedCipherSuite;
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException)
        {
            return null;
        }
    }

    private async Task<SslProtocols?> ProtocolAsync(SslProtocols protocols)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, host.Main.Port);
        await using var tls = new SslStream(socket.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(Options(protocols, null));
            return tls.SslProtocol;
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException)
        {
            return null;
        }
    }

    /// <summary>Whether the server wants to see a certificate in the handshake.</summary>
    private async Task<bool> IsAskedAsync(Uri address, X509Certificate2 certificate)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        await using var tls = new SslStream(socket.GetStream());
        var asked = false;
        var options = Options(SslProtocols.Tls12, null);
        options.LocalCertificateSelectionCallback = (_, _, _, remote, _) =>
        {
            if (remote is not null) asked = true;
            return certificate;
        };
        await tls.AuthenticateAsClientAsync(options);
        return asked || tls.LocalCertificate is not null;
    }

    private async Task<string> SayAsync(Uri address, string request, bool tls = true)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        Stream stream = socket.GetStream();
        if (tls)
        {
            var secured = new SslStream(stream);
            await secured.AuthenticateAsClientAsync(Options(SslProtocols.Tls13, null));
            stream = secured;
        }

        await using (stream)
        {
            using var patience = new CancellationTokenSource(Eventually.Patience);
            var answer = new StringBuilder();
            try
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
                var buffer = new byte[4096];
                while (await stream.ReadAsync(buffer, patience.Token) is > 0 and var read)
                {
                    answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
                    if (answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal)) break;
                }
            }
            catch (IOException)
            {
                // Closed on us, which is an answer too.
            }

            return answer.ToString();
        }
    }

    private SslClientAuthenticationOptions Options(SslProtocols protocols, CipherSuitesPolicy? suites) => new()
    {
        TargetHost = "localhost",
        EnabledSslProtocols = protocols,
        CipherSuitesPolicy = suites,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { host.Authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    public sealed class Running : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "TLS-09")]
    public void A_certificate_of_a_deployment_is_shown_with_the_authorities_in_between()
    {
        using var root = TestCertificates.Authority("CN=Root", pathLength: 1);
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Between", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        using var between = request.Create(root, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3]).CopyWithPrivateKey(key);
        using var leaf = TestCertificates.Client(between, "CN=bank.example");
        var folder = Directory.CreateTempSubdirectory("openbanking-chain").FullName;
        try
        {
            var (certificate, keyFile) = (Path.Combine(folder, "server.crt"), Path.Combine(folder, "server.key"));
            File.WriteAllText(certificate, leaf.ExportCertificatePem() + "\n" + between.ExportCertificatePem() + "\n");
            File.WriteAllText(keyFile, leaf.GetECDsaPrivateKey()?.ExportPkcs8PrivateKeyPem() ?? leaf.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
            File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);

            var shown = OpenBanking.Host.ServerCertificates.FromFiles(certificate, keyFile, TimeProvider.System).Current;

            Assert.Equal("CN=bank.example", shown.Certificate.Subject);
            Assert.Contains(shown.Handshake.IntermediateCertificates, sent => sent.Subject == "CN=Between");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
