using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>TLS towards the bank: 1.2 or later, its server certificate under the one CA we trust, our own certificate where it counts.</summary>
internal static class BankConnection
{
    /// <param name="certificate">What we show; null is nothing.</param>
    public static HttpClient Open(TppOptions options, string? certificate, Func<HttpMessageHandler, HttpMessageHandler>? wrap)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(options.TrustAnchor);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = trust,
            },
        };
        if (certificate is not null) handler.SslOptions.ClientCertificates = [TppKeys.FromPem(certificate)];
        return new HttpClient(wrap?.Invoke(handler) ?? handler)
        {
            Timeout = TimeSpan.FromSeconds(15),
            MaxResponseContentBufferSize = 4 * 1024 * 1024,
        };
    }
}
