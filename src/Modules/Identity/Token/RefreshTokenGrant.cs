using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Gives a new access token for a refresh token, which stays as it is (REF-09): a client that loses the answer simply asks again.
/// It is bound to the client and not to a key, so a client may come with a new key or certificate (REF-04, REF-05).
/// There is no ID token in the answer, since nobody has authenticated anew (REF-07).
/// </summary>
internal sealed class RefreshTokenGrant(IssuedTokens tokens, TokenIssuer issuer, TimeProvider clock)
{
    /// <summary>What is asked of the database before the client is known, so that both go in one trip. Nothing is said of it to anybody else.</summary>
    public Question<PresentedRefreshToken> Presented(OAuthForm form) => tokens.RefreshToken(Handle.HashOf(form["refresh_token"]!));

    public async Task<IResult> RefreshAsync(
        OAuthForm form, Question<PresentedRefreshToken> presented, Client client, SenderConstraint constraint, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var found = await presented.OneAsync(ct);
        if (found is null || found.Token.ClientId != client.ClientId || found.Token.ExpiresAt <= now) return OAuthError.InvalidGrant("REF-02");
        if (!found.Grant.IsLive(now)) return OAuthError.InvalidGrant("OB-SEC-17");

        // Each name once, and at least one: a token that opens nothing helps nobody.
        var names = GrantedScope.Split(form["scope"] ?? found.Grant.Scope).Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0 || !names.All(name => GrantedScope.Contains(found.Grant.Scope, name)))
            return new OAuthError("invalid_scope", "REF-06", "scope names nothing or more than was granted");
        if (NarrowedDetails.Of(form, found.Grant).Failed(out var error, out var details)) return error;

        return issuer.ForRefresh(client, found.Grant, string.Join(' ', names), details, constraint);
    }
}
