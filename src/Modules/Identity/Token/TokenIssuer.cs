using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Makes the tokens of an answer. There is one way to make an access token, so each is opaque (ATJ-10), of letters that any header takes (TOK-06),
/// bound to its sender and short-lived,
/// whichever grant it comes of (F2-GEN-02, F2-GEN-03, F1-26).
/// </summary>
internal sealed class TokenIssuer(IssuedTokens tokens, IdToken idTokens, TokenSizes sizes, IOptions<AuthorizationServerOptions> options, TimeProvider clock)
{
    /// <summary>For the client itself: no refresh token and no ID token (TOK-08).</summary>
    public TokenResponse ForClient(Client client, string scope, SenderConstraint constraint) =>
        NewAccessToken(client, grant: null, scope, details: null, constraint);

    /// <summary>For a redeemed code: the customer's grant in full.</summary>
    public async Task<TokenResponse> ForCodeAsync(
        Client client, Grant grant, NarrowedDetails details, SenderConstraint constraint, CancellationToken ct)
    {
        var response = NewAccessToken(client, grant, grant.Scope, details.Json, constraint) with { GrantId = grant.ManagedGrantId };
        if (client.GrantTypes.Contains(GrantType.RefreshToken))
            response = response with { RefreshToken = NewRefreshToken(client, grant) };

        // Who the customer is, even as a pairwise name, is told only to who asked for it by openid (F2-GEN-11, TOK-09, F1-29).
        return GrantedScope.Contains(grant.Scope, GrantedScope.OpenId)
            ? response with { IdToken = await idTokens.ForAsync(client, grant, response, ct) }
            : response;
    }

    /// <summary>For a refresh token: an access token alone; the refresh token stands as it is (REF-09).</summary>
    public TokenResponse ForRefresh(Client client, Grant grant, string scope, NarrowedDetails details, SenderConstraint constraint) =>
        NewAccessToken(client, grant, scope, details.Json, constraint);

    private TokenResponse NewAccessToken(Client client, Grant? grant, string scope, string? details, SenderConstraint constraint)
    {
        var now = clock.GetUtcNow();
        var handle = Handle.New();
        sizes.Check(handle.Value);
        var expiresAt = now + options.Value.AccessTokenLifetime;
        if (grant?.ExpiresAt < expiresAt) expiresAt = grant.ExpiresAt.Value;
        tokens.Insert(new AccessToken
        {
            Hash = handle.Hash,
            Id = Guid.CreateVersion7(now),
            ClientId = client.ClientId,
            GrantId = grant?.Id,
            Scope = scope,
            AuthorizationDetails = details,
            DpopKeyThumbprint = constraint.DpopKeyThumbprint,
            CertificateThumbprint = constraint.CertificateThumbprint,
            IssuedAt = now,
            ExpiresAt = expiresAt,
        });

        // A consent in its last second still yields a positive whole number (0.1: expires_in).
        var expiresIn = Math.Max(1, (long)(expiresAt - now).TotalSeconds);
        return new TokenResponse(handle.Value, constraint.TokenType, expiresIn, scope, details);
    }

    private string NewRefreshToken(Client client, Grant grant)
    {
        var handle = Handle.New();
        tokens.Insert(new RefreshToken
        {
            Hash = handle.Hash,
            ClientId = client.ClientId,
            GrantId = grant.Id,
            IssuedAt = clock.GetUtcNow(),
            ExpiresAt = grant.ExpiresAt,
        });
        return handle.Value;
    }
}
