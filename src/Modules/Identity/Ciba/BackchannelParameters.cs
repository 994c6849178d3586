using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Protocol;

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

    public IReadOnlyList<string> IntentIds { get; init; } = [];

    public int Hints => new[] { LoginHint, LoginHintToken, IdTokenHint }.Count(hint => hint is not null);

    public static BackchannelParameters From(OAuthForm form) => Read(name => form[name]);

    /// <summary>What the customer decides on and what the tokens are for, as a request through a browser would have it.</summary>
    public AuthorizationRequest ToAuthorizationRequest() => new()
    {
        Scope = Scope,
        AcrValues = AcrValues,
        AuthorizationDetails = AuthorizationDetails,
        Claims = Claims,
        IntentIds = IntentIds,
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
        IntentIds = [.. IntentIdNames.Select(parameter).OfType<string>()],
    };
}
