using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.ResourceServer;

/// <summary>The certificate that whoever sends a request has shown.</summary>
public static class SenderCertificate
{
    /// <summary>The certificate of this connection; a header is never believed here (MT-07).</summary>
    public static X509Certificate2? Of(HttpContext http) => http.Connection.ClientCertificate;

    /// <summary>base64url SHA-256 of the DER form, as <c>x5t#S256</c> wants it (MTLS-06).</summary>
    public static string Thumbprint(X509Certificate2 certificate) => Base64Url.EncodeToString(SHA256.HashData(certificate.RawDataMemory.Span));
}
