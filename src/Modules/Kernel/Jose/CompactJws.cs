using System.Text;
using System.Text.Json;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// A signed message in compact form, whatever its payload: three parts, each in the one text that its bytes have, and a header that leaves
/// nothing open. Nothing is computed before the length is known to be harmless.
/// </summary>
internal sealed class CompactJws
{
    /// <summary>Header members that offer a key or a place to get one. Only DPoP has a use for the first, and it has a way in of its own (KEY-10).</summary>
    private static readonly string[] KeyMembers = ["jwk", "jku", "x5u", "x5c"];

    private readonly byte[] signingInput;
    private readonly byte[] signature;

    private CompactJws(JsonElement header, byte[] payload, byte[] signingInput, byte[] signature)
    {
        Header = header;
        Payload = payload;
        this.signingInput = signingInput;
        this.signature = signature;
        Algorithm = Claims.Text(header, "alg")!;
        Type = Claims.Text(header, "typ");
        KeyId = Claims.Text(header, "kid");
    }

    public JsonElement Header { get; }

    public byte[] Payload { get; }

    public string Algorithm { get; }

    public string? Type { get; }

    public string? KeyId { get; }

    public static Outcome<CompactJws, JoseFault> Parse(string compact, int maxLength, bool embeddedKey = false)
    {
        if (compact.Length > maxLength) return new JoseFault("JO-22", "the message is too long");
        if (compact.StartsWith('{')) return new JoseFault("JO-21", "the message is JSON, not compact");
        var dots = compact.AsSpan().Count('.');

        // No message to us is encrypted, so there is no algorithm of that kind to get wrong (KEY-04).
        if (dots == 4) return new JoseFault("JO-17", "the message is encrypted, which proves no sender");
        if (dots != 2) return new JoseFault("KEY-09", "the message has not three parts");

        var first = compact.IndexOf('.', StringComparison.Ordinal);
        var second = compact.LastIndexOf('.');
        if (!StrictBase64Url.TryDecode(compact.AsSpan(0, first), out var headerBytes)
            || !StrictBase64Url.TryDecode(compact.AsSpan(first + 1, second - first - 1), out var payload)
            || !StrictBase64Url.TryDecode(compact.AsSpan(second + 1), out var signature))
            return new JoseFault("KEY-09", "a part is not canonical base64url");
        if (!StrictJson.TryParseObject(headerBytes, out var header)) return new JoseFault("KEY-09", "the header is not strict JSON");
        if (FirstBroken(header, embeddedKey) is { } fault) return fault;
        return new CompactJws(header, payload, Encoding.ASCII.GetBytes(compact, 0, second), signature);
    }

    public JoseFault? Verify(KeySet keys, JwsPolicy policy)
    {
        if (Judge(policy) is { } fault) return fault;
        var candidates = keys.Candidates(KeyId, Algorithm);
        if (candidates.Count == 0)
        {
            return KeyId is null && keys.Keys.Count(key => key.Fits(Algorithm)) > 1
                ? new JoseFault("JO-07", "there is no kid and several keys fit")
                : new JoseFault("KEY-14", "no key of the set fits kid and algorithm");
        }

        return candidates.Any(Verifies) ? null : new JoseFault("KEY-08", "the signature does not verify");
    }

    public JoseFault? Verify(JsonWebKey key, JwsPolicy policy)
    {
        if (Judge(policy) is { } fault) return fault;
        if (!key.Fits(Algorithm)) return new JoseFault("KEY-07", "the key does not fit the algorithm");
        return Verifies(key) ? null : new JoseFault("KEY-08", "the signature does not verify");
    }

    private bool Verifies(JsonWebKey key) => key.Verify(Algorithm, signingInput, signature);

    private JoseFault? Judge(JwsPolicy policy)
    {
        if (!policy.Algorithms.Contains(Algorithm)) return new JoseFault("KEY-01", "the algorithm is not allowed here");
        return policy.Takes(Type) ? null : new JoseFault("KEY-11", "the typ is not the one of this place");
    }

    private static JoseFault? FirstBroken(JsonElement header, bool embeddedKey)
    {
        if (Claims.Text(header, "alg") is not { Length: > 0 } alg) return new JoseFault("KEY-07", "alg is missing or not a text");
        if (alg.Equals("none", StringComparison.OrdinalIgnoreCase)) return new JoseFault("KEY-03", "the message is not signed");
        if (Claims.Has(header, "typ") && Claims.Text(header, "typ") is null) return new JoseFault("KEY-09", "typ is not a text");
        if (Claims.Has(header, "kid") && Claims.Text(header, "kid") is null) return new JoseFault("JO-05", "kid is not a text");

        foreach (var member in header.EnumerateObject())
        {
            // No extension is understood, so whatever crit says, it cannot be kept.
            if (member.Name.Equals("crit", StringComparison.OrdinalIgnoreCase)) return new JoseFault("KEY-09", "the header has crit");
            if (member.Name.Equals("b64", StringComparison.OrdinalIgnoreCase)) return new JoseFault("KEY-09", "the header has b64");
            if (KeyMembers.Contains(member.Name, StringComparer.OrdinalIgnoreCase) && !(embeddedKey && member.Name == "jwk"))
                return new JoseFault("KEY-10", "the header offers a key of its own");
        }

        return null;
    }
}
