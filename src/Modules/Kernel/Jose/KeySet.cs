using System.Text.Json;

namespace OpenBanking.Kernel.Jose;

/// <summary>The keys of one party (a JWKS), judged as a whole.</summary>
public sealed class KeySet
{
    /// <summary>As much as is fetched of a client's set (KEY-17).</summary>
    private const int MaxBytes = 256 * 1024;
    private const int MaxKeys = 50;

    private KeySet(IReadOnlyList<JsonWebKey> keys) => Keys = keys;

    public IReadOnlyList<JsonWebKey> Keys { get; }

    /// <summary>
    /// Reads a set. One private or symmetric key refuses it whole (JO-13), for whoever publishes such a thing has lost more than that key, and
    /// so does a weak or broken key (JO-12). Keys for encryption, and of types that are not offered here, are what RFC 7517 section 5 says to ignore.
    /// </summary>
    public static Outcome<KeySet, JoseFault> Parse(ReadOnlySpan<byte> utf8Json)
    {
        if (utf8Json.Length > MaxBytes) return new JoseFault("JO-22", "the key set is too long");
        if (!StrictJson.TryParseObject(utf8Json, out var set) || !set.TryGetProperty("keys", out var members) || members.ValueKind != JsonValueKind.Array)
            return new JoseFault("KEY-09", "the key set is not strict JSON with an array of keys");
        if (members.GetArrayLength() > MaxKeys) return new JoseFault("JO-22", "the key set has too many keys");

        var keys = new List<JsonWebKey>();
        foreach (var member in members.EnumerateArray())
        {
            if (member.ValueKind != JsonValueKind.Object) return new JoseFault("KEY-09", "a key of the set is not a JSON object");
            if (!JsonWebKey.FromStrict(member).Failed(out var fault, out var key)) keys.Add(key);
            else if (fault.Rule == "JO-13" || !MayBeIgnored(member)) return fault;
        }

        return new KeySet(keys);
    }

    /// <summary>
    /// The keys that a signature with this header may be checked with. A <c>kid</c> that several keys share leaves several, each to be tried
    /// (KEY-14). Without a <c>kid</c> the choice must be plain: if several keys fit there is none (JO-07).
    /// </summary>
    public IReadOnlyList<JsonWebKey> Candidates(string? kid, string alg)
    {
        List<JsonWebKey> fit = [.. Keys.Where(key => key.Fits(alg) && (kid is null || key.KeyId == kid))];
        return kid is null && fit.Count > 1 ? [] : fit;
    }

    private static bool MayBeIgnored(JsonElement jwk) => (Claims.Text(jwk, "use"), Claims.Text(jwk, "kty"), Claims.Text(jwk, "crv")) switch
    {
        ("enc", _, _) => true,
        (_, "EC", "P-384" or "P-521") => true,
        (_, "EC" or "RSA" or null, _) => false,
        _ => true,
    };
}
