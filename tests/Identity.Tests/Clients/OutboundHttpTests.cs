using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Testing;
using ClientCalls = OpenBanking.Identity.Clients.OutboundHttp;

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
        using var handler = ClientCalls.Handler(new AuthorizationServerOptions());
        using var http = new HttpMessageInvoker(handler);
        foreach (var host in new[] { "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}:{port}/jwks");
            await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, TestContext.Current.CancellationToken));
        }

        Assert.False(listener.Pending());
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
        using var handler = ClientCalls.Handler(new AuthorizationServerOptions { AllowLoopbackTargets = true, SandboxClientCertificateAuthority = authority });
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
