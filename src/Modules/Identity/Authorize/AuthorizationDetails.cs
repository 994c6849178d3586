using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// Rich authorization requests (RFC 9396). Each type has a closed schema (RAR-15): what is not understood is not granted, so it is
/// refused (RAR-02). No refusal repeats a word of them (RAR-13).
/// </summary>
/// <param name="ConsentId">The consent of the one element that an authorization can have; null where no details were sent.</param>
/// <param name="Type">The type of that element.</param>
internal sealed record AuthorizationDetails(string? ConsentId, string? Type)
{
    private const int MaxElements = 10;
    private const int MaxBytes = 16 * 1024;

    public static Outcome<AuthorizationDetails, OAuthError> Of(AuthorizationRequest request, Client client)
    {
        if (request.AuthorizationDetails is not { } text) return new AuthorizationDetails(ConsentId: null, Type: null);
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes) return Refusal("RAR-14", "authorization_details are larger than 16 KB");
        if (JsonParameter.Parse(text) is not { ValueKind: JsonValueKind.Array } details || details.GetArrayLength() == 0)
            return Refusal("RAR-01", "authorization_details must be a JSON array of objects");
        if (details.GetArrayLength() > MaxElements) return Refusal("RAR-14", "authorization_details have more than 10 elements");

        var consents = new List<string>();
        foreach (var element in details.EnumerateArray())
        {
            if (Judge(element, client) is { } refusal) return refusal;
            consents.Add(element.GetProperty("consent_id").GetString()!);
        }

        // A token is for one consent (OB-SEC-4), so several elements contradict each other or say nothing new.
        if (consents.Distinct(StringComparer.Ordinal).Count() > 1) return OAuthError.InvalidRequest("CO-03", "the request names more than one consent");
        return consents.Count == 1
            ? new AuthorizationDetails(consents[0], Kernel.Jose.Claims.Text(details[0], "type"))
            : Refusal("RAR-02", "authorization_details repeat an element");
    }

    /// <summary>The details as they are granted: what was asked for, and the accounts that the customer chose (RAR-07, RAR-08).</summary>
    public static string Granted(ConsentKind kind, string consentId, IEnumerable<string> accountIds) => new JsonArray(new JsonObject
    {
        ["type"] = kind.DetailsType,
        ["consent_id"] = consentId,
        [DetailsType.Accounts] = new JsonArray([.. accountIds.Select(id => (JsonNode)id)]),
    }).ToJsonString();

    private static OAuthError? Judge(JsonElement element, Client client)
    {
        if (Kernel.Jose.Claims.Text(element, "type") is not { } name) return Refusal("RAR-01", "each element of authorization_details needs a type");
        if (DetailsType.Find(name) is not { } type) return Refusal("RAR-02", "authorization_details have an element of unknown type");
        if (!client.AuthorizationDetailsTypes.Contains(name)) return Refusal("RAR-03", "the client may not ask for this type of authorization_details");
        return type.Schema.Problem(element) is { } problem ? Refusal("RAR-02", $"an element of authorization_details is not as its schema says: {problem}") : null;
    }

    private static OAuthError Refusal(string rule, string description) => new("invalid_authorization_details", rule, description);
}
