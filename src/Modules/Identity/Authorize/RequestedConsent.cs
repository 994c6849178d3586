using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// The one consent that a request is about (OB-SEC-4), named in the UK way by the claim <c>openbanking_intent_id</c> (F1-32), in the FAPI 2.0
/// way by <c>authorization_details</c>, or in both.
/// </summary>
/// <param name="DetailsType">The type under which the details name it; null where they do not.</param>
internal sealed record RequestedConsent(string ConsentId, string? DetailsType)
{
    private const int MaxLength = 128;

    public static Outcome<RequestedConsent, OAuthError> Of(AuthorizationRequest request, Client client)
    {
        if (AuthorizationDetails.Of(request, client).Failed(out var refusal, out var details)) return refusal;
        if (RequestedClaims.Of(request).Failed(out refusal, out var claims)) return refusal;

        IEnumerable<string> detailed = details.ConsentId is null ? [] : [details.ConsentId];
        var names = claims.IntentIds.Concat(request.IntentIds?.Split(' ') ?? []).Concat(detailed).Distinct(StringComparer.Ordinal).ToList();
        if (names.Count > 1) return OAuthError.InvalidRequest("CO-03", "the request names more than one consent");
        return names is [{ Length: > 0 and <= MaxLength } consentId] && consentId.All(letter => letter is > ' ' and <= '~')
            ? new RequestedConsent(consentId, details.Type)
            : OAuthError.InvalidRequest("OB-SEC-4", "the request must name its consent by openbanking_intent_id or authorization_details");
    }

    /// <summary>Why the consent cannot be authorised with this request; null if it can.</summary>
    public OAuthError? Refusal(AuthorizationRequest request, AuthorisableConsent found) => found switch
    {
        // Another client's consent is as good as none (CON-07).
        AuthorisableConsent.Unknown => OAuthError.InvalidRequest("CO-02", "the consent is not known"),
        AuthorisableConsent.InWrongState => new OAuthError("access_denied", "OB-SEC-13", "the consent cannot be authorised any more"),
        AuthorisableConsent.Found consent when DetailsType is not null && consent.Kind.DetailsType != DetailsType =>
            new OAuthError("invalid_authorization_details", "RAR-02", "the consent is of another type"),

        // Neither implies the other: a consent for accounts without the scope would be a token that opens nothing (RAR-11).
        AuthorisableConsent.Found consent when !request.Scopes.Contains(consent.Kind.Scope) =>
            new OAuthError("invalid_scope", "RAR-11", "scope lacks what the consent is for"),
        _ => null,
    };
}
