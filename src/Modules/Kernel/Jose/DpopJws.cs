using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// The one way in for a message that brings its own key: a DPoP proof (RFC 9449). Whoever gets it back knows that the sender has the key, and
/// nothing more; whose key it is, the token says.
/// </summary>
public static class DpopJws
{
    public const string Type = "dpop+jwt";

    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { Type });
    private static readonly RecentKeys Keys = new(capacity: 2048);

    /// <summary>Reads a proof and checks its form, its key and its signature; its claims are the caller's to judge.</summary>
    public static Outcome<EmbeddedKeyJws, JoseFault> Parse(string compact, int maxLength = 4096)
    {
        if (Jws.Parse(compact, maxLength, embeddedKey: true).Failed(out var fault, out var jws))
            return fault with { Rule = fault.Rule is "KEY-03" or "KEY-07" ? "DPOP-04" : "DPOP-02" };
        if (jws.Type != Type) return new JoseFault("DPOP-03", "the typ is not that of a proof");
        if (!Policy.Algorithms.Contains(jws.Algorithm)) return new JoseFault("DPOP-04", "the algorithm is not allowed for proofs");
        if (!jws.Header.TryGetProperty("jwk", out var jwk) || jwk.ValueKind != JsonValueKind.Object) return new JoseFault("DPOP-05", "the proof has no jwk");

        var text = jwk.GetRawText();
        var known = Keys.Find(text);
        var key = known;
        if (key is null && JsonWebKey.FromStrict(jwk).Failed(out fault, out key))
            return fault with { Rule = fault.Rule == "JO-13" ? "DPOP-05" : "DPOP-06" };
        if (jws.Verify(key, Policy) is { } refusal) return refusal with { Rule = "DPOP-06" };

        if (known is null) Keys.Keep(text, key);
        return new EmbeddedKeyJws(jws, key);
    }

    /// <summary>A new proof, for those who play the client.</summary>
    public static string Sign(SigningKey key, JsonObject payload)
    {
        var jwk = new JsonObject();
        foreach (var (name, value) in key.PublicKey.ToJson())
        {
            if (name is not ("kid" or "use" or "alg")) jwk[name] = value?.DeepClone();
        }

        return Jws.SignWith(key, new JsonObject { ["alg"] = key.Algorithm, ["typ"] = Type, ["jwk"] = jwk }, payload);
    }
}
