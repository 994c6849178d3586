using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Http.Requests;
using OpenBanking.Kernel.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.VrpConsents;

/// <summary>
/// What a third party does with consents for variable recurring payments: it makes one, looks at it, asks whether money is there, and gives it
/// up. Requests and answers are signed; what makes a consent makes it once.
/// </summary>
internal sealed class VrpConsentEndpoints(
    OwnConsents own, Consents consents, ConsentDb db, Idempotency idempotency, CutOffs cutOffs, ConsentOptions options, SettlementDays days, CurrentChoices choices, IMediator mediator, ApiAddresses addresses, TimeProvider time)
{
    public const string Path = "/domestic-vrp-consents";
    private const string Scope = "payments";
    private static readonly ConsentKind Kind = ConsentKind.VariableRecurringPayments;
    private static readonly RequestSchema ConsentSchema = RequestSchema.Of("vrp", "OBDomesticVRPConsentRequest");
    private static readonly RequestSchema FundsSchema = RequestSchema.Of("vrp", "OBVRPFundsConfirmationRequest");

    public static void Map(IEndpointRouteBuilder pisp)
    {
        pisp.MapPost(Path, (VrpConsentEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(http, ct))
            .RequireAccessToken(Scope, TokenKind.Client).TakesSignedRequests();
        pisp.MapGet(Path + "/{consentId}", (VrpConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Client).SignsAnswers();
        pisp.MapDelete(Path + "/{consentId}", (VrpConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.DeleteAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Client);
        pisp.MapPut(Path + "/{consentId}", (VrpConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.PutAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Client).TakesSignedRequests();
        pisp.MapPatch(Path + "/{consentId}", (VrpConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.PatchAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Client).TakesSignedRequests().WithMetadata(new Takes("application/json-patch+json"));

        // The standard's file says the third party's own token here, its text and the way of things the customer's (OB-DEC-1).
        pisp.MapPost(Path + "/{consentId}/funds-confirmation", (VrpConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.ConfirmFundsAsync(consentId, http, ct))
            .RequireAccessToken(Scope, TokenKind.Customer).TakesSignedRequests();
    }

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (ConsentSchema.Faults(document.RootElement) is { Count: > 0 } faults) return ApiError.BadRequest(faults);

        var consentId = Consents.NewId(Kind);
        return await idempotency.RunAsync(
            http,
            db,
            http.Caller().ClientId,
            new Creation(
                consentId,
                Idempotency.DigestOf(document.RootElement),
                () => CreateAsync(consentId, new PaymentRequest(document.RootElement), http, ct),
                id => ShowAsync(id, http, ct)),
            ct);
    }

    public async Task<IResult> GetAsync(string consentId, HttpContext http, CancellationToken ct) =>
        (await own.FindAsync(consentId, Kind, http, ct)).Failed(out var error, out var consent) ? error : Answer(http, consent, StatusCodes.Status200OK);

    /// <summary>Given up by its third party; orders that were taken go on (OB-VRP-23).</summary>
    public async Task<IResult> DeleteAsync(string consentId, HttpContext http, CancellationToken ct) =>
        (await own.FindAsync(consentId, Kind, http, ct)).Failed(out var error, out var consent) ? error : await own.DeleteAsync(consent, ct);

    /// <summary>Puts a consent of an older version into the words of this one (OB-VRP-25).</summary>
    public async Task<IResult> PutAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (ConsentSchema.Faults(document.RootElement) is { Count: > 0 } faults) return ApiError.BadRequest(faults);
        return await MigrateAsync(consentId, http, _ => JsonNode.Parse(document.RootElement.GetRawText())!, ct);
    }

    /// <summary>The same, by what is to be changed (OB-V401-19).</summary>
    public async Task<IResult> PatchAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadListAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        return await MigrateAsync(consentId, http, Patched, ct);

        Outcome<JsonNode, ApiFault> Patched(JsonElement kept) => JsonPatch.Apply(JsonNode.Parse(kept.GetRawText())!, document.RootElement);
    }

    /// <summary>Every consent here was made by this version, so there is nothing to migrate, and nothing that was approved is changed (OB-CON-18, OB-VRP-25).</summary>
    private async Task<IResult> MigrateAsync(string consentId, HttpContext http, Func<JsonElement, Outcome<JsonNode, ApiFault>> wanted, CancellationToken ct)
    {
        if (Idempotency.KeyOf(http.Request).Failed(out var error, out _)) return error;
        if ((await own.FindAsync(consentId, Kind, http, ct)).Failed(out error, out var consent)) return error;
        var kept = PaymentRequest.Of(consent).Body;
        if (wanted(kept).Failed(out var fault, out var now)) return ApiError.BadRequest([fault]);
        return JsonValues.FirstDifference(kept, JsonElement.Parse(now.ToJsonString()), "") is { } difference
            ? ApiError.BadRequest("U008", "OB-VRP-25", "What was asked for stays as it is.", difference.TrimStart('.'))
            : ApiError.BadRequest("U002", "OB-VRP-25", "The consent is of this version already: there is nothing to migrate.");
    }

    /// <summary>Whether an amount is there at this moment, in a word and not in a truth value (OB-VRP-17, OB-DEC-5); nothing is reserved.</summary>
    public async Task<IResult> ConfirmFundsAsync(string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (FundsSchema.Faults(document.RootElement) is { Count: > 0 } faults) return ApiError.BadRequest(faults);
        var asked = new PaymentRequest(document.RootElement.Clone());
        var token = http.Caller().Consent!.ConsentId;
        if (token != consentId || token != asked.Text("Data.ConsentId")) return ApiError.Forbidden("U011", "OB-SEC-5", "The token is for another consent.");
        if ((await own.FindAsync(consentId, Kind, http, ct)).Failed(out error, out var consent)) return error;
        if (consent.State != ConsentState.AUTH) return ApiError.BadRequest("U009", "OB-VRP-17", "The consent is not authorised.", "Data.Status");
        if (VrpFundsRules.FirstRefusal(PaymentRequest.Of(consent), asked, new PaymentPlace(time.GetUtcNow(), options, days)) is { } refusal) return refusal;
        if (!await CountQuestionAsync(consentId, ct)) return TooMany(http);

        var isThere = await mediator.Send(new AreFundsThere(consent.CustomerId!, consent.AccountIds!.Single(), asked.Of(VrpFundsRules.Amount)!.Value), ct);
        var now = IsoDateTime.ToWire(time.GetUtcNow());
        return new WrittenAnswer(
            StatusCodes.Status201Created, json => VrpConsentAnswer.WriteFunds(json, asked, now, isThere), addresses.Of(http, $"/open-banking/v4.0/pisp{Path}/{consentId}/funds-confirmation"));
    }

    /// <summary>Takes one of the questions of this time by one conditional write; who halves an amount again and again would learn the balance (PY-27).</summary>
    private async Task<bool> CountQuestionAsync(string consentId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - VrpFundsRules.Window;
        return await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE consent.consents SET
                "FundsAsked" = CASE WHEN "FundsAskedSince" > {before} THEN "FundsAsked" + 1 ELSE 1 END,
                "FundsAskedSince" = CASE WHEN "FundsAskedSince" > {before} THEN "FundsAskedSince" ELSE {now} END
            WHERE "Id" = {consentId} AND ("FundsAskedSince" IS NULL OR "FundsAskedSince" <= {before} OR "FundsAsked" < {VrpFundsRules.MostInWindow})
            """,
            ct) == 1;
    }

    private static ApiError TooMany(HttpContext http)
    {
        http.Response.Headers.RetryAfter = ((int)VrpFundsRules.Window.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return ApiError.Bare(StatusCodes.Status429TooManyRequests, "PY-27");
    }

    private async Task<Outcome<IResult, ApiError>> CreateAsync(string consentId, PaymentRequest payment, HttpContext http, CancellationToken ct)
    {
        var place = new PaymentPlace(time.GetUtcNow(), options, days);
        if (PaymentRules.FirstRefusal(VrpRules.Of(payment, choices.Now.AllowPastVrpStart), payment, place) is { } refusal) return refusal;
        if (cutOffs.Refuses(Kind)) return ApiError.BadRequest("U012", "OB-PIS-18", "Payments of this type are taken before the cut-off only.");
        if (await own.TooManyWaitAsync(http, ct) is { } tooMany) return tooMany;

        var terms = new ConsentTerms(new ControlParameters(payment).ValidTo) { OfKind = payment.Body.GetRawText() };
        var consent = await consents.CreateAsync(Kind, http.Caller().ClientId, terms, ct, consentId);
        return Answer(http, consent, StatusCodes.Status201Created);
    }

    private async Task<IResult> ShowAsync(string consentId, HttpContext http, CancellationToken ct) =>
        (await own.FindAsync(consentId, Kind, http, ct)).Failed(out var error, out var consent) ? error : Answer(http, consent, StatusCodes.Status201Created);

    private WrittenAnswer Answer(HttpContext http, ConsentRecord consent, int status) =>
        new(status, json => PaymentConsentAnswer.Write(json, consent), addresses.Of(http, $"/open-banking/v4.0/pisp{Path}/{consent.Id}"));
}

/// <summary>What a question for funds must be like beside its consent, as a table.</summary>
internal static class VrpFundsRules
{
    public const string Amount = "Data.InstructedAmount";

    /// <summary>More than anybody pays in this time, and less than a search for the balance takes (PY-27).</summary>
    public const int MostInWindow = 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private const string Reference = "Data.Reference";

    public static ApiError? FirstRefusal(PaymentRequest consent, PaymentRequest asked, PaymentPlace place) => PaymentRules.FirstRefusal(
        [
            .. PaymentRules.OfAmount(Amount),
            VrpRules.InPounds(Amount),
            new("OB-VRP-17", "U008", Reference, "The consent has another reference.", (question, _) => consent.Reference is not { } reference || question.Text(Reference) is not { } named || named == reference),
        ],
        asked,
        place);
}

/// <summary>Answers of VRP consents beside the consent itself, which is written as other payments' are.</summary>
internal static class VrpConsentAnswer
{
    /// <summary>The account that the customer chose, as the third party was told it; null where it named the account itself (OB-VRP-18).</summary>
    public static PaymentRequest.Named? Told(ConsentRecord consent) => consent.Quoted is { } quoted && JsonElement.Parse(quoted).TryGetProperty("DebtorAccount", out var account)
        ? new PaymentRequest.Named(account.GetProperty("SchemeName").GetString()!, account.GetProperty("Identification").GetString()!, account.GetProperty("Name").GetString())
        : null;

    public static void WriteFunds(Utf8JsonWriter json, PaymentRequest asked, string now, bool isThere)
    {
        json.WriteStartObject("Data");
        json.WriteString("FundsConfirmationId", "fc-" + RandomNumberGenerator.GetHexString(32, lowercase: true));
        json.WriteString("ConsentId", asked.Text("Data.ConsentId"));
        json.WriteString("CreationDateTime", now);
        if (asked.Text("Data.Reference") is { } reference) json.WriteString("Reference", reference);
        json.WriteStartObject("FundsAvailableResult");
        json.WriteString("FundsAvailableDateTime", now);
        json.WriteString("FundsAvailable", isThere ? "Available" : "NotAvailable");
        json.WriteEndObject();
        json.WritePropertyName("InstructedAmount");
        asked.Data.GetProperty("InstructedAmount").WriteTo(json);
        json.WriteEndObject();
    }
}
