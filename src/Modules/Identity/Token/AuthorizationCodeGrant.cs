using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Redeems an authorization code. The code is taken before it is judged: its own client has one try (OA-11), nobody else's try
/// touches it (OA-14), and who comes second ends what the first one got (F2-PAR-10).
/// </summary>
internal sealed class AuthorizationCodeGrant(IdentityDb db, Grants grants, TokenIssuer issuer, TimeProvider clock)
{
    public async Task<IResult> RedeemAsync(OAuthForm form, Client client, SenderConstraint constraint, CancellationToken ct)
    {
        var hash = Handle.HashOf(form["code"]!);
        var now = clock.GetUtcNow();

        // The update is the lock: of two requests that race with one code, the database lets one through (TOK-10).
        var won = await db.Codes
            .Where(row => row.Hash == hash && row.ClientId == client.ClientId && row.RedeemedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RedeemedAt, now), ct);
        var found = await (
            from row in db.Codes
            join of in db.Grants on row.GrantId equals of.Id
            where row.Hash == hash && row.ClientId == client.ClientId
            select new { Code = row, Grant = of }).SingleOrDefaultAsync(ct);

        if (found is null) return OAuthError.InvalidGrant("TOK-03");
        if (won == 0)
        {
            // Used before, perhaps a moment ago by a thief: what came of it dies, whoever holds it (OA-12, OA-13).
            await grants.RevokeAsync(found.Grant.Id, ct);
            return OAuthError.InvalidGrant("F2-PAR-09"); // F1-21
        }

        if (FirstRefusal(form, found.Code, found.Grant, constraint, now) is { } refusal) return refusal;
        if (NarrowedDetails.Of(form, found.Grant).Failed(out var error, out var details)) return error;
        return await issuer.ForCodeAsync(client, found.Grant, details, constraint, ct);
    }

    /// <summary>The first rule that is broken, in the order of HTTP-12.</summary>
    internal static OAuthError? FirstRefusal(
        OAuthForm form, AuthorizationCode code, Grant grant, SenderConstraint constraint, DateTimeOffset now)
    {
        if (now >= code.ExpiresAt) return OAuthError.InvalidGrant("F2-GEN-07");
        if (!grant.IsLive(now)) return OAuthError.InvalidGrant("TOK-11");
        if (code.DpopKeyThumbprint is { } bound && bound != constraint.DpopKeyThumbprint) return OAuthError.InvalidGrant("DPOP-14");
        if (form["redirect_uri"] != code.RedirectUri) return OAuthError.InvalidGrant("TOK-04");
        if (code.CodeChallenge is not { } challenge) return form["code_verifier"] is null ? null : OAuthError.InvalidGrant("PKCE-06");
        if (form["code_verifier"] is not { } verifier) return OAuthError.InvalidGrant("PKCE-04");
        if (!IsVerifier(verifier)) return OAuthError.InvalidGrant("PKCE-03");
        return VerifierFits(verifier, challenge) ? null : OAuthError.InvalidGrant("PKCE-05");
    }

    private static bool IsVerifier(string verifier) =>
        verifier.Length is >= 43 and <= 128 && verifier.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~');

    // PKCE-07: against the challenge that the code was made with, and in constant time.
    private static bool VerifierFits(string verifier, string challenge) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))),
        Encoding.ASCII.GetBytes(challenge));
}
