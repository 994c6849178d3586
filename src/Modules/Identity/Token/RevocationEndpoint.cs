using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Ends a token at its client's wish (RFC 7009). The consent stays as it is: a client that tidies up has not lost the customer's
/// permission (REV-09).
/// </summary>
internal sealed class RevocationEndpoint(ClientAuthentication clients, IdentityDb db, IssuedTokens tokens, Grants grants, TimeProvider clock)
{
    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await OAuthForm.ReadAsync(http.Request, ct)).Failed(out var error, out var form)) return error;
        if (form["token"] is not { } token) return OAuthError.InvalidRequest("REV-01", "token is missing");
        if ((await clients.AuthenticateAsync(http, form, ct)).Failed(out error, out var client)) return error;

        // token_type_hint would only say where to look first; both kinds are one look away (REV-06).
        if (await RevokeAsync(Handle.HashOf(token), client.Client, ct) is { } refusal) return refusal;
        http.Response.Headers.CacheControl = "no-store";
        return Results.Ok();
    }

    /// <summary>A token that is not there, or not any more, is as revoked as can be (REV-02).</summary>
    private async Task<OAuthError?> RevokeAsync(byte[] hash, Client client, CancellationToken ct)
    {
        if (await tokens.AccessToken(hash).OneAsync(ct) is { } access)
        {
            if (access.Token.ClientId != client.ClientId) return OAuthError.InvalidGrant("REV-03");

            // This one token: the refresh token stays, since to end it is a wish of its own (REV-05).
            var now = clock.GetUtcNow();
            await db.AccessTokens
                .Where(row => row.Hash == hash && row.RevokedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), ct);
        }
        else if (await tokens.RefreshToken(hash).OneAsync(ct) is { } refresh)
        {
            if (refresh.Token.ClientId != client.ClientId) return OAuthError.InvalidGrant("REV-03");
            await grants.RevokeAsync(refresh.Token.GrantId, ct); // with its access tokens (REV-04)
        }

        return null;
    }
}
