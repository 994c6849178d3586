using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Messages;

/// <summary>
/// What the header of a message signature says, judged by a table: what is missing first (U017), then what is wrong (U016), each with the
/// name of the claim as its path (OB-JWS-12, OB-ERR-4). A signature is worth looking at only when its header is right.
/// </summary>
internal static class MessageHeader
{
    public const string IssuedAt = "http://openbanking.org.uk/iat";
    public const string Issuer = "http://openbanking.org.uk/iss";
    public const string TrustAnchor = "http://openbanking.org.uk/tan";
    public const string Algorithm = "PS256";

    /// <summary>How far ahead of our clock a sender's may be (OB-JWS-8).</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(60);

    /// <summary>How old a signature may be: what is shown much later was not made for this request (PY-18).</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(5);

    private static readonly string[] Critical = [IssuedAt, Issuer, TrustAnchor];
    private static readonly string[] Allowed = ["alg", "kid", "typ", "cty", "crit", .. Critical];

    /// <summary>In the order in which a sender should mend them.</summary>
    private static readonly Missing[] MustBeThere =
        [new("alg", "OB-JWS-12"), new("kid", "OB-JWS-12"), new("crit", "OB-JWS-7"), new(IssuedAt, "OB-JWS-7"), new(Issuer, "OB-JWS-7"), new(TrustAnchor, "OB-JWS-7")];

    private static readonly Wrong[] MustBeRight =
    [
        new("b64", "OB-JWS-2", "must not be there; the body is always encoded", (header, _) => !Claims.Has(header, "b64")),
        new("alg", "OB-JWS-4", "must be PS256", (header, _) => Claims.Text(header, "alg") == Algorithm),
        new("typ", "OB-JWS-6", "must be JOSE or absent", (header, _) => !Claims.Has(header, "typ") || Claims.Text(header, "typ") == "JOSE"),
        new("cty", "OB-JWS-6", "must be the type of the body or absent", IsOfTheBody),
        new("crit", "OB-JWS-7", "must be exactly the three names of http://openbanking.org.uk/", IsTheThree),
        new(IssuedAt, "OB-JWS-8", "must be a time in the past", (header, place) => Claims.Seconds(header, IssuedAt) is { } at && DateTimeOffset.FromUnixTimeSeconds(at) <= place.Now + Ahead),
        new(IssuedAt, "PY-18", "must be of the last five minutes", (header, place) => Claims.Seconds(header, IssuedAt) is { } at && DateTimeOffset.FromUnixTimeSeconds(at) >= place.Now - Age),
        new(TrustAnchor, "OB-JWS-10", "must be a trust anchor that is known here", (header, place) => Claims.Text(header, TrustAnchor) == place.TrustAnchor),
    ];

    /// <summary>The first thing wrong with a header; null where nothing is.</summary>
    public static ApiFault? FirstFault(JsonElement header, Place place)
    {
        if (MustBeThere.FirstOrDefault(claim => !Claims.Has(header, claim.Name)) is { } missing)
            return new ApiFault("U017", missing.Rule, $"The claim {missing.Name} of the signature is missing.", missing.Name);
        if (MustBeRight.FirstOrDefault(check => !check.Holds(header, place)) is { } wrong) return Fault(wrong.Name, wrong.Rule, wrong.Words);

        // Whatever else somebody puts there is not understood here, so it cannot be kept (OB-JWS-5).
        return header.EnumerateObject().FirstOrDefault(member => !Allowed.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } other
            ? Fault(Kernel.Shortened.To(500, other.Name)!, "OB-JWS-5", "is not known")
            : null;
    }

    public static ApiFault Fault(string claim, string rule, string words) => new("U016", rule, $"The claim {claim} of the signature {words}.", claim.Length == 0 ? null : claim);

    /// <summary>The header of our own signatures: never with <c>b64</c> (OB-JWS-17, OB-JWS-2).</summary>
    public static JsonObject Ours(string issuer, string trustAnchor, string mediaType, DateTimeOffset now) => new()
    {
        ["typ"] = "JOSE",
        ["cty"] = mediaType,
        ["crit"] = new JsonArray([.. Critical.Select(name => (JsonNode)name)]),
        [IssuedAt] = now.ToUnixTimeSeconds(),
        [Issuer] = issuer,
        [TrustAnchor] = trustAnchor,
    };

    private static bool IsOfTheBody(JsonElement header, Place place)
    {
        if (!Claims.Has(header, "cty")) return true;
        var type = Claims.Text(header, "cty");
        return string.Equals(type, place.MediaType, StringComparison.OrdinalIgnoreCase) || (place.MediaType == "application/json" && type == "json");
    }

    private static bool IsTheThree(JsonElement header, Place place) =>
        header.GetProperty("crit") is { ValueKind: JsonValueKind.Array } crit
        && crit.GetArrayLength() == Critical.Length
        && Critical.All(name => crit.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals(name)));

    /// <summary>What a header is judged by.</summary>
    internal sealed record Place(DateTimeOffset Now, string TrustAnchor, string MediaType);

    private sealed record Missing(string Name, string Rule);

    private sealed record Wrong(string Name, string Rule, string Words, Func<JsonElement, Place, bool> Holds);
}
