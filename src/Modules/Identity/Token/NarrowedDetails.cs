using System.Text.Json;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Token;

/// <summary>
/// The authorization details of one access token: those of the grant, or some of them where the request names some (RAR-09). A
/// detail is granted as a whole (OB-CON-11), so it may be left out but not cut.
/// </summary>
/// <param name="Json">A JSON array; null where the grant has none.</param>
internal sealed record NarrowedDetails(string? Json)
{
    private const int MaxLength = 16 * 1024;

    public static Outcome<NarrowedDetails, OAuthError> Of(OAuthForm form, Grant grant)
    {
        if (form["authorization_details"] is not { } asked) return new NarrowedDetails(grant.AuthorizationDetails);
        if (grant.AuthorizationDetails is null || asked.Length > MaxLength) return Refusal();

        // Read as strictly as at PAR: what passes for JSON can still be unreadable (RAR-01).
        if (JsonParameter.Parse(asked) is not { ValueKind: JsonValueKind.Array } wanted || wanted.GetArrayLength() == 0) return Refusal();
        using var granted = JsonDocument.Parse(grant.AuthorizationDetails);
        var chosen = granted.RootElement.EnumerateArray()
            .Where(detail => wanted.EnumerateArray().Any(wish => Names(wish, detail)))
            .ToArray();
        return wanted.EnumerateArray().All(wish => chosen.Any(detail => Names(wish, detail)))
            ? new NarrowedDetails(JsonSerializer.Serialize(chosen))
            : Refusal();
    }

    /// <summary>A client may name a detail as it was asked for or as it was granted, with the customer's choice filled in (RAR-07).</summary>
    private static bool Names(JsonElement wish, JsonElement detail) =>
        wish.ValueKind == JsonValueKind.Object
        && wish.EnumerateObject().All(member => detail.TryGetProperty(member.Name, out var granted) && JsonElement.DeepEquals(member.Value, granted))
        && detail.EnumerateObject().All(member => member.Name == "accounts" || wish.TryGetProperty(member.Name, out _));

    private static OAuthError Refusal() =>
        new("invalid_authorization_details", "RAR-09", "authorization_details are not part of what was granted");
}
