using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Authorize;

/// <summary>What the <c>claims</c> parameter asks for (ID-10); what is not known here is ignored (ID-11).</summary>
internal sealed class RequestedClaims
{
    private const string IntentId = "openbanking_intent_id";
    private static readonly string[] Places = ["id_token", "userinfo"];
    private readonly JsonElement? claims;

    private RequestedClaims(JsonElement? claims) => this.claims = claims;

    public static Outcome<RequestedClaims, OAuthError> Of(AuthorizationRequest request)
    {
        if (request.Claims is null) return new RequestedClaims(null);
        return JsonParameter.Parse(request.Claims) is { ValueKind: JsonValueKind.Object } claims && Places.All(place => IsWellFormed(claims, place))
            ? new RequestedClaims(claims)
            : OAuthError.InvalidRequest("ID-10", "claims must be a JSON object whose members ask for claims");
    }

    /// <summary>The consents named in the UK way; empty text where a value is there that names none. To ask for the claim without a value names nothing.</summary>
    public IEnumerable<string> IntentIds => Places.SelectMany(place => Values(place, IntentId) switch
    {
        { Count: > 0 } values => values,
        _ when Wish(place, IntentId) is { ValueKind: JsonValueKind.Object } wish && (Claims.Has(wish, "value") || Claims.Has(wish, "values")) => [""],
        _ => [],
    });

    /// <summary>The contexts that would do, in order of preference.</summary>
    public IReadOnlyList<string> Acrs => Values("id_token", "acr");

    /// <summary>One of <see cref="Acrs"/> must be reached, or the attempt has failed (ID-09).</summary>
    public bool AcrIsEssential => IsEssential("id_token", "acr") && Acrs.Count > 0;

    public bool AuthTimeIsEssential => IsEssential("id_token", "auth_time");

    /// <summary>
    /// The wishes that can be met, as they are kept with the grant; null without any. Names only: what values were wished for is settled
    /// by then, and JSON can write numbers that the database cannot hold (OP-09).
    /// </summary>
    public string? ToJson()
    {
        var kept = new JsonObject();
        foreach (var place in Places)
        {
            if (claims?.TryGetProperty(place, out var members) != true || members.ValueKind != JsonValueKind.Object) continue;
            var wishes = members.EnumerateObject().Where(member => IdToken.Claims.Contains(member.Name))
                .Select(member => KeyValuePair.Create(member.Name, (JsonNode?)null));
            kept[place] = new JsonObject(wishes);
        }

        return kept.Count == 0 ? null : kept.ToJsonString();
    }

    private static bool IsWellFormed(JsonElement claims, string place)
    {
        if (!claims.TryGetProperty(place, out var members) || members.ValueKind == JsonValueKind.Null) return true;
        return members.ValueKind == JsonValueKind.Object && members.EnumerateObject().All(member => member.Value.ValueKind switch
        {
            JsonValueKind.Null => true,
            JsonValueKind.Object => !member.Value.TryGetProperty("essential", out var essential) || essential.ValueKind is JsonValueKind.True or JsonValueKind.False,
            _ => false,
        });
    }

    private JsonElement? Wish(string place, string name) =>
        claims is { } all && all.TryGetProperty(place, out var members) && members.ValueKind == JsonValueKind.Object && members.TryGetProperty(name, out var wish)
            ? wish
            : null;

    private bool IsEssential(string place, string name) =>
        Wish(place, name) is { ValueKind: JsonValueKind.Object } wish && wish.TryGetProperty("essential", out var essential) && essential.ValueKind == JsonValueKind.True;

    private IReadOnlyList<string> Values(string place, string name)
    {
        if (Wish(place, name) is not { ValueKind: JsonValueKind.Object } wish) return [];
        if (Claims.Text(wish, "value") is { } value) return [value];
        return wish.TryGetProperty("values", out var values) && values.ValueKind == JsonValueKind.Array
            ? [.. values.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];
    }
}
