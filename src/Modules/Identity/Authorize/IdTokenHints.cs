using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Authorize;

/// <summary>Reads an <c>id_token_hint</c>: an ID token of ours, however old (ID-17).</summary>
internal sealed class IdTokenHints(SigningKeys keys)
{
    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { "JWT" });

    /// <summary>Whom the token is about; null where it is none of ours for this client.</summary>
    public async Task<string?> SubjectAsync(string hint, Client client, CancellationToken ct)
    {
        if (Jws.Parse(hint).Failed(out _, out var token) || Claims.Text(token.Payload, "aud") != client.ClientId) return null;
        foreach (var key in await keys.PublishedAsync(ct))
        {
            if (key.KeyId == token.KeyId && token.Verify(key.PublicKey, Policy) is null) return Claims.Text(token.Payload, "sub");
        }

        return null;
    }
}
