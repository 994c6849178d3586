using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Token;

/// <summary>What an access token is bound to: a DPoP key or a certificate, exactly one of them (F2-GEN-02), at a refresh too (REF-03).</summary>
internal sealed record SenderConstraint(string? DpopKeyThumbprint, string? CertificateThumbprint)
{
    /// <summary>A key's token is of a type of its own (DPOP-17).</summary>
    public string TokenType => DpopKeyThumbprint is null ? "Bearer" : "DPoP";

    /// <summary>Reads it off the token request. Which of the two it must be is the client's registration, not the request.</summary>
    public static async Task<Outcome<SenderConstraint, OAuthError>> OfAsync(
        HttpContext http, AuthenticatedClient client, DpopProofs proofs, CancellationToken ct)
    {
        if (!client.Client.UsesDpop)
        {
            if (SenderCertificate.IsUnreadable(http)) return OAuthError.InvalidRequest("FWD-01", "the forwarded client certificate cannot be read");
            return client.CertificateThumbprint is { } certificate
                ? new SenderConstraint(null, certificate)
                : OAuthError.InvalidRequest(ProfileRules.BindsToCertificates.HoldsFor(client.Client) ? "F1-04" : "F2-GEN-03", "a client certificate is required");
        }

        if ((await proofs.VerifyAsync(http, ct)).Failed(out var error, out var key)) return error;
        return key.Thumbprint is { } thumbprint
            ? new SenderConstraint(thumbprint, null)
            : OAuthError.InvalidDpopProof("DPOP-18", "a DPoP proof is required");
    }
}
