using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using OpenBanking.Kernel.Http;

namespace OpenBanking.ResourceServer;

/// <summary>
/// Client certificates that a proxy has verified in TLS and hands on in headers (RFC 9440). They are believed on the one port that is for
/// proxies and from the listed ones (FWD-02); everywhere else the headers are what anybody may write, and are taken away before somebody
/// reads them (MT-07, MT-09). Other headers of the kind (<c>X-SSL-Cert</c> and the like) are never read (FWD-05).
/// </summary>
/// <param name="port">The port for proxies; null where there is none, so that no header is believed.</param>
public sealed partial class ForwardedCertificates(int? port, ILogger<ForwardedCertificates> log)
{
    public const string Header = "Client-Cert";
    public const string ChainHeader = "Client-Cert-Chain";

    /// <summary>As long as a header of ours may be, and twice that for all the others of the chain (FWD-06).</summary>
    private const int MaxLength = 8 * 1024;
    private const int MaxChainLength = 16 * 1024;

    /// <summary>More than any way from a client up to an authority (MT-13).</summary>
    private const int MaxChain = 10;

    /// <summary>The step in the request's way, before anybody asks for the certificate.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var headers = http.Request.Headers;
        if (!headers.TryGetValue(Header, out var leaf) & !headers.TryGetValue(ChainHeader, out var chain)) return next(http);
        headers.Remove(Header);
        headers.Remove(ChainHeader);
        if (port is null || ForwardedFrom.ProxyOf(http) is null) return next(http);

        // On a port where TLS itself asks for certificates a proxy has none to hand on. With both, which is the client's? (FWD-07)
        if (http.Connection.LocalPort != port)
        {
            return leaf.Count > 0 && SenderCertificate.OfConnection(http) is not null
                ? RefuseAsync(http, StatusCodes.Status400BadRequest, "MT-08", "a certificate by TLS and another by header")
                : next(http);
        }

        if (Longest(leaf) > MaxLength || Longest(chain) > MaxChainLength)
        {
            Log.TooLong(log, Longest(leaf), Longest(chain), http.InteractionIdentifier());
            return RefuseAsync(http, StatusCodes.Status431RequestHeaderFieldsTooLarge, "FWD-06", "the forwarded certificate is too long");
        }

        if (leaf.Count > 1 || leaf.ToString().Contains(',', StringComparison.Ordinal))
            return RefuseAsync(http, StatusCodes.Status400BadRequest, "FWD-04", "exactly one Client-Cert is taken");

        // A chain without its beginning says nothing. It is checked for form alone: what leads up to an authority is configured.
        if (leaf.Count == 0) return next(http);
        if (Certificate(leaf[0]!) is not { } certificate || !IsChain(chain))
        {
            Log.Malformed(log, leaf[0]!.Length, http.InteractionIdentifier());
            SenderCertificate.SetUnreadable(http);
            return next(http);
        }

        http.Response.RegisterForDispose(certificate);
        SenderCertificate.SetForwarded(http, certificate);
        return next(http);
    }

    /// <summary>A structured field that is one byte sequence, of which the bytes are one certificate in DER (FWD-01).</summary>
    internal static X509Certificate2? Certificate(string field)
    {
        if (Bytes(field.AsSpan().Trim(' ')) is not { Length: > 0 } der || der[0] != 0x30) return null;
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(der);
            if (certificate.RawDataMemory.Length == der.Length) return certificate;
            certificate.Dispose();
            return null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool IsChain(StringValues fields)
    {
        var members = fields.SelectMany(field => field!.Split(',')).ToList();
        return members.Count <= MaxChain && members.TrueForAll(member => Bytes(member.AsSpan().Trim(' ')) is { Length: > 0 });
    }

    // RFC 8941 3.3.5. No parameters are defined, so none are taken.
    private static byte[]? Bytes(ReadOnlySpan<char> item)
    {
        if (item is not [':', .. var text, ':'] || text.ContainsAnyExcept(Base64)) return null;
        var bytes = new byte[text.Length / 4 * 3];
        return Convert.TryFromBase64Chars(text, bytes, out var written) ? bytes[..written] : null;
    }

    private static readonly System.Buffers.SearchValues<char> Base64 =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    private static int Longest(StringValues values) => values.Sum(value => value?.Length ?? 0);

    private static Task RefuseAsync(HttpContext http, int status, string rule, string description)
    {
        RefusalLog.Write(http, "invalid_request", rule);
        http.Response.StatusCode = status;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsJsonAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = "invalid_request", ["error_description"] = description });
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A Client-Cert of {Length} characters cannot be read and counts as none, interaction {InteractionId}")]
        public static partial void Malformed(ILogger logger, int length, string interactionId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Client-Cert has {Length} characters and Client-Cert-Chain {ChainLength}, interaction {InteractionId}")]
        public static partial void TooLong(ILogger logger, int length, int chainLength, string interactionId);
    }
}
