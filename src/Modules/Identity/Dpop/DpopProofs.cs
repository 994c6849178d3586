using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Dpop;

/// <summary>Where a proof is shown; nonces of the two are kept apart (DPOP-20).</summary>
internal enum DpopUse
{
    AuthorizationServer,
    ResourceServer,
}

/// <summary>The key whose possession a request has proven.</summary>
/// <param name="Thumbprint">RFC 7638, base64url; null where the request has no <c>DPoP</c> header at all.</param>
internal sealed record DpopKey(string? Thumbprint);

/// <summary>
/// Verifies DPoP proofs (RFC 9449 4.3). A <c>DPoP-Nonce</c> header is on the answer whenever one is due; a resource server turns a
/// refusal into its own 401.
/// </summary>
internal sealed class DpopProofs(TimeProvider time)
{
    /// <param name="accessToken">The token shown along with the proof; the proof must name its hash.</param>
    public Task<Outcome<DpopKey, OAuthError>> VerifyAsync(HttpContext http, DpopUse use, string? accessToken, CancellationToken ct) =>
        throw new NotSupportedException(time.ToString());
}
