using System.Globalization;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// What an authorization request must be, a row a rule, with the profiles the rule holds for. The first rule that is broken answers.
/// It needs nothing but the request and the client, so it judges alike wherever a request arrives (PAR-03). Together with
/// <see cref="ProfileRules"/>, <see cref="SignedRequestRules"/> and <see cref="ResponseMode"/> it says what one client may do.
/// </summary>
internal static class AuthorizationRequestChecks
{
    // The columns: FAPI 2.0 with and without message signing, FAPI 1.0 Advanced, FAPI 1.0 Baseline.
    private const Profile F2 = Profile.F2;
    private const Profile F1 = Profile.F1;
    private const Profile BL = Profile.Baseline;
    private const Profile No = Profile.None;

    private const int MaxState = 4096;
    private const int MaxNonce = 512;

    /// <summary>How it may arrive; judged before anything is opened.</summary>
    private static readonly Check[] OfArrival =
    [
        new(F2, F1, BL, "PAR-02", NoReferenceIsPushed),
        new(F2, No, No, "F2-PAR-03", IsPushed),
        new(No, F1, BL, "PAR-12", IsPushedWhereRegistered),
        new(No, F1, No, "F1-01", IsSigned),
        new(F2, No, BL, "MS-01", IsSignedWhereRegistered),
    ];

    /// <summary>What it may say.</summary>
    private static readonly Check[] InOrder =
    [
        new(F2, F1, BL, "ID-22", NoRegistration),
        new(F2, F1, BL, "TOK-02", ClientMayUseCodes),
        new(F2, F1, BL, "ID-21", ResponseTypeIsThere),
        new(F2, No, No, "F2-PAR-01", ResponseTypeIsCode),
        new(No, No, BL, "ID-21", ResponseTypeIsCode),
        new(No, F1, No, "F1-02", ResponseTypeIsHybridOrCode),
        new(No, F1, No, "DCR-07", ResponseTypeIsRegistered),
        new(No, F1, No, "F1-02", CodeIsAnsweredInJwt),
        new(No, F1, No, "F1-03", HybridIsNotAnsweredInQuery),
        new(No, F1, No, "JARM-04", HybridIsNotAnsweredInQueryJwt),
        new(F2, No, No, "F2-PAR-17", ResponseModeIsOffered),
        new(No, F1, BL, "OA-20", ResponseModeIsOffered),
        new(F2, No, No, "F2-PAR-06", RedirectUriIsThere),
        new(F2, No, No, "PAR-13", RedirectUriIsRegistered),
        new(No, F1, BL, "F1-17", RedirectUriIsThere),
        new(No, F1, BL, "F1-17", RedirectUriIsRegistered),
        new(F2, F1, BL, "OA-50", ScopeIsAllowed),
        new(No, F1, No, "F1-13", HybridHasOpenid),
        new(No, F1, BL, "F1-27", NonceIsThereWithOpenid),
        new(No, F1, BL, "F1-28", StateIsThereWithoutOpenid),
        new(F2, No, No, "F2-PAR-05", ChallengeIsThere),
        new(No, No, BL, "PKCE-01", ChallengeIsThere),
        new(No, F1, No, "F1-11", ChallengeIsThereIfPushed),
        new(F2, F1, BL, "PKCE-02", ChallengeIsS256),
        new(F2, F1, BL, "PKCE-03", ChallengeIsWellFormed),
        new(F2, F1, BL, "OA-36", StateIsShortEnough),
        new(F2, F1, BL, "F2-PAR-14", NonceIsShortEnough),
        new(F2, F1, BL, "DPOP-14", KeyThumbprintIsWellFormed),
        new(F2, F1, BL, "RAR-01", DetailsAreAcceptable),
        new(F2, No, No, "GM-02", GrantActionIsKnown),
        new(F2, No, No, "GM-01", GrantIdGoesWithTheAction),
        new(F2, F1, BL, "ID-10", ClaimsAreWellFormed),
        new(F2, F1, BL, "ID-13", PromptIsConsistent),
        new(F2, F1, BL, "ID-16", MaxAgeIsWellFormed),
    ];

    public static OAuthError? RefusalOfArrival(AuthorizationRequest request, Client client) => First(OfArrival, request, client);

    public static OAuthError? FirstRefusal(AuthorizationRequest request, Client client) => First(InOrder, request, client);

    /// <summary>Whether a refusal may go to the client by the customer's browser: only to a registered address (HTTP-07, JARM-09), and only with what fits into one.</summary>
    public static bool MayBeAnswered(AuthorizationRequest request, Client client) =>
        RedirectUriIsRegistered(request, client, "F1-17") is null && StateIsShortEnough(request, client, "OA-36") is null;

    private static OAuthError? First(Check[] checks, AuthorizationRequest request, Client client) => checks
        .Where(check => check.HoldsFor(client.Profile))
        .Select(check => check.Judge(request, client, check.Rule))
        .FirstOrDefault(refusal => refusal is not null);

