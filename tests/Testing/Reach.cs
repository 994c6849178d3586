using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.Testing;

/// <summary>
/// The way to the product from outside, whether it runs in this process, in one of its own, or in several behind one name. Third
/// parties and browsers of tests need no more than this.
/// </summary>
/// <param name="Issuer">What assertions are for and proofs name, wherever the request goes.</param>
/// <param name="MtlsIssuer">The same for clients that show certificates.</param>
/// <param name="Time">The product's time.</param>
/// <param name="Open">Makes a client by what it shows and where it keeps its cookies; a client with a certificate calls the other port.</param>
public sealed record Reach(Uri Issuer, Uri MtlsIssuer, TimeProvider Time, Func<X509Certificate2?, CookieContainer?, HttpClient> Open)
{
    /// <summary>For a third party that is made before the host that is to know it.</summary>
    public static Reach Nowhere { get; } = new(new Uri("https://localhost"), new Uri("https://localhost"), TimeProvider.System, (_, _) => new HttpClient());

    /// <summary>One name for several hosts: each request, whoever sends it, goes to the next of them.</summary>
    public static Reach Alternating(params HostProcess[] hosts)
    {
        var turn = -1;
        return hosts[0].Reach with { Open = Make };

        HttpClient Make(X509Certificate2? certificate, CookieContainer? cookies)
        {
            var sockets = TestHttp.Handler(hosts[0].Authority, certificate, cookies);
            foreach (var other in hosts[1..]) sockets.SslOptions.CertificateChainPolicy!.CustomTrustStore.Add(other.Authority);
            var addresses = Array.ConvertAll(hosts, host => certificate is null ? host.Main : host.Mtls);
            return new HttpClient(new Next(sockets, () => addresses[(uint)Interlocked.Increment(ref turn) % addresses.Length]))
            {
                BaseAddress = addresses[0],
                Timeout = TimeSpan.FromSeconds(30),
            };
        }
    }

    private sealed class Next(HttpMessageHandler inner, Func<Uri> next) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(next(), request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
