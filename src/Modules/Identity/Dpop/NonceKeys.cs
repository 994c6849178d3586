using OpenBanking.Identity.Metadata;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Dpop;

/// <summary>Nonces are good on every host, since all share the keys; and on one side only, since each side has its own (DPOP-20).</summary>
internal sealed class NonceKeys(ServerSecrets secrets) : INonceKeys
{
    public Task<byte[]> KeyAsync(DpopUse use, CancellationToken ct) => secrets.GetAsync(
        use == DpopUse.AuthorizationServer ? ServerSecrets.AuthorizationServerNonce : ServerSecrets.ResourceServerNonce, ct);
}