    private static OAuthError? NoReferenceIsPushed(AuthorizationRequest request, Client client, string rule) =>
        request is { IsPushed: true, RequestUri: not null } ? OAuthError.InvalidRequest(rule, "request_uri cannot be pushed") : null;

    private static OAuthError? IsPushed(AuthorizationRequest request, Client client, string rule) =>
        request.IsPushed ? null : OAuthError.InvalidRequest(rule, "the request must be pushed first");

    private static OAuthError? IsPushedWhereRegistered(AuthorizationRequest request, Client client, string rule) =>
        request.IsPushed || !client.RequiresPushedRequests ? null : OAuthError.InvalidRequest(rule, "the request must be pushed first");

    private static OAuthError? IsSigned(AuthorizationRequest request, Client client, string rule) =>
        request.RequestObject is null ? OAuthError.InvalidRequest(rule, "the request must be a signed request object") : null;

    private static OAuthError? IsSignedWhereRegistered(AuthorizationRequest request, Client client, string rule) =>
        client.RequiresSignedRequests ? IsSigned(request, client, rule) : null;

    private static OAuthError? NoRegistration(AuthorizationRequest request, Client client, string rule) =>
        request.Registration is null ? null : new OAuthError("registration_not_supported", rule, "registration within a request is not supported");

    private static OAuthError? ClientMayUseCodes(AuthorizationRequest request, Client client, string rule) =>
        client.GrantTypes.Contains(GrantType.AuthorizationCode) ? null : new OAuthError("unauthorized_client", rule, "the client may not use the authorization code grant");

    private static OAuthError? ResponseTypeIsThere(AuthorizationRequest request, Client client, string rule) =>
        request.ResponseType is null ? OAuthError.InvalidRequest(rule, "response_type is missing") : null;

    private static OAuthError? ResponseTypeIsCode(AuthorizationRequest request, Client client, string rule) =>
        request.ResponseType == ResponseTypes.Code ? null : new OAuthError("unsupported_response_type", rule, "response_type must be code");

    private static OAuthError? ResponseTypeIsRegistered(AuthorizationRequest request, Client client, string rule) =>
        client.ResponseTypes.Contains(request.ResponseType) ? null : new OAuthError("unauthorized_client", rule, "the client is not registered for this response_type");

    private static OAuthError? ResponseTypeIsHybridOrCode(AuthorizationRequest request, Client client, string rule) =>
        ResponseTypes.Offered.Contains(request.ResponseType) ? null : new OAuthError("unsupported_response_type", rule, "response_type must be code id_token or code");

    // A code in an answer that nobody has signed is what the profile is there to prevent.
    private static OAuthError? CodeIsAnsweredInJwt(AuthorizationRequest request, Client client, string rule) =>
        request.IsHybrid || ResponseMode.Of(request) is null or { IsSigned: true } ? null : OAuthError.InvalidRequest(rule, "response_type code needs response_mode jwt");

    private static OAuthError? HybridIsNotAnsweredInQuery(AuthorizationRequest request, Client client, string rule) =>
        request.IsHybrid && ResponseMode.Of(request) is { Place: ResponsePlace.Query, IsSigned: false }
            ? OAuthError.InvalidRequest(rule, "an ID token is never answered in the query")
            : null;

    private static OAuthError? HybridIsNotAnsweredInQueryJwt(AuthorizationRequest request, Client client, string rule) =>
        request.IsHybrid && ResponseMode.Of(request) is { Place: ResponsePlace.Query, IsSigned: true }
            ? OAuthError.InvalidRequest(rule, "an ID token is never answered in the query, also not inside a JWT")
            : null;

    private static OAuthError? ResponseModeIsOffered(AuthorizationRequest request, Client client, string rule) =>
        ResponseMode.Of(request)?.IsFor(client) == true ? null : OAuthError.InvalidRequest(rule, "response_mode is not offered to this client");

    private static OAuthError? RedirectUriIsThere(AuthorizationRequest request, Client client, string rule) =>
        request.RedirectUri is null ? OAuthError.InvalidRequest(rule, "redirect_uri is missing") : null;

    // Byte for byte and before anything parses it: every cleverness here was somebody's hole (OA-17).
    private static OAuthError? RedirectUriIsRegistered(AuthorizationRequest request, Client client, string rule) =>
        client.RedirectUris.Contains(request.RedirectUri, StringComparer.Ordinal) ? null : OAuthError.InvalidRequest(rule, "redirect_uri is not registered");

    internal static OAuthError? ScopeIsAllowed(AuthorizationRequest request, Client client, string rule)
    {
        var invalid = new OAuthError("invalid_scope", rule, "scope is missing or not allowed for the client");
        if (request.Scope is null) return invalid;

        // The first unknown word ends it, so ten thousand of them cost nothing (OA-49).
        foreach (var word in request.Scope.AsSpan().Split(' '))
        {
            var scope = request.Scope[word];
            if (scope.Length > 0 && !(client.Scopes.Contains(scope) && GrantedScope.RoleAllows(scope, client.Roles))) return invalid;
        }

        return request.Scopes.Count == 0 ? invalid : null;
    }

