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

        try
        {
            using var wanted = JsonDocument.Parse(asked);
            using var granted = JsonDocument.Parse(grant.AuthorizationDetails);
            if (wanted.RootElement.ValueKind != JsonValueKind.Array || wanted.RootElement.GetArrayLength() == 0) return Refusal();
            var chosen = granted.RootElement.EnumerateArray()
                .Where(detail => wanted.RootElement.EnumerateArray().Any(wish => Names(wish, detail)))
                .ToArray();
            return wanted.RootElement.EnumerateArray().All(wish => chosen.Any(detail => Names(wish, detail)))
                ? new NarrowedDetails(JsonSerializer.Serialize(chosen))
                : Refusal();
        }
        catch (JsonException)
        {
            return Refusal();
        }
    }

    /// <summary>A client may name a detail as it was asked for or as it was granted, with the customer's choice filled in (RAR-07).</summary>
    private static bool Names(JsonElement wish, JsonElement detail) =>
        wish.ValueKind == JsonValueKind.Object
        && wish.EnumerateObject().All(member => detail.TryGetProperty(member.Name, out var granted) && JsonElement.DeepEquals(member.Value, granted))
        && detail.EnumerateObject().All(member => member.Name == "accounts" || wish.TryGetProperty(member.Name, out _));

    private static OAuthError Refusal() =>
        new("invalid_authorization_details", "RAR-09", "authorization_details are not part of what was granted");
}
