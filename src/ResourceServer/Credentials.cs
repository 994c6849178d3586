using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel;

namespace OpenBanking.ResourceServer;

/// <summary>
/// A token as it was shown: in the <c>Authorization</c> header and nowhere else (RS-01). An address is written to logs and histories,
/// so a token in it is refused, were it good (RS-02); a form is not even read.
/// </summary>
/// <param name="Scheme"><c>DPoP</c> or <c>Bearer</c>, in this spelling whatever the caller's.</param>
public sealed record Credentials(string Scheme, string Token)
{
    public static Outcome<Credentials, AccessRefusal> Of(HttpRequest request)
    {
        var headers = request.Headers.Authorization;
        var inQuery = request.Query.ContainsKey("access_token");
        if (headers.Count > 1) return AccessRefusal.Malformed("one Authorization header only");
        if (headers.Count == 0) return AccessRefusal.NoToken(inQuery ? "RS-02" : "RS-01");
        if (inQuery) return AccessRefusal.Malformed("the token is shown twice");

        var header = headers[0].AsSpan().Trim();
        var space = header.IndexOf(' ');
        var name = space < 0 ? header : header[..space];
        var scheme = name.Equals(Challenge.Dpop, StringComparison.OrdinalIgnoreCase) ? Challenge.Dpop
            : name.Equals(Challenge.Bearer, StringComparison.OrdinalIgnoreCase) ? Challenge.Bearer
            : null;

        // Another scheme is no token of ours; a scheme alone is no token at all.
        if (scheme is null || space < 0) return AccessRefusal.NoToken("RS-01");
        var token = header[space..].Trim(' ').ToString();
        return IsTokenText(token)
            ? new Credentials(scheme, token)
            : AccessRefusal.InvalidToken(scheme, "RS-08", "the access token is malformed");
    }

    /// <summary>RFC 6750's characters. Two tokens by comma or space, quotes and control characters are not among them.</summary>
    private static bool IsTokenText(string token) =>
        token.Length is > 0 and <= 4096 && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=');
}
