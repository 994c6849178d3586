using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>
/// The signature that travels beside a message, as the UK standard has it: detached, PS256, and with three names of its own that must be
/// understood. Ours is over the bytes that we send, the bank's over the bytes that came.
/// </summary>
internal static class MessageSignature
{
    public const string Header = "x-jws-signature";
    private const string Algorithm = "PS256";
    private const string IssuedAt = "http://openbanking.org.uk/iat";
    private const string Issuer = "http://openbanking.org.uk/iss";
    private const string TrustAnchor = "http://openbanking.org.uk/tan";
    private const string Anchor = "openbanking.org.uk";
    private static readonly string[] Critical = [IssuedAt, Issuer, TrustAnchor];
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    public static string Sign(SigningKey key, string issuer, ReadOnlySpan<byte> message, DateTimeOffset now) => DetachedJws.Sign(
        key,
        new JsonObject
        {
            ["typ"] = "JOSE",
            ["cty"] = "application/json",
            ["crit"] = new JsonArray([.. Critical.Select(name => (JsonNode)name)]),
            [IssuedAt] = now.ToUnixTimeSeconds(),
            [Issuer] = issuer,
            [TrustAnchor] = Anchor,
        },
        message);

    /// <summary>What is wrong with the bank's signature; null where nothing is.</summary>
    /// <param name="keys">What the bank publishes. Its key says who it is; the name beside it is its own to choose.</param>
    public static string? FirstFault(string? signature, KeySet keys, ReadOnlySpan<byte> message, DateTimeOffset now)
    {
        if (signature is null || DetachedJws.Parse(signature).Failed(out _, out var jws)) return "the answer is not signed";
        var header = jws.Header;
        if (Claims.Text(header, "alg") != Algorithm || Claims.Has(header, "b64") || Claims.Text(header, TrustAnchor) != Anchor || !HasTheThree(header)) return "the header of the answer's signature is not as it must be";
        if (Claims.Seconds(header, IssuedAt) is not { } at || DateTimeOffset.FromUnixTimeSeconds(at) > now + Ahead || DateTimeOffset.FromUnixTimeSeconds(at) < now - Age) return "the answer was not signed just now";
        foreach (var key in keys.Candidates(Claims.Text(header, "kid"), Algorithm))
        {
            if (jws.Verify(key, Algorithm, message)) return null;
        }

        return "no key of the bank made the answer's signature";
    }

    private static bool HasTheThree(JsonElement header) =>
        header.TryGetProperty("crit", out var crit) && crit.ValueKind == JsonValueKind.Array && crit.GetArrayLength() == Critical.Length
        && Critical.All(name => crit.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals(name)));
}
