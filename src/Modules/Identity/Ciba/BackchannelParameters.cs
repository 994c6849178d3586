using System.Text.Json;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Ciba;

/// <summary>The parameters of a request on the back channel as the client wrote them, in the form or inside what it has signed.</summary>
internal sealed record BackchannelParameters
{
    /// <summary>The UK profile writes it with hyphens, its API with underscores (OB-SEC-14).</summary>
    private static readonly string[] IntentIdNames = ["openbanking_intent_id", "openbanking-intent-id"];

    public string? Scope { get; init; }

    public string? ClientNotificationToken { get; init; }

    public string? AcrValues { get; init; }

    public string? LoginHint { get; init; }

    public string? LoginHintToken { get; init; }

    public string? IdTokenHint { get; init; }

    public string? BindingMessage { get; init; }

    public string? RequestedExpiry { get; init; }

    public string? RequestContext { get; init; }

    public string? AuthorizationDetails { get; init; }

    public string? Claims { get; init; }

    public string? IntentIds { get; init; }

    public string? GrantManagementAction { get; init; }

    public string? GrantId { get; init; }

    public int Hints => new[] { LoginHint, LoginHintToken, IdTokenHint }.Count(hint => hint is not null);

    /// <summary>Each parameter with its types in JSON; a form has only texts (CIBA-15: a number may also be written as text).</summary>
    private static readonly (string Name, JsonValueKind[] Kinds)[] InJson =
    [
        ("scope", [JsonValueKind.String]),
        ("client_notification_token", [JsonValueKind.String]),
        ("acr_values", [JsonValueKind.String]),
        ("login_hint", [JsonValueKind.String]),
        ("login_hint_token", [JsonValueKind.String]),
        ("id_token_hint", [JsonValueKind.String]),
        ("binding_message", [JsonValueKind.String]),
        ("user_code", [JsonValueKind.String]),
        ("requested_expiry", [JsonValueKind.Number, JsonValueKind.String]),
        ("request_context", [JsonValueKind.Object]),
        ("authorization_details", [JsonValueKind.Array]),
        ("claims", [JsonValueKind.Object]),
        ("grant_management_action", [JsonValueKind.String]),
        ("grant_id", [JsonValueKind.String]),
        ("openbanking_intent_id", [JsonValueKind.String]),
        ("openbanking-intent-id", [JsonValueKind.String]),
    ];

    public static BackchannelParameters From(OAuthForm form) => Read(name => form[name]);

    /// <summary>Reads them from what the client has signed.</summary>
    public static Outcome<BackchannelParameters, OAuthError> From(JsonElement claims)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, kinds) in InJson)
        {
            if (!claims.TryGetProperty(name, out var value)) continue;
            if (!kinds.Contains(value.ValueKind)) return OAuthError.InvalidRequest("CIBA-04", $"{name} of the signed request has the wrong JSON type");
            parameters[name] = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }

        return Read(name => parameters.GetValueOrDefault(name) is { Length: > 0 } value ? value : null);
    }

    /// <summary>Whether the form has any of them, were it empty.</summary>
    public static bool AreIn(OAuthForm form) => InJson.Any(parameter => form.WasSent(parameter.Name));

    /// <summary>What the customer decides on and what the tokens are for, as a request through a browser would have it.</summary>
    public AuthorizationRequest ToAuthorizationRequest() => new()
    {
        Scope = Scope,
        AcrValues = AcrValues, // CIBA-16
        AuthorizationDetails = AuthorizationDetails,
        Claims = Claims,
        IntentIds = IntentIds,
        GrantManagementAction = GrantManagementAction,
        GrantId = GrantId,
    };

    private static BackchannelParameters Read(Func<string, string?> parameter) => new()
    {
        Scope = parameter("scope"),
        ClientNotificationToken = parameter("client_notification_token"),
        AcrValues = parameter("acr_values"),
        LoginHint = parameter("login_hint"),
        LoginHintToken = parameter("login_hint_token"),
        IdTokenHint = parameter("id_token_hint"),
        BindingMessage = parameter("binding_message"),
        RequestedExpiry = parameter("requested_expiry"),
        RequestContext = parameter("request_context"),
        AuthorizationDetails = parameter("authorization_details"),
        Claims = parameter("claims"),
        GrantManagementAction = parameter("grant_management_action"),
        GrantId = parameter("grant_id"),
        IntentIds = IntentIdNames.Select(parameter).OfType<string>().ToList() is { Count: > 0 } ids ? string.Join(' ', ids) : null,
    };
}
