using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>
/// What a third party does with account-access consents: it makes one, looks at it, deletes it. It cannot change one, and every
/// request makes a new one: the resource knows no idempotency key (OB-AIS-1, OB-IDM-2).
/// </summary>
internal sealed class AccountAccessConsentEndpoints(
    OwnConsents own,
    Consents consents,
    AccessRequestValidator validator,
    ApiAddresses addresses)
{
    private const string Path = "/account-access-consents";

    public static void Map(IEndpointRouteBuilder aisp)
    {
        aisp.MapPost(Path, (AccountAccessConsentEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(http, ct))
            .RequireAccessToken("accounts", TokenKind.Client);
        aisp.MapGet(Path + "/{consentId}", (AccountAccessConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(consentId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Client);
        aisp.MapDelete(Path + "/{consentId}", (AccountAccessConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.DeleteAsync(consentId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Client);
    }

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (AccessRequest.From(document.RootElement).Failed(out error, out var request)) return error;
        if (validator.FirstRefusal(request) is { } refusal) return refusal;

        if (await own.TooManyWaitAsync(http, ct) is { } tooMany) return tooMany;

        var consent = await consents.CreateAsync(ConsentKind.AccountAccess, http.Caller().ClientId, Terms(request.Data!), ct);
        return Answer(http, consent, StatusCodes.Status201Created);
    }

    public async Task<IResult> GetAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, ConsentKind.AccountAccess, http, ct)).Failed(out var error, out var consent)) return error;
        return Answer(http, consent, StatusCodes.Status200OK);
    }

    public async Task<IResult> DeleteAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, ConsentKind.AccountAccess, http, ct)).Failed(out var error, out var consent)) return error;
        return await own.DeleteAsync(consent, ct);
    }

    private static ConsentTerms Terms(AccessRequest.RequestedData asked) => new(SentDate.Of(asked.ExpirationDateTime))
    {
        Permissions = asked.Permissions!,
        TransactionsFrom = SentDate.Of(asked.TransactionFromDateTime),
        TransactionsTo = SentDate.Of(asked.TransactionToDateTime),
    };

    private JsonHttpResult<ConsentResource> Answer(HttpContext http, ConsentRecord consent, int status) => TypedResults.Json(
        ConsentResource.Of(consent, addresses.Of(http, $"/open-banking/v4.0/aisp{Path}/{consent.Id}")),
        ConsentWire.Default.ConsentResource,
        UkApi.Json,
        status);
}
