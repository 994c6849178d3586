using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.Testing;

/// <summary>
/// The way to the product from outside, whether it runs in this process, in one of its own, or in several behind one name. Third
/// parties and browsers of tests need no more than this.
/// </summary>
/// <param name="Issuer">What assertions are for and proofs name, wherever the request goes.</param>
/// <param name="MtlsIssuer">The same for clients that show certificates.</param>
/// <param name="Main">Where requests go.</param>
/// <param name="Mtls">Where they go with a certificate.</param>
/// <param name="Time">The product's time.</param>
/// <param name="Handler">Makes connections, by what a client shows and where it keeps its cookies.</param>
public sealed record Reach(
    Uri Issuer, Uri MtlsIssuer, Uri Main, Uri Mtls, TimeProvider Time, Func<X509Certificate2?, CookieContainer?, HttpMessageHandler> Handler)
{
    /// <summary>For a third party that is made before the host that is to know it.</summary>
    public static Reach Nowhere { get; } = Of(new Uri("https://localhost"), (_, _) => new SocketsHttpHandler());

    /// <summary>One name for several hosts: each request, whoever sends it, goes to the next of them.</summary>
    public static Reach Alternating(params HostProcess[] hosts)
    {
        var turn = -1;
        return Choosing(() => hosts[(uint)Interlocked.Increment(ref turn) % hosts.Length], hosts);
    }

    /// <summary>One name for several hosts, where the test says at each request which of them it goes to.</summary>
    public static Reach Choosing(Func<HostProcess> next, params HostProcess[] hosts)
    {
        return hosts[0].Reach with { Handler = Make };

        HttpMessageHandler Make(X509Certificate2? certificate, CookieContainer? cookies)
        {
            var sockets = TestHttp.Handler(hosts[0].Authority, certificate, cookies);
            foreach (var other in hosts[1..]) sockets.SslOptions.CertificateChainPolicy!.CustomTrustStore.Add(other.Authority);
            return new Next(sockets, () => next() is var host && certificate is null ? host.Main : host.Mtls);
        }
    }

    /// <summary>A client of its own; with a certificate it calls the other port.</summary>
    public HttpClient Open(X509Certificate2? certificate, CookieContainer? cookies) =>
        new(Handler(certificate, cookies)) { BaseAddress = certificate is null ? Main : Mtls, Timeout = Eventually.Patience };

    private static Reach Of(Uri address, Func<X509Certificate2?, CookieContainer?, HttpMessageHandler> handler) =>
        new(address, address, address, address, TimeProvider.System, handler);

    private sealed class Next(HttpMessageHandler inner, Func<Uri> next) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(next(), request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
