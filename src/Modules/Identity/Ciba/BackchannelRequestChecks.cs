using System.Text.Json;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Ciba;

/// <summary>
/// What a request on the back channel must be, a row a rule; the first that is broken answers. What it has in common with a request
/// through a browser is judged by the rows of that table.
/// </summary>
internal static class BackchannelRequestChecks
{
    private const int LongestNotificationToken = 1024;

    /// <summary>128 bits cannot be written in fewer characters of base64url (0.1).</summary>
    private const int ShortestNotificationToken = 22;

    private static readonly Check[] InOrder =
    [
        new("CIBA-02", ClientMayUseTheBackchannel),
        new("CIBA-08", ScopeHasOpenId),
        new("OA-50", (parameters, client, rule) => AuthorizationRequestChecks.ScopeIsAllowed(parameters.ToAuthorizationRequest(), client, rule)),
        new("CIBA-09", ExactlyOneHint),
        new("CIBA-11", PingHasANotificationToken),
        new("CIBA-13", BindingMessageCanBeShown),
        new("CIBA-15", RequestedExpiryIsPositive),
        new("CIBA-33", RequestContextIsAnObject),
        new("RAR-01", (parameters, client, rule) => AuthorizationRequestChecks.DetailsAreAcceptable(parameters.ToAuthorizationRequest(), client, rule)),
        new("GM-02", (parameters, client, rule) => ManagingGrants(client, parameters, request => AuthorizationRequestChecks.GrantActionIsKnown(request, client, rule))),
        new("GM-01", (parameters, client, rule) => ManagingGrants(client, parameters, request => AuthorizationRequestChecks.GrantIdGoesWithTheAction(request, client, rule))),
        new("ID-10", (parameters, client, rule) => AuthorizationRequestChecks.ClaimsAreWellFormed(parameters.ToAuthorizationRequest(), client, rule)),
        new("ID-09", EssentialAcrCanBeReached),
    ];

    public static OAuthError? FirstRefusal(BackchannelParameters parameters, Client client) => InOrder
        .Select(check => check.Judge(parameters, client, check.Rule))
        .FirstOrDefault(refusal => refusal is not null);

    // There is no public client here, so who may use the grant is confidential (CIBA-31).
    private static OAuthError? ClientMayUseTheBackchannel(BackchannelParameters parameters, Client client, string rule) =>
        client.GrantTypes.Contains(GrantType.Ciba) && client.BackchannelDelivery is not null
            ? null
            : new OAuthError("unauthorized_client", rule, "the client is not registered for requests on the back channel");

    private static OAuthError? ScopeHasOpenId(BackchannelParameters parameters, Client client, string rule) =>
        parameters.Scope is { } scope && GrantedScope.Contains(scope, GrantedScope.OpenId) ? null : new OAuthError("invalid_scope", rule, "scope must contain openid");

    private static OAuthError? ExactlyOneHint(BackchannelParameters parameters, Client client, string rule) =>
        parameters.Hints == 1 ? null : OAuthError.InvalidRequest(rule, "exactly one of login_hint, login_hint_token and id_token_hint is needed");

    private static OAuthError? PingHasANotificationToken(BackchannelParameters parameters, Client client, string rule)
    {
        if (client.BackchannelDelivery != BackchannelRequest.Ping) return null;
        return parameters.ClientNotificationToken is { Length: >= ShortestNotificationToken and <= LongestNotificationToken } token && IsBearerToken(token)
            ? null
            : OAuthError.InvalidRequest(rule, "client_notification_token must be a bearer token of 22 to 1024 characters");
    }

    private static OAuthError? BindingMessageCanBeShown(BackchannelParameters parameters, Client client, string rule) =>
        parameters.BindingMessage is null || BindingMessage.MayBeShown(parameters.BindingMessage)
            ? null
            : new OAuthError("invalid_binding_message", rule, "binding_message must be up to 140 characters that can be seen");

    private static OAuthError? RequestedExpiryIsPositive(BackchannelParameters parameters, Client client, string rule) =>
        parameters.RequestedExpiry is not { } text || (text.All(char.IsAsciiDigit) && text.Any(digit => digit != '0'))
            ? null
            : OAuthError.InvalidRequest(rule, "requested_expiry must be a positive whole number");

    private static OAuthError? RequestContextIsAnObject(BackchannelParameters parameters, Client client, string rule) =>
        parameters.RequestContext is not { } text || JsonParameter.Parse(text) is { ValueKind: JsonValueKind.Object }
            ? null
            : OAuthError.InvalidRequest(rule, "request_context must be a JSON object");

    // Where the profile knows no grant management, its parameters are unknown ones, as through a browser.
    private static OAuthError? ManagingGrants(Client client, BackchannelParameters parameters, Func<AuthorizationRequest, OAuthError?> judge) =>
        ProfileRules.ManagesGrants.HoldsFor(client) ? judge(parameters.ToAuthorizationRequest()) : null;

    private static OAuthError? EssentialAcrCanBeReached(BackchannelParameters parameters, Client client, string rule)
    {
        var request = parameters.ToAuthorizationRequest();
        if (RequestedClaims.Of(request).Failed(out var refusal, out var claims)) return refusal;
        return Acr.Reached(request, claims) is null
            ? new OAuthError("unmet_authentication_requirements", rule, "none of the essential acr values can be reached")
            : null;
    }

    // RFC 6750 2.1: what can stand behind "Bearer".
    private static bool IsBearerToken(string text) =>
        text.TrimEnd('=') is { Length: > 0 } body && body.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '~' or '+' or '/');

    private sealed record Check(string Rule, Func<BackchannelParameters, Client, string, OAuthError?> Judge);
}
