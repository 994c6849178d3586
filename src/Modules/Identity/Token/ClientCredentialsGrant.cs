using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Gives a client a token to speak for itself (F1-34). UK clients habitually ask for <c>openid</c> here too; there is no customer it could
/// name, so it is left out and the answer's <c>scope</c> says so.
/// </summary>
internal sealed class ClientCredentialsGrant(TokenIssuer issuer)
{
    public IResult Issue(OAuthForm form, Client client, SenderConstraint constraint)
    {
        var asked = GrantedScope.Split(form["scope"] ?? "").Distinct(StringComparer.Ordinal)
            .Where(name => name is not (GrantedScope.OpenId or GrantedScope.OfflineAccess))
            .ToArray();

        // A token opens what it was asked for and no more, so there is no default (F2-GEN-10).
        if (asked.Length == 0) return new OAuthError("invalid_scope", "F2-GEN-10", "scope names no API");
        if (!asked.All(client.Scopes.Contains)) return new OAuthError("invalid_scope", "TOK-07", "scope is more than the client is registered for");
        if (!asked.All(name => GrantedScope.RoleAllows(name, client.Roles)))
            return new OAuthError("invalid_scope", "OB-SEC-6", "scope needs a role that the client does not have");
        if (form["authorization_details"] is not null)
            return new OAuthError("invalid_authorization_details", "RAR-09", "authorization_details need a customer's grant");

        return issuer.ForClient(client, string.Join(' ', asked), constraint);
    }
}
