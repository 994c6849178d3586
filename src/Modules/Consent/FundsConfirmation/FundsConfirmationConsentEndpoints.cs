using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.FundsConfirmation;

/// <summary>
/// What a card issuer does with funds-confirmation consents: it makes one, looks at it, deletes it. Neither signed nor idempotent
/// (OB-CBP-3).
/// </summary>
internal sealed class FundsConfirmationConsentEndpoints(
    OwnConsents own, Consents consents, FundsRequestValidator validator, ApiAddresses addresses)
{
    private const string Path = "/funds-confirmation-consents";
    private const string Scope = "fundsconfirmations";

    public static void Map(IEndpointRouteBuilder cbpii)
    {
        cbpii.MapPost(Path, (FundsConfirmationConsentEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(http, ct))
            .RequireAccessToken(Scope, TokenKind.Client);
        cbpii.MapGet(Path + "/{consentId}", (FundsConfirmationConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Client);
        cbpii.MapDelete(Path + "/{consentId}", (FundsConfirmationConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.DeleteAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Client);
    }

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (FundsRequest.From(document.RootElement).Failed(out error, out var request)) return error;
        if (validator.FirstRefusal(request) is { } refusal) return refusal;
        if (await own.TooManyWaitAsync(http, ct) is { } tooMany) return tooMany;

        // Without an end it is open-ended (OB-CBP-11).
        var terms = new ConsentTerms(SentDate.Of(request.ExpirationDateTime)) { OfKind = request.Debtor!.ToJson() };
        var consent = await consents.CreateAsync(ConsentKind.FundsConfirmation, http.Caller().ClientId, terms, ct);
        return Answer(http, consent, StatusCodes.Status201Created);
    }

    /// <summary>An unknown id is a bad request, and so is a deleted one (OB-CBP-9).</summary>
    public async Task<IResult> GetAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, ConsentKind.FundsConfirmation, http, ct)).Failed(out var error, out var consent)) return error;
        return Answer(http, consent, StatusCodes.Status200OK);
    }

    public async Task<IResult> DeleteAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, ConsentKind.FundsConfirmation, http, ct)).Failed(out var error, out var consent)) return error;
        return await own.DeleteAsync(consent, ct);
    }

    private JsonHttpResult<FundsConsentResource> Answer(HttpContext http, ConsentRecord consent, int status) => TypedResults.Json(
        FundsConsentResource.Of(consent, addresses.Of(http, $"/open-banking/v4.0/cbpii{Path}/{consent.Id}")),
        FundsConsentWire.Default.FundsConsentResource,
        UkApi.Json,
        status);
}

/// <summary>A consent as its card issuer sees it (OBFundsConfirmationConsentResponse1).</summary>
internal sealed record FundsConsentResource(FundsConsentResource.Body Data, Links Links, Meta Meta)
{
    internal sealed record Body(
        string ConsentId,
        string CreationDateTime,
        string Status,
        IReadOnlyList<StatusReason>? StatusReason,
        string StatusUpdateDateTime,
        string? ExpirationDateTime,
        DebtorAccount DebtorAccount);

    public static FundsConsentResource Of(ConsentRecord consent, string self) => new(
        new Body(
            consent.Id,
            IsoDateTime.ToWire(consent.CreatedAt),
            consent.State.ToString(),
            StatusReason.Of(consent),
            IsoDateTime.ToWire(consent.StateChangedAt),
            consent.ExpirationOnWire,
            DebtorAccount.FromJson(consent.Terms!)),
        new Links(self),
        Meta.OnePage);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FundsConsentResource))]
internal sealed partial class FundsConsentWire : JsonSerializerContext;
