using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OpenBanking.Host;

/// <summary>How Host listens: two ports, TLS only, with a cipher list of its own and narrow limits.</summary>
internal static class Transport
{
    /// <summary>The names under which the sandbox may be called.</summary>
    public static IReadOnlyList<string> LocalNames { get; } = ["localhost", "127.0.0.1", "::1"];

    /// <summary>
    /// What FAPI allows, and no more: the framework's default offers two CBC suites (TLS-02, TLS-03, TLS-04, TLS-05). With an RSA certificate these two
    /// serve every profile on TLS 1.2.
    /// </summary>
    private static readonly CipherSuitesPolicy Suites = new(
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ]);

    public static void Configure(KestrelServerOptions kestrel, HostSettings settings, ServerCertificates certificates)
    {
        kestrel.AddServerHeader = false; // OP-03
        kestrel.AllowSynchronousIO = false; // The Date header stays on: clients set their clocks by it (HTTP-17).

        // HTTP-14: answered with 414, 431 and 413 by Kestrel, before anything of ours runs.
        kestrel.Limits.MaxRequestLineSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 100;
        kestrel.Limits.MaxRequestBodySize = OneTransaction.LargestBody;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = 32 * 1024;

        // OP-12: slow senders are cut, idle connections end, and there is a bound to all of them.
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        kestrel.Limits.MaxConcurrentConnections = 10_000;

        Listen(kestrel, settings, settings.Port, certificates, ClientCertificateMode.NoCertificate);

        // TLS-12: only here is a certificate asked for. Any passes, and none does too: the authorization server judges it, client by
        // client (MTLS-12).
        Listen(kestrel, settings, settings.MtlsPort, certificates, ClientCertificateMode.AllowCertificate);

        // Here a proxy asks for it and hands it on, so TLS does not.
        if (settings.ProxiedPort is { } proxied) Listen(kestrel, settings, proxied, certificates, ClientCertificateMode.NoCertificate);
    }

    /// <summary>Says which port is taken before anything is started that would have to be stopped again.</summary>
    public static void RefuseTakenPorts(HostSettings settings)
    {
        foreach (var (name, port) in (IEnumerable<(string, int?)>)
            [("OPENBANKING_PORT", settings.Port), ("OPENBANKING_MTLS_PORT", settings.MtlsPort), ("OPENBANKING_PROXIED_PORT", settings.ProxiedPort)])
        {
            if (port is not { } wanted) continue;
            try
            {
                using var probe = new TcpListener(settings.Bind ?? IPAddress.Loopback, wanted);
                probe.Start();
            }
            catch (SocketException problem)
            {
                throw new SettingsException(problem.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"{name}: port {port} is in use; stop what listens there or choose another port."
                    : $"{name}: port {port} cannot be used: {problem.Message}.");
            }
        }
    }

    private static void Listen(
        KestrelServerOptions kestrel, HostSettings settings, int port, ServerCertificates certificates, ClientCertificateMode mode)
    {
        if (settings.Bind is { } address) kestrel.Listen(address, port, Secure);
        else kestrel.ListenLocalhost(port, Secure);

        void Secure(ListenOptions listen) => listen.UseHttps(https =>
        {
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13; // TLS-01
            https.ServerCertificateSelector = (_, _) => certificates.Current.Certificate;
            https.ClientCertificateMode = mode;
            if (mode != ClientCertificateMode.NoCertificate) https.AllowAnyClientCertificate();
            https.HandshakeTimeout = TimeSpan.FromSeconds(10);
            https.OnAuthenticate = (_, tls) =>
            {
                // With its chain, which the selector alone cannot say.
                tls.ServerCertificateSelectionCallback = null;
                tls.ServerCertificateContext = certificates.Current.Handshake;
                tls.CipherSuitesPolicy = Suites;
                tls.AllowRenegotiation = false; // TLS-11

                // Who shows a certificate proves its key on each connection.
                tls.AllowTlsResume = mode == ClientCertificateMode.NoCertificate;
            };
        });
    }
}
