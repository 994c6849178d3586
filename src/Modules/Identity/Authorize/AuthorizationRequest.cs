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

    /// <summary>Consents that the back channel names by a parameter of its own (OB-SEC-14).</summary>
    public IReadOnlyList<string> IntentIds { get; init; } = [];

    public IReadOnlyList<string> Scopes => Scope is null ? [] : [.. GrantedScope.Split(Scope).Distinct(StringComparer.Ordinal)];

    public IReadOnlyList<string> Prompts => Prompt?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Reads what is known of the form; <c>login_hint</c>, <c>ui_locales</c>, <c>display</c> and the like never matter (ID-18).</summary>
    public static AuthorizationRequest From(OAuthForm form) => new()
    {
        ResponseType = form["response_type"] ?? (form.WasSent("response_type") ? "" : null),
        ResponseMode = form["response_mode"],
        RedirectUri = form["redirect_uri"],
        Scope = form["scope"],
        State = form["state"],
        Nonce = form["nonce"],
        CodeChallenge = form["code_challenge"],
        CodeChallengeMethod = form["code_challenge_method"],
        DpopKeyThumbprint = form["dpop_jkt"],
        AuthorizationDetails = form["authorization_details"],
        Claims = form["claims"],
        Prompt = form["prompt"],
        MaxAge = form["max_age"],
        AcrValues = form["acr_values"],
        IdTokenHint = form["id_token_hint"],
        RequestUri = form["request_uri"],
        RequestObject = form["request"],
        Registration = form["registration"],
    };

    public string ToJson() => JsonSerializer.Serialize(this);

    public static AuthorizationRequest FromJson(string json) =>
        JsonSerializer.Deserialize<AuthorizationRequest>(json) ?? throw new InvalidOperationException("A stored authorization request is empty.");
}
