using Microsoft.AspNetCore.Http;

namespace OpenBanking.ResourceServer;

/// <summary>The address of a request as its sender sees it, in one spelling (DPOP-10).</summary>
public static class HttpTarget
{
    /// <summary>
    /// The public address: its origin comes from configuration, since behind a proxy the server's own is another one, and the
    /// <c>Host</c> header only says which of our origins was called (OA-53).
    /// </summary>
    public static string Of(HttpRequest request, IEnumerable<string> addresses)
    {
        Uri? origin = null;
        foreach (var address in addresses)
        {
            var one = new Uri(address);
            origin ??= one;
            if (!IsHost(request.Host, one)) continue;
            origin = one;
            break;
        }

        if (origin is null) throw new InvalidOperationException("A resource server needs a public address.");
        return Normalised(origin.GetLeftPart(UriPartial.Authority) + request.PathBase.Add(request.Path).ToUriComponent())!;
    }

    /// <summary>
    /// Scheme and host in small letters, no default port, no dot segments, percent-encoding only where needed, without query and
    /// fragment; null for what is no absolute https address.
    /// </summary>
    public static string? Normalised(string address)
    {
        // Uri would take "/path" for a file.
        if (!address.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0) return null;
        return uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + WithCapitalHex(uri.AbsolutePath);
    }

    private static bool IsHost(HostString host, Uri uri) =>
        string.Equals(host.Host, uri.Host, StringComparison.OrdinalIgnoreCase) && (host.Port ?? 443) == uri.Port;

    private static string WithCapitalHex(string path) => string.Create(path.Length, path, static (span, text) =>
    {
        for (var at = 0; at < text.Length; at++)
        {
            var inEscape = (at >= 1 && text[at - 1] == '%') || (at >= 2 && text[at - 2] == '%');
            span[at] = inEscape ? char.ToUpperInvariant(text[at]) : text[at];
        }
    });
}