    private static OAuthError? HybridHasOpenid(AuthorizationRequest request, Client client, string rule) =>
        request.IsHybrid && !request.Scopes.Contains(GrantedScope.OpenId) ? OAuthError.InvalidRequest(rule, "an ID token needs scope openid") : null;

    private static OAuthError? NonceIsThereWithOpenid(AuthorizationRequest request, Client client, string rule) =>
        request.Nonce is null && request.Scopes.Contains(GrantedScope.OpenId) ? OAuthError.InvalidRequest(rule, "nonce is missing") : null;

    private static OAuthError? StateIsThereWithoutOpenid(AuthorizationRequest request, Client client, string rule) =>
        request.State is null && !request.Scopes.Contains(GrantedScope.OpenId) ? OAuthError.InvalidRequest(rule, "state is missing") : null;

    private static OAuthError? ChallengeIsThereIfPushed(AuthorizationRequest request, Client client, string rule) =>
        request.IsPushed ? ChallengeIsThere(request, client, rule) : null;

    private static OAuthError? ChallengeIsThere(AuthorizationRequest request, Client client, string rule) =>
        request.CodeChallenge is null ? OAuthError.InvalidRequest(rule, "code_challenge is missing") : null;

    // A missing method would mean plain.
    private static OAuthError? ChallengeIsS256(AuthorizationRequest request, Client client, string rule) =>
        request.CodeChallenge is null || request.CodeChallengeMethod == "S256" ? null : OAuthError.InvalidRequest(rule, "code_challenge_method must be S256");

    private static OAuthError? ChallengeIsWellFormed(AuthorizationRequest request, Client client, string rule) =>
        request.CodeChallenge is null || IsSha256(request.CodeChallenge) ? null : OAuthError.InvalidRequest(rule, "code_challenge must be 43 characters of base64url");

    private static OAuthError? StateIsShortEnough(AuthorizationRequest request, Client client, string rule) =>
        request.State is { Length: > MaxState } ? OAuthError.InvalidRequest(rule, "state is longer than 4096 characters") : null;

    private static OAuthError? NonceIsShortEnough(AuthorizationRequest request, Client client, string rule) =>
        request.Nonce is { } nonce && (nonce.Length > MaxNonce || nonce.Contains('\0', StringComparison.Ordinal))
            ? OAuthError.InvalidRequest(rule, "nonce is longer than 512 characters or not text")
            : null;

    private static OAuthError? KeyThumbprintIsWellFormed(AuthorizationRequest request, Client client, string rule) =>
        request.DpopKeyThumbprint is null || IsSha256(request.DpopKeyThumbprint) ? null : OAuthError.InvalidRequest(rule, "dpop_jkt must be a SHA-256 thumbprint");

    internal static OAuthError? DetailsAreAcceptable(AuthorizationRequest request, Client client, string rule) =>
        AuthorizationDetails.Of(request, client).Failed(out var refusal, out _) ? refusal : null;

    internal static OAuthError? GrantActionIsKnown(AuthorizationRequest request, Client client, string rule) => (request.GrantManagementAction, request.GrantId) switch
    {
        (null, null) or (GrantAction.Create or GrantAction.Merge or GrantAction.Replace, _) => null,
        (null, _) => OAuthError.InvalidRequest(rule, "grant_id needs a grant_management_action"),
        _ => OAuthError.InvalidRequest(rule, "grant_management_action must be create, merge or replace"),
    };

    internal static OAuthError? GrantIdGoesWithTheAction(AuthorizationRequest request, Client client, string rule) =>
        request.GrantManagementAction is null || request.GrantManagementAction == GrantAction.Create == request.GrantId is null
            ? null
            : OAuthError.InvalidRequest(rule, "grant_id goes with merge and replace, and not with create");

    internal static OAuthError? ClaimsAreWellFormed(AuthorizationRequest request, Client client, string rule) =>
        RequestedClaims.Of(request).Failed(out var refusal, out _) ? refusal : null;

    private static OAuthError? PromptIsConsistent(AuthorizationRequest request, Client client, string rule) =>
        request.Prompts.Contains("none") && request.Prompts.Count > 1 ? OAuthError.InvalidRequest(rule, "prompt none stands alone") : null;

    private static OAuthError? MaxAgeIsWellFormed(AuthorizationRequest request, Client client, string rule) =>
        request.MaxAge is null || int.TryParse(request.MaxAge, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? null
            : OAuthError.InvalidRequest(rule, "max_age must be a whole number of seconds");

    private static bool IsSha256(string text) => text.Length == 43 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private sealed record Check(
        Profile FapiTwo, Profile FapiOne, Profile FapiOneBaseline, string Rule, Func<AuthorizationRequest, Client, string, OAuthError?> Judge)
    {
        public bool HoldsFor(Profile profile) => ((FapiTwo | FapiOne | FapiOneBaseline) & profile) != Profile.None;
    }
}
