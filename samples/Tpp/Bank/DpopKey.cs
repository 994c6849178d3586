using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>
/// The key that access tokens are bound to, and the proofs made with it (RFC 9449). Nonces are remembered for each side of the
/// bank, since its authorization server and its APIs keep their own even where they share an origin.
/// </summary>
internal sealed class DpopKey(SigningKey key, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, string> nonces = new(StringComparer.Ordinal);

    public string Thumbprint => key.PublicKey.Thumbprint;

    /// <summary>A proof for one request: it names method and address, the token it travels with, and never serves twice.</summary>
    public string Proof(string side, HttpMethod method, Uri url, string? accessToken)
    {
        var publicKey = key.PublicKey.ToJson();
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = key.Algorithm, ["jwk"] = new JsonObject() };
        foreach (var member in (ReadOnlySpan<string>)["kty", "crv", "x", "y", "n", "e"])
        {
            if (publicKey[member] is { } value) header["jwk"]![member] = value.DeepClone();
        }

        var payload = new JsonObject
        {
            ["jti"] = Handle.New().Value,
            ["htm"] = method.Method,
            ["htu"] = url.GetLeftPart(UriPartial.Path),
            ["iat"] = time.GetUtcNow().ToUnixTimeSeconds(),
        };
        if (nonces.TryGetValue(side, out var nonce)) payload["nonce"] = nonce;
        if (accessToken is not null) payload["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));

        // The kernel signs with `kid`; a proof carries the key itself, so it is put together here.
        var input = Part(header) + "." + Part(payload);
        return input + "." + Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(input)));
    }

    /// <summary>Keeps the nonce that an answer brought for the next proof; true where this answer asks for a new attempt with it.</summary>
    public bool TakeNonce(string side, HttpResponseMessage answer, string? oauthError)
    {
        if (!answer.Headers.TryGetValues("DPoP-Nonce", out var values)) return false;
        nonces[side] = values.First();
        return string.Equals(oauthError, "use_dpop_nonce", StringComparison.Ordinal)
            || answer.Headers.WwwAuthenticate.Any(challenge =>
                string.Equals(challenge.Scheme, "DPoP", StringComparison.OrdinalIgnoreCase)
                && challenge.Parameter?.Contains("error=\"use_dpop_nonce\"", StringComparison.Ordinal) == true);
    }

    private static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
