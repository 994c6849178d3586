using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Dpop;

/// <summary>Proofs that clients show to the authorization server itself, refused in OAuth's own words.</summary>
internal sealed class DpopProofs(DpopProofCheck check)
{
    /// <summary>The key that the request proves to have, if it has a proof at all.</summary>
    public async Task<Outcome<DpopKey, OAuthError>> VerifyAsync(HttpContext http, CancellationToken ct)
    {
        if ((await check.VerifyAsync(http, DpopUse.AuthorizationServer, accessToken: null, ct)).Failed(out var fault, out var key))
            return new OAuthError(fault.Code, fault.Rule, fault.Description);
        return key;
    }
}
