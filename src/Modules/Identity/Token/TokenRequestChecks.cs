using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Metadata;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Token;

/// <summary>What a token request must fulfil whatever it asks for; the first broken rule answers (HTTP-12).</summary>
internal static class TokenRequestChecks
{
    /// <summary>Judged before the client is known.</summary>
    public static OAuthError? SyntaxRefusal(OAuthForm form) => form["grant_type"] switch
    {
        null => OAuthError.InvalidRequest("TOK-01", "grant_type is missing"),
        GrantType.AuthorizationCode when form["code"] is null => OAuthError.InvalidRequest("TOK-03", "code is missing"),
        GrantType.RefreshToken when form["refresh_token"] is null => OAuthError.InvalidRequest("REF-02", "refresh_token is missing"),
        GrantType.Ciba when form["auth_req_id"] is null => OAuthError.InvalidRequest("CIBA-19", "auth_req_id is missing"),
        _ => null,
    };

    /// <summary>Judged once the client is known, before any key or grant is looked at.</summary>
    public static OAuthError? FirstRefusal(OAuthForm form, Client client, AuthorizationServerOptions options)
    {
        var grantType = form["grant_type"]!;
        if (!GrantType.All.Contains(grantType))
            return new OAuthError("unsupported_grant_type", "TOK-01", "this grant_type is not supported");
        if (!client.GrantTypes.Contains(grantType))
            return new OAuthError("unauthorized_client", "TOK-02", "the client is not registered for this grant_type");
        if (form["resource"] is { } resource && !ProtectedResources.IsKnown(resource, options))
            return new OAuthError("invalid_target", "TOK-12", "resource names no API of this server");
        return null;
    }
}
