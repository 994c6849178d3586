using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Token;

/// <summary>A token of ours behind the check, with the rows it stands for; for this module's own resources.</summary>
internal sealed record StoredToken : BankToken
{
    public required PresentedToken Presented { get; init; }
}

/// <summary>The check of tokens asks the database on every call, so that a revocation holds from the next one on, on every host (RS-03):
/// there is no cache that could outlive it (RS-17).</summary>
internal sealed class StoredTokens(IssuedTokens tokens, RevocationLists revoked, TimeProvider clock) : ITokenSource
{
    public async Task<Outcome<VerifiedToken, TokenFault>> FindAsync(HttpContext http, string token, CancellationToken ct)
    {
        if (await tokens.AccessToken(Handle.HashOf(token)).OneAsync(ct) is not { } presented) return TokenFault.NotValid("RS-03");
        if (presented.IsLive(clock.GetUtcNow()))
        {
            // A token bound to a certificate ends with it, though it was good when the token was issued.
            return presented.Token.CertificateThumbprint is not null && SenderCertificate.Of(http) is { } certificate
                && revoked.Refuses(certificate, presented.Roles.Contains("PISP"))
                ? TokenFault.NotValid("MT-11")
                : Described(presented);
        }

        // To a third party a revoked token is like an unknown one; an expired one is worth a refresh, so it is told.
        RefusalLog.NameClient(http, presented.Token.ClientId);
        if (presented.Token.RevokedAt is not null) return TokenFault.NotValid("REV-08");
        if (presented.Grant?.RevokedAt is not null) return TokenFault.NotValid("OB-SEC-17");
        const string message = "the access token has expired";
        var fault = http.Request.Path.StartsWithSegments("/open-banking", StringComparison.Ordinal) ? new ApiFault("TKXP", "CO-17", message) : null;
        return new TokenFault("CO-17", message, fault);
    }

    private static StoredToken Described(PresentedToken presented)
    {
        var (token, grant) = (presented.Token, presented.Grant);
        var scopes = GrantedScope.Split(token.Scope).ToHashSet(StringComparer.Ordinal);
        return new StoredToken
        {
            Presented = presented,
            ClientId = token.ClientId,
            Scopes = scopes,
            Subject = grant?.Subject,
            DpopKeyThumbprint = token.DpopKeyThumbprint,
            CertificateThumbprint = token.CertificateThumbprint,
            Acr = grant?.Acr,
            AuthenticatedAt = grant?.AuthenticatedAt,
            Roles = presented.Roles,
            Caller = new Caller(
                token.ClientId,
                scopes,
                grant is null ? null : new ConsentBinding(grant.ConsentId, grant.CustomerId, grant.AuthenticatedAt, grant.Acr)),
        };
    }
}
