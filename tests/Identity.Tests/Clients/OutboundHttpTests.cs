using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Kernel.Http;
using OpenBanking.Testing;
using ClientCalls = OpenBanking.Kernel.Http.OutboundHttp;

namespace OpenBanking.Identity.Tests.Clients;

public sealed class OutboundHttpTests
{
    [Theory]
    [Trait("Rule", "DC-10")]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("fd00::1")]
    [InlineData("fe80::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    [InlineData("2001:0:1::1")]
    public void An_address_that_is_not_for_everybody_is_not_public(string address) => Assert.False(ClientCalls.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [Trait("Rule", "DC-10")]
    [InlineData("9.9.9.9")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("100.128.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2620:fe::9")]
    [InlineData("2a00:1450:4001::1")]
    public void An_address_of_the_internet_is_public(string address) => Assert.True(ClientCalls.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [Trait("Rule", "DC-10")]
    [Trait("Rule", "DC-13")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://localhost/")]
    [InlineData("https://tpp.example:22/")]
    [InlineData("https://tpp.example:5432/")]
    [InlineData("https://tpp.example:6379/")]
    [InlineData("https://a:b@tpp.example/")]
    [InlineData("http://tpp.example/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://tpp.example/")]
    [InlineData("ftp://tpp.example/")]
    [InlineData("/jwks")]
    public void An_address_that_is_never_called_is_seen_by_its_text(string address) => Assert.NotNull(ClientCalls.Problem(address, allowLoopback: false));

    [Theory]
    [InlineData("https://tpp.example/jwks", false)]
    [InlineData("https://tpp.example:8443/jwks", false)]
    [InlineData("https://localhost:5010/jwks", true)]
    [InlineData("https://127.0.0.1:5010/jwks", true)]
    public void Other_addresses_pass(string address, bool allowLoopback) => Assert.Null(ClientCalls.Problem(address, allowLoopback));

    [Fact]
    [Trait("Rule", "DC-10")]
    [Trait("Rule", "DC-11")]
    public async Task Nothing_is_connected_to_on_this_machine_whatever_the_name_says()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var handler = ClientCalls.Handler(new OutboundRules());
        using var http = new HttpMessageInvoker(handler);
        foreach (var host in new[] { "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}:{port}/jwks");
            await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, TestContext.Current.CancellationToken));
        }

        Assert.False(listener.Pending());
    }

    /// <summary>Each way to write an address that is not for us to call, and names for some of them.</summary>
    public static TheoryData<string> Forms() =>
    [
        "https://127.0.0.1/", "https://127.0.0.1:8443/", "https://127.1/", "https://127.0.1/", "https://127.255.255.254/", "https://2130706433/",
        "https://017700000001/", "https://0177.0.0.1/", "https://0177.0.0.01/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://0x7F.1/",
        "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::1]/", "https://[::]/", "https://[fe80::1]/", "https://[fd00::1]/",
        "https://[fc00::1]/", "https://[ff02::1]/", "https://[::ffff:10.0.0.1]/", "https://[::ffff:169.254.169.254]/", "https://[2001:db8::1]/",
        "https://0.0.0.0/", "https://0/", "https://0.1.2.3/", "https://10.0.0.1/", "https://10.255.255.255/", "https://167772161/", "https://0xa000001/",
        "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.0.1/", "https://192.168.255.255/", "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/", "https://0xa9fea9fe/", "https://100.64.0.1/", "https://198.18.0.1/", "https://192.0.2.1/", "https://198.51.100.1/",
        "https://203.0.113.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://localhost/", "https://LOCALHOST./", "https://localhost:8443/",
        "https://localhost.localdomain/", "https://inside.example/", "https://inside.example:8443/", "https://mixed.example/", "https://metadata.google.internal/",
        "https://tpp.example:22/", "https://tpp.example:5432/", "https://tpp.example:6379/", "https://tpp.example@127.0.0.1/", "https://127.0.0.1\\@tpp.example/",
        "https://127.0.0.1#@tpp.example/", "http://tpp.example/", "ftp://tpp.example/", "gopher://tpp.example/", "file:///etc/passwd", "javascript:alert(1)",
        "data:application/json,{}", "//127.0.0.1/", "https:///", "https://", "https://①②⑦.⓪.⓪.①/",
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    [Trait("Rule", "DC-10")]
    [Trait("Rule", "DC-11")]
    [Trait("Rule", "DC-13")]
    [Trait("Reliability", "R32")]
    public async Task No_form_of_an_address_gets_us_to_connect(string form)
    {
        using var here = new TcpListener(IPAddress.IPv6Any, 0);
        here.Server.DualMode = true;
        here.Start();
        var port = ((IPEndPoint)here.LocalEndpoint).Port;
        using var handler = ClientCalls.Handler(new OutboundRules(), Resolve);

        Assert.True((await ClientCalls.GetAsync(handler, form, allowLoopback: false, ["application/json"], TestContext.Current.CancellationToken)).Failed(out _, out _));

        // What the text would have kept away does not get through by the connection either, wherever it leads.
        if (Uri.TryCreate(form, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Host.Length > 0)
        {
            using var http = new HttpMessageInvoker(handler, disposeHandler: false);
            foreach (var address in new[] { uri, new UriBuilder(uri) { Port = port }.Uri })
            {
                if (address.Host == "tpp.example" && address.Port is 443 or 8443) continue;
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, TestContext.Current.CancellationToken));
            }
        }

        Assert.False(here.Pending());

        static Task<IPAddress[]> Resolve(string host, CancellationToken ct) => Task.FromResult<IPAddress[]>(
            IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal]
            : host is "mixed.example" ? [IPAddress.Parse("9.9.9.9"), IPAddress.Loopback]
            : host is "tpp.example" ? [IPAddress.Parse("9.9.9.9")]
            : host is "metadata.google.internal" ? [IPAddress.Parse("169.254.169.254")]
            : [IPAddress.Loopback]);
    }

    [Fact]
    [Trait("Rule", "DC-11")]
    [Trait("Reliability", "R32")]
    public async Task A_name_that_answers_otherwise_the_second_time_leads_nowhere()
    {
        using var here = new TcpListener(IPAddress.Loopback, 0);
        here.Start();
        var asked = 0;
        using var handler = ClientCalls.Handler(
            new OutboundRules(),
            (_, _) => Task.FromResult<IPAddress[]>([Interlocked.Increment(ref asked) == 1 ? IPAddress.Parse("9.9.9.9") : IPAddress.Loopback]));
        using var http = new HttpMessageInvoker(handler);

        // Whoever looked before the fetch saw a public address; the fetch itself sees this machine.
        Assert.Null(ClientCalls.Problem("https://rebinding.example:8443/jwks", allowLoopback: false));
        asked = 1;
        foreach (var port in new[] { 443, 8443, ((IPEndPoint)here.LocalEndpoint).Port })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://rebinding.example:{port}/jwks");
            await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, TestContext.Current.CancellationToken));
        }

        Assert.Equal(4, asked); // Once for each connection: what is judged is what is connected to.
        Assert.False(here.Pending());
    }

    [Fact]
    [Trait("Rule", "TLS-09")]
    public async Task A_server_whose_certificate_is_not_trusted_or_of_another_name_is_not_called()
    {
        var authority = Path.GetTempFileName();
        using var ca = TestCertificates.Authority();
        await File.WriteAllTextAsync(authority, ca.ExportCertificatePem(), TestContext.Current.CancellationToken);
        const string serverAuthentication = "1.3.6.1.5.5.7.3.1";
        using var stranger = TestCertificates.SelfSigned("CN=localhost");
        using var otherName = TestCertificates.Client(ca, "CN=other", dns: ["other.example"], uses: [serverAuthentication]);
        using var good = TestCertificates.Client(ca, "CN=localhost", dns: ["localhost"], uses: [serverAuthentication]);
        using var handler = ClientCalls.Handler(new OutboundRules(AllowLoopback: true, authority));
        using var http = new HttpMessageInvoker(handler);
        try
        {
            Assert.False(await IsCalledAsync(stranger));
            Assert.False(await IsCalledAsync(otherName));
            Assert.True(await IsCalledAsync(good));
        }
        finally
        {
            File.Delete(authority);
        }

        async Task<bool> IsCalledAsync(X509Certificate2 certificate)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var serving = ServeAsync(listener, certificate);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/jwks");
            try
            {
                using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
            finally
            {
                await serving;
            }
        }

        static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
        {
            using var connection = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(connection.GetStream());
            try
            {
                await tls.AuthenticateAsServerAsync(certificate);
                _ = await tls.ReadAsync(new byte[4096]);
                await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            }
            catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The caller did not like the certificate.
            }
        }
    }
}
