using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.ResourceServer;

/// <summary>The certificate that whoever sends a request has shown, to us or to a proxy of ours. Everybody asks here.</summary>
public static class SenderCertificate
{
    private static readonly object ForwardedKey = new();
    private static readonly object UnreadableKey = new();

    /// <summary>The certificate; null where none was shown. A header counts only where <see cref="ForwardedCertificates"/> has let it (MT-07).</summary>
    public static X509Certificate2? Of(HttpContext http) => http.Items[ForwardedKey] as X509Certificate2 ?? OfConnection(http);

    /// <summary>Whether a proxy handed on what is no certificate: it counts as none, and where one is needed that is the reason (FWD-01).</summary>
    public static bool IsUnreadable(HttpContext http) => http.Items.ContainsKey(UnreadableKey);

    /// <summary>base64url SHA-256 of the DER form, as <c>x5t#S256</c> wants it (MTLS-06).</summary>
    public static string Thumbprint(X509Certificate2 certificate) => Base64Url.EncodeToString(SHA256.HashData(certificate.RawDataMemory.Span));

#pragma warning disable RS0030 // The ban sends everybody to this class, which knows when the connection's certificate is the sender's.
    internal static X509Certificate2? OfConnection(HttpContext http) => http.Connection.ClientCertificate;
#pragma warning restore RS0030

    /// <summary>Of this request alone: a proxy sends many clients' requests over one connection.</summary>
    internal static void SetForwarded(HttpContext http, X509Certificate2 certificate) => http.Items[ForwardedKey] = certificate;

    internal static void SetUnreadable(HttpContext http) => http.Items[UnreadableKey] = true;
}
