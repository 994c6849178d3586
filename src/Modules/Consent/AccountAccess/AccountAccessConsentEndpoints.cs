using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>
/// What a third party does with account-access consents: it makes one, looks at it, deletes it. It cannot change one, and every
/// request makes a new one: the resource knows no idempotency key (OB-AIS-1, OB-IDM-2).
/// </summary>
internal sealed class AccountAccessConsentEndpoints(
    AccountAccessConsents consents,
    ConsentDb db,
    AccessRequestValidator validator,
    ConsentOptions options,
    ApiAddresses addresses,
    TimeProvider time)
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

        var clientId = http.Caller().ClientId;
        if (await TooManyWaitAsync(clientId, ct)) return TooMany(http);

        var consent = New(request.Data!, clientId, time.GetUtcNow());
        await consents.AddAsync(consent, ct);
        return Answer(http, consent, StatusCodes.Status201Created);
    }

    public async Task<IResult> GetAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await OwnAsync(consentId, http, ct)).Failed(out var error, out var consent)) return error;
        return Answer(http, consent, StatusCodes.Status200OK);
    }

    public async Task<IResult> DeleteAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await OwnAsync(consentId, http, ct)).Failed(out var error, out var consent)) return error;

        // Where two delete at once, the second finds it gone, as it would a moment later (OB-CON-13).
        var deleted = await consents.MoveAsync(consent, ConsentEvent.Delete, new Cause(Actor.ThirdParty, consent.ClientId), ct);
        return deleted ? Results.NoContent() : Unknown();
    }

    private async Task<Outcome<AccountAccessConsent, ApiError>> OwnAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if (await consents.FindAsync(consentId, ct) is not { } consent) return Unknown();
        return consent.ClientId == http.Caller().ClientId
            ? consent
            : ApiError.Forbidden("U011", "OB-HTTP-2", "This consent belongs to another third party.");
    }

    private static ApiError Unknown() => ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such consent.");

    /// <summary>Removes what has waited too long, then counts what waits (CO-22).</summary>
    private async Task<bool> TooManyWaitAsync(string clientId, CancellationToken ct)
    {
        var waiting = db.AccountAccess.Where(consent => consent.ClientId == clientId && consent.State == ConsentState.AWAU);
        var since = time.GetUtcNow() - options.UnauthorisedLifetime;
        if (await waiting.OrderBy(consent => consent.CreatedAt).Skip(options.MaxUnauthorised - 1).AnyAsync(ct) is false) return false;

        await waiting.Where(consent => consent.CreatedAt < since).ExecuteDeleteAsync(ct);
        return await waiting.CountAsync(ct) >= options.MaxUnauthorised;
    }

    private static ApiError TooMany(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "3600";
        return ApiError.Bare(StatusCodes.Status429TooManyRequests, "CO-22");
    }

    private static AccountAccessConsent New(AccessRequest.RequestedData asked, string clientId, DateTimeOffset now)
    {
        var (ends, from, to) = (Date(asked.ExpirationDateTime), Date(asked.TransactionFromDateTime), Date(asked.TransactionToDateTime));
        return new AccountAccessConsent
        {
            Id = AccountAccessConsents.IdPrefix + RandomNumberGenerator.GetHexString(32, lowercase: true),
            ClientId = clientId,
            State = ConsentState.AWAU,
            ReasonCode = "U036",
            ReasonText = "The customer has not yet authorised the access.",
            CreatedAt = now,
            StateChangedAt = now,
            Permissions = [.. asked.Permissions!],
            ExpiresAt = ends,
            ExpirationOnWire = Echo(asked.ExpirationDateTime, ends),
            TransactionsFrom = from,
            TransactionsFromOnWire = Echo(asked.TransactionFromDateTime, from),
            TransactionsTo = to,
            TransactionsToOnWire = Echo(asked.TransactionToDateTime, to),
        };
    }

    private static DateTimeOffset? Date(string? text) => text is null ? null : IsoDateTime.Parse(text);

    private static string? Echo(string? asSent, DateTimeOffset? value) => value is { } moment ? IsoDateTime.Echo(asSent!, moment) : null;

    private JsonHttpResult<ConsentResource> Answer(HttpContext http, AccountAccessConsent consent, int status) => TypedResults.Json(
        ConsentResource.Of(consent, addresses.Of(http, $"/open-banking/v4.0/aisp{Path}/{consent.Id}")),
        ConsentWire.Default.ConsentResource,
        UkApi.Json,
        status);
}
