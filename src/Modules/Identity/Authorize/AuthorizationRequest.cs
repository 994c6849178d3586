using System.Text.Json;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Authorize;

/// <summary>The parameters of an authorization request as the client wrote them; how it arrived makes no difference to how it is judged.</summary>
internal sealed record AuthorizationRequest
{
    /// <summary>Kept apart from absent where it was sent empty: that is a wrong value, not a missing one (OA-19).</summary>
    public string? ResponseType { get; init; }

    public string? ResponseMode { get; init; }

    public string? RedirectUri { get; init; }

    public string? Scope { get; init; }

    public string? State { get; init; }

    public string? Nonce { get; init; }

    public string? CodeChallenge { get; init; }

    public string? CodeChallengeMethod { get; init; }

    /// <summary><c>dpop_jkt</c> (DPOP-14).</summary>
    public string? DpopKeyThumbprint { get; init; }

    public string? AuthorizationDetails { get; init; }

    public string? Claims { get; init; }

    public string? Prompt { get; init; }

    public string? MaxAge { get; init; }

    public string? AcrValues { get; init; }

    public string? IdTokenHint { get; init; }

    public string? RequestUri { get; init; }

    public string? RequestObject { get; init; }

    public string? Registration { get; init; }

    /// <summary><c>grant_id</c>: the managed grant that it changes.</summary>
    public string? GrantId { get; init; }

    public string? GrantManagementAction { get; init; }

    /// <summary>What the back channel names as consents by parameters of its own, between spaces (OB-SEC-14).</summary>
    public string? IntentIds { get; init; }

    /// <summary>The client pushed it over the back channel; otherwise a browser brought it.</summary>
    public bool IsPushed { get; init; }

    /// <summary>An ID token comes back through the browser as the detached signature of the answer.</summary>
    public bool IsHybrid => ResponseType == ResponseTypes.Hybrid;

    public IReadOnlyList<string> Scopes => Scope is null ? [] : [.. GrantedScope.Split(Scope).Distinct(StringComparer.Ordinal)];

    public IReadOnlyList<string> Prompts => Prompt?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Reads what is known of the form; <c>login_hint</c>, <c>ui_locales</c>, <c>display</c> and the like never matter (ID-18).</summary>
    public static AuthorizationRequest From(OAuthForm form) => Read(name => form[name], form.WasSent("response_type"));

    /// <summary>Reads the same from the parameters of a request object.</summary>
    public static AuthorizationRequest From(IReadOnlyDictionary<string, string> parameters) =>
        Read(name => parameters.GetValueOrDefault(name) is { Length: > 0 } value ? value : null, parameters.ContainsKey("response_type"));

    public string ToJson() => JsonSerializer.Serialize(this);

    public static AuthorizationRequest FromJson(string json) =>
        JsonSerializer.Deserialize<AuthorizationRequest>(json) ?? throw new InvalidOperationException("A stored authorization request is empty.");

    private static AuthorizationRequest Read(Func<string, string?> parameter, bool hasResponseType) => new()
    {
        ResponseType = parameter("response_type") ?? (hasResponseType ? "" : null),
        ResponseMode = parameter("response_mode"),
        RedirectUri = parameter("redirect_uri"),
        Scope = parameter("scope"),
        State = parameter("state"),
        Nonce = parameter("nonce"),
        CodeChallenge = parameter("code_challenge"),
        CodeChallengeMethod = parameter("code_challenge_method"),
        DpopKeyThumbprint = parameter("dpop_jkt"),
        AuthorizationDetails = parameter("authorization_details"),
        Claims = parameter("claims"),
        Prompt = parameter("prompt"),
        MaxAge = parameter("max_age"),
        AcrValues = parameter("acr_values"),
        IdTokenHint = parameter("id_token_hint"),
        RequestUri = parameter("request_uri"),
        RequestObject = parameter("request"),
        Registration = parameter("registration"),
        GrantId = parameter("grant_id"),
        GrantManagementAction = parameter("grant_management_action"),
    };
}
