using System.Globalization;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// What an authorization request must be, a row a rule, with the profiles the rule holds for. The first rule that is broken answers.
/// It needs nothing but the request and the client, so it judges alike wherever a request arrives (PAR-03).
/// </summary>
internal static class AuthorizationRequestChecks
{
    private const Profile F2 = Profile.F2 | Profile.F1 | Profile.Baseline;
    private const int MaxState = 4096;
    private const int MaxNonce = 512;

    private static readonly Check[] InOrder =
    [
        new(F2, "PAR-02", NoRequestUri),
        new(F2, "PAR-09", NoRequestObject),
        new(F2, "ID-22", NoRegistration),
        new(F2, "TOK-02", ClientMayUseCodes),
        new(F2, "ID-21", ResponseTypeIsThere),
        new(F2, "F2-PAR-01", ResponseTypeIsCode),
        new(F2, "F2-PAR-17", ResponseModeIsOffered),
        new(F2, "F2-PAR-06", RedirectUriIsThere),
        new(F2, "PAR-13", RedirectUriIsRegistered),
        new(F2, "OA-50", ScopeIsAllowed),
        new(F2, "F2-PAR-05", ChallengeIsThere),
        new(F2, "PKCE-02", ChallengeIsS256),
        new(F2, "PKCE-03", ChallengeIsWellFormed),
        new(F2, "OA-36", StateIsShortEnough),
        new(F2, "F2-PAR-14", NonceIsShortEnough),
        new(F2, "DPOP-14", KeyThumbprintIsWellFormed),
        new(F2, "RAR-01", DetailsAreAcceptable),
        new(F2, "ID-10", ClaimsAreWellFormed),
        new(F2, "ID-13", PromptIsConsistent),
        new(F2, "ID-16", MaxAgeIsWellFormed),
    ];

    public static OAuthError? FirstRefusal(AuthorizationRequest request, Client client) => InOrder
        .Where(check => (check.For & client.Profile) != Profile.None)
        .Select(check => check.Judge(request, client, check.Rule))
        .FirstOrDefault(refusal => refusal is not null);

    private static OAuthError? NoRequestUri(AuthorizationRequest request, Client client, string rule) =>
        request.RequestUri is null ? null : OAuthError.InvalidRequest(rule, "request_uri cannot be pushed");

    private static OAuthError? NoRequestObject(AuthorizationRequest request, Client client, string rule) =>
        request.RequestObject is null ? null : new OAuthError("request_not_supported", rule, "request objects are not supported");

    private static OAuthError? NoRegistration(AuthorizationRequest request, Client client, string rule) =>
        request.Registration is null ? null : new OAuthError("registration_not_supported", rule, "registration within a request is not supported");

    private static OAuthError? ClientMayUseCodes(AuthorizationRequest request, Client client, string rule) =>
        client.GrantTypes.Contains(GrantType.AuthorizationCode) ? null : new OAuthError("unauthorized_client", rule, "the client may not use the authorization code grant");

    private static OAuthError? ResponseTypeIsThere(AuthorizationRequest request, Client client, string rule) =>
        request.ResponseType is null ? OAuthError.InvalidRequest(rule, "response_type is missing") : null;

    private static OAuthError? ResponseTypeIsCode(AuthorizationRequest request, Client client, string rule) =>
        request.ResponseType == "code" ? null : new OAuthError("unsupported_response_type", rule, "response_type must be code");

    private static OAuthError? ResponseModeIsOffered(AuthorizationRequest request, Client client, string rule) =>
        request.ResponseMode is null or "query" or AuthorizationResponse.FormPost ? null : OAuthError.InvalidRequest(rule, "response_mode must be query or form_post");

    private static OAuthError? RedirectUriIsThere(AuthorizationRequest request, Client client, string rule) =>
        request.RedirectUri is null ? OAuthError.InvalidRequest(rule, "redirect_uri is missing") : null;

    // Byte for byte and before anything parses it: every cleverness here was somebody's hole (OA-17).
    private static OAuthError? RedirectUriIsRegistered(AuthorizationRequest request, Client client, string rule) =>
        client.RedirectUris.Contains(request.RedirectUri, StringComparer.Ordinal) ? null : OAuthError.InvalidRequest(rule, "redirect_uri is not registered");

    private static OAuthError? ScopeIsAllowed(AuthorizationRequest request, Client client, string rule)
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

    // PKCE-01
    private static OAuthError? ChallengeIsThere(AuthorizationRequest request, Client client, string rule) =>
        request.CodeChallenge is null ? OAuthError.InvalidRequest(rule, "code_challenge is missing") : null;

    // A missing method would mean plain.
    private static OAuthError? ChallengeIsS256(AuthorizationRequest request, Client client, string rule) =>
        request.CodeChallengeMethod == "S256" ? null : OAuthError.InvalidRequest(rule, "code_challenge_method must be S256");

    private static OAuthError? ChallengeIsWellFormed(AuthorizationRequest request, Client client, string rule) =>
        IsSha256(request.CodeChallenge!) ? null : OAuthError.InvalidRequest(rule, "code_challenge must be 43 characters of base64url");

    private static OAuthError? StateIsShortEnough(AuthorizationRequest request, Client client, string rule) =>
        request.State is { Length: > MaxState } ? OAuthError.InvalidRequest(rule, "state is longer than 4096 characters") : null;

    private static OAuthError? NonceIsShortEnough(AuthorizationRequest request, Client client, string rule) =>
        request.Nonce is { } nonce && (nonce.Length > MaxNonce || nonce.Contains('\0', StringComparison.Ordinal))
            ? OAuthError.InvalidRequest(rule, "nonce is longer than 512 characters or not text")
            : null;

    private static OAuthError? KeyThumbprintIsWellFormed(AuthorizationRequest request, Client client, string rule) =>
        request.DpopKeyThumbprint is null || IsSha256(request.DpopKeyThumbprint) ? null : OAuthError.InvalidRequest(rule, "dpop_jkt must be a SHA-256 thumbprint");

    private static OAuthError? DetailsAreAcceptable(AuthorizationRequest request, Client client, string rule) =>
        AuthorizationDetails.Of(request, client).Failed(out var refusal, out _) ? refusal : null;

    private static OAuthError? ClaimsAreWellFormed(AuthorizationRequest request, Client client, string rule) =>
        RequestedClaims.Of(request).Failed(out var refusal, out _) ? refusal : null;

    private static OAuthError? PromptIsConsistent(AuthorizationRequest request, Client client, string rule) =>
        request.Prompts.Contains("none") && request.Prompts.Count > 1 ? OAuthError.InvalidRequest(rule, "prompt none stands alone") : null;

    private static OAuthError? MaxAgeIsWellFormed(AuthorizationRequest request, Client client, string rule) =>
        request.MaxAge is null || int.TryParse(request.MaxAge, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? null
            : OAuthError.InvalidRequest(rule, "max_age must be a whole number of seconds");

    private static bool IsSha256(string text) => text.Length == 43 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private sealed record Check(Profile For, string Rule, Func<AuthorizationRequest, Client, string, OAuthError?> Judge);
}
