using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// A public key that signatures are checked with (RFC 7517): RSA for PS256, P-256 for ES256, nothing else. It is judged and imported once, and may
/// then be used by any number of callers at once.
/// </summary>
public sealed class JsonWebKey
{
    private const int MaxCertificates = 10;

    /// <summary>Members of private and symmetric keys of every type, so that a key type we do not know is searched as well.</summary>
    private static readonly HashSet<string> SecretMembers =
        new(StringComparer.OrdinalIgnoreCase) { "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv" };

    private readonly PublicNumbers numbers;
    private readonly IReadOnlyList<string>? operations;

    private JsonWebKey(Description description, PublicNumbers numbers, IReadOnlyList<byte[]> certificates)
    {
        (KeyType, KeyId, Use, Algorithm, operations) = description;
        this.numbers = numbers;
        Certificates = certificates;
        Thumbprint = numbers.Thumbprint();
    }

    public string KeyType { get; }

    public string? KeyId { get; }

    public string? Use { get; }

    public string? Algorithm { get; }

    /// <summary>RFC 7638 with SHA-256, as base64url: the same for one key whatever its <c>kid</c>.</summary>
    public string Thumbprint { get; }

    /// <summary>The DER certificates of <c>x5c</c>; the first is for this very key.</summary>
    public IReadOnlyList<byte[]> Certificates { get; }

    /// <summary>Reads a public key. Anything private, weak, malformed or of another kind is a fault.</summary>
    public static Outcome<JsonWebKey, JoseFault> Parse(JsonElement jwk)
    {
        if (jwk.ValueKind != JsonValueKind.Object) return new JoseFault("KEY-09", "the key is not a JSON object");
        return StrictJson.TryParseObject(JsonMarshal.GetRawUtf8Value(jwk), out var strict)
            ? FromStrict(strict)
            : new JoseFault("KEY-09", "the key is not strict JSON");
    }

    /// <summary>Whether this key may check a signature of that algorithm: its type, its <c>alg</c>, <c>use</c> and <c>key_ops</c> all allow it (KEY-07).</summary>
    public bool Fits(string alg) =>
        numbers.Algorithm == alg
        && (Algorithm is null || Algorithm == alg)
        && Use is null or "sig"
        && (operations is null || operations.Contains("verify", StringComparer.Ordinal));

    /// <summary>Whether the signature is one of this key over this input. False also where key, algorithm or length do not fit.</summary>
    public bool Verify(string alg, ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature) =>
        Fits(alg) && numbers.Verify(signingInput, signature);

    /// <summary>The same over an input that is known by its SHA-256.</summary>
    public bool VerifyHash(string alg, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) => Fits(alg) && numbers.VerifyHash(hash, signature);

    /// <summary>The key as a set publishes it.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var (name, value) in numbers.Members) json[name] = value;
        if (KeyId is not null) json["kid"] = KeyId;
        if (Use is not null) json["use"] = Use;
        if (Algorithm is not null) json["alg"] = Algorithm;
        if (operations is not null) json["key_ops"] = new JsonArray([.. operations.Select(operation => (JsonNode)operation)]);
        if (Certificates.Count > 0) json["x5c"] = new JsonArray([.. Certificates.Select(der => (JsonNode)Convert.ToBase64String(der))]);
        return json;
    }

    /// <summary>A key that strict parsing has been through already.</summary>
    internal static Outcome<JsonWebKey, JoseFault> FromStrict(JsonElement jwk)
    {
        if (!StrictJson.NoTwoNamesDifferByCaseOnly(jwk)) return new JoseFault("KEY-09", "two members of the key differ by case only");
        if (HasSecret(jwk)) return new JoseFault("JO-13", "a private or symmetric key was sent as a public one");
        if (Description.Read(jwk) is not { } description) return new JoseFault("KEY-09", "a member of the key has the wrong type");

        PublicNumbers? found;
        JoseFault? fault;
        switch (description.KeyType)
        {
            case "RSA": (found, fault) = PublicNumbers.ReadRsa(jwk); break;
            case "EC": (found, fault) = PublicNumbers.ReadEc(jwk); break;
            default: return new JoseFault("KEY-07", "the key's type fits no algorithm that is offered");
        }

        if (found is null) return fault!;
        if (!TryReadCertificates(jwk, found, out var certificates)) return new JoseFault("KEY-09", "x5c is not a chain that begins with this key");
        return new JsonWebKey(description, found, certificates);
    }

    internal static JsonWebKey Of(RSA key, string alg) => Own(PublicNumbers.Of(key.ExportParameters(includePrivateParameters: false)), alg);

    internal static JsonWebKey Of(ECDsa key, string alg) => Own(PublicNumbers.Of(key.ExportParameters(includePrivateParameters: false)), alg);

    /// <summary>Whether the object holds anything that only the owner of a key may have (JO-13).</summary>
    internal static bool HasSecret(JsonElement jwk) =>
        Claims.Text(jwk, "kty") is "oct" || jwk.EnumerateObject().Any(member => SecretMembers.Contains(member.Name));

    private static JsonWebKey Own(PublicNumbers numbers, string alg) =>
        new(new Description(numbers.KeyType, numbers.Thumbprint(), "sig", alg, null), numbers, []);

    private static bool TryReadCertificates(JsonElement jwk, PublicNumbers numbers, out IReadOnlyList<byte[]> certificates)
    {
        certificates = [];
        if (!jwk.TryGetProperty("x5c", out var x5c)) return true;
        if (x5c.ValueKind != JsonValueKind.Array || x5c.GetArrayLength() is < 1 or > MaxCertificates) return false;
        var chain = new List<byte[]>();
        foreach (var item in x5c.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || !item.TryGetBytesFromBase64(out var der)) return false;
            chain.Add(der);
        }

        certificates = chain;
        return numbers.AreThoseOf(chain[0]);
    }

    /// <summary>What a key says about itself beside its numbers.</summary>
    private sealed record Description(string KeyType, string? KeyId, string? Use, string? Algorithm, IReadOnlyList<string>? Operations)
    {
        public static Description? Read(JsonElement jwk)
        {
            if (Claims.Text(jwk, "kty") is not { } kty) return null;
            foreach (var name in new[] { "kid", "use", "alg" })
            {
                if (Claims.Has(jwk, name) && Claims.Text(jwk, name) is null) return null;
            }

            List<string>? operations = null;
            if (jwk.TryGetProperty("key_ops", out var ops))
            {
                if (ops.ValueKind != JsonValueKind.Array || ops.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String)) return null;
                operations = [.. ops.EnumerateArray().Select(item => item.GetString()!)];
                if (operations.Distinct(StringComparer.Ordinal).Count() != operations.Count) return null; // RFC 7517 4.3
            }

            return new Description(kty, Claims.Text(jwk, "kid"), Claims.Text(jwk, "use"), Claims.Text(jwk, "alg"), operations);
        }
    }
}
