using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Http;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>From the client's request to its data, with the ping over a real connection to a real HTTPS server of the client.</summary>
public sealed class PingJourneyTests
{
    private const string Token = "8d67dc78-7faa-4d41-aabd-67707b374255";

    [Fact]
    [Trait("Rule", "CIBA-26")]
    [Trait("Rule", "CIBA-28")]
    [Trait("Rule", "TLS-09")]
    public async Task A_client_is_pinged_and_fetches_and_a_server_that_nobody_vouches_for_hears_nothing()
    {
        await using var host = await TestHost.StartAsync(options => options.Replace = services => services.Replace(ServiceDescriptor.Singleton(
            provider => Kernel.Http.OutboundHttp.Handler(provider.GetRequiredService<OutboundRules>()))));
        using var trusted = X509Certificate2.CreateFromPemFile(Path.Combine(host.DataPath, "tls", "server.crt"), Path.Combine(host.DataPath, "tls", "server.key"));
        using var stranger = TestCertificates.SelfSigned("CN=localhost");
        using var customer = await Journey.StartAsync(host, trusted);
        var ping = await customer.ApproveAsync();
        Assert.Equal("POST /ciba HTTP/1.1", ping[0]);
        Assert.Contains("Authorization: Bearer " + Token, ping);
        Assert.Contains("Content-Type: application/json", ping);
        Assert.Equal($$"""{"auth_req_id":"{{customer.AuthReqId}}"}""", ping[^1]);
        var tokens = await customer.Tpp.PollAsync(customer.AuthReqId);
        Assert.Equal(200, tokens.Status);
        Assert.Equal(200, (await customer.Tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!)).Status);

        using var unheard = await Journey.StartAsync(host, stranger);
        await Assert.ThrowsAsync<OperationCanceledException>(() => unheard.ApproveAsync(TimeSpan.FromSeconds(4)));
        Assert.Equal(200, (await unheard.Tpp.PollAsync(unheard.AuthReqId)).Status);
    }

    private sealed class Journey : IDisposable
    {
        private readonly TestHost host;
        private readonly TestCustomer customer;
        private readonly HttpsListener listener;

        private Journey(TestHost host, TestTpp tpp, TestCustomer customer, HttpsListener listener)
        {
            (this.host, Tpp, this.customer, this.listener) = (host, tpp, customer, listener);
        }

        public TestTpp Tpp { get; }

        public string AuthReqId { get; private set; } = "";

        public static async Task<Journey> StartAsync(TestHost host, X509Certificate2 certificate)
        {
            var tpp = await TestTpp.RegisterAsync(host, change: TestTpp.OnTheBackchannel(CibaWorld.Notifications));
            var server = new HttpsListener(certificate);
            await host.InScopeAsync(services => services.GetRequiredService<IdentityDb>().Clients
                .Where(client => client.ClientId == tpp.ClientId)
                .ExecuteUpdateAsync(set => set.SetProperty(client => client.BackchannelNotificationEndpoint, server.Address)));
            return new Journey(host, tpp, await TestCustomer.CreateAsync(host), server);
        }

        /// <summary>Asks, approves in the portal, and answers with what the client's server has heard.</summary>
        public async Task<string[]> ApproveAsync(TimeSpan? patience = null)
        {
            AuthReqId = await Tpp.AskAsync(TestTpp.BackchannelRequest(await Tpp.CreateConsentAsync(), customer).With("client_notification_token", Token));
            using var portal = await customer.SignInAsync();
            var id = Assert.Single(await portal.WaitingRequestsAsync());
            Assert.Equal(303, (await portal.ApproveRequestAsync(id)).Status);
            using var wait = new CancellationTokenSource(patience ?? Eventually.Patience);
            return await listener.Heard.ReadAsync(wait.Token);
        }

        public void Dispose()
        {
            listener.Dispose();
            Tpp.Dispose();
        }
    }

    /// <summary>A server of one page that writes down what it hears: request line, headers, body.</summary>
    private sealed class HttpsListener : IDisposable
    {
        private readonly TcpListener tcp = new(IPAddress.Loopback, FreePort.Next());
        private readonly Channel<string[]> heard = Channel.CreateUnbounded<string[]>();
        private readonly X509Certificate2 certificate;

        public HttpsListener(X509Certificate2 certificate)
        {
            this.certificate = certificate;
            tcp.Start();
            _ = ServeAsync();
        }

        public string Address => $"https://localhost:{((IPEndPoint)tcp.LocalEndpoint).Port}/ciba";

        public ChannelReader<string[]> Heard => heard.Reader;

        public void Dispose() => tcp.Dispose();

        private async Task ServeAsync()
        {
            while (true)
            {
                try
                {
                    using var client = await tcp.AcceptTcpClientAsync();
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(certificate);
                    heard.Writer.TryWrite(await ReadAsync(tls));
                    await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
                }
                catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // Whoever called did not trust the certificate.
                }
                catch (Exception over) when (over is SocketException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private static async Task<string[]> ReadAsync(Stream stream)
        {
            var text = new StringBuilder();
            var buffer = new byte[4096];
            while (true)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer)));
                var parts = text.ToString().Split("\r\n\r\n", 2);
                if (parts.Length == 2 && parts[1].Contains('}', StringComparison.Ordinal))
                {
                    // Sent in chunks or whole: the JSON is what stands between its braces.
                    var body = parts[1][parts[1].IndexOf('{', StringComparison.Ordinal)..(parts[1].LastIndexOf('}') + 1)];
                    return [.. parts[0].Split("\r\n"), body];
                }
            }
        }
    }
}
