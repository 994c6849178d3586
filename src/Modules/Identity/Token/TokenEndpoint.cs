using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Gives tokens for what a client holds. The order of the checks is fixed (HTTP-12), and whatever fails before the grant is looked
/// at has consumed nothing, so that the client can come again with a nonce or a better assertion (HTTP-13).
/// </summary>
internal sealed class TokenEndpoint(
    ClientAuthentication clients,
    DpopProofs proofs,
    AuthorizationCodeGrant codes,
    RefreshTokenGrant refreshTokens,
    ClientCredentialsGrant clientCredentials,
    CibaGrant backchannel,
    IOptions<AuthorizationServerOptions> options)
{
    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await OAuthForm.ReadAsync(http.Request, ct)).Failed(out var error, out var form)) return error;
        if (TokenRequestChecks.SyntaxRefusal(form) is { } syntax) return syntax;
        var refreshToken = form["grant_type"] == GrantType.RefreshToken ? refreshTokens.Presented(form) : null;
        if ((await clients.AuthenticateAsync(http, form, ct)).Failed(out error, out var client)) return error; // REF-01
        if (TokenRequestChecks.FirstRefusal(form, client.Client, options.Value) is { } refusal) return refusal;
        if ((await SenderConstraint.OfAsync(http, client, proofs, ct)).Failed(out error, out var constraint)) return error;

        return form["grant_type"] switch
        {
            GrantType.AuthorizationCode => await codes.RedeemAsync(form, client.Client, constraint, ct),
            GrantType.RefreshToken => await refreshTokens.RefreshAsync(form, refreshToken!, client.Client, constraint, ct),
            GrantType.Ciba => await backchannel.RedeemAsync(form, client.Client, constraint, ct),
            _ => clientCredentials.Issue(form, client.Client, constraint),
        };
    }
}
