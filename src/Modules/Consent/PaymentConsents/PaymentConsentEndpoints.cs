using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// What a third party does with payment consents of every type: it makes one, looks at it, and asks whether the money is there. It cannot
/// change one or take one back (OB-CON-6). Requests and answers are signed, and a request is made once whatever happens on the way.
/// </summary>
internal sealed class PaymentConsentEndpoints(
    OwnConsents own, Consents consents, ConsentDb db, Idempotency idempotency, CutOffs cutOffs, PaymentQuotes quotes, IMediator mediator, ApiAddresses addresses, TimeProvider time)
{
    private const string Scope = "payments";

    public static void Map(IEndpointRouteBuilder pisp)
    {
        foreach (var type in PaymentTypes.All)
        {
            pisp.MapPost(type.Path, (PaymentConsentEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(type, http, ct))
                .RequireAccessToken(Scope, TokenKind.Client).TakesSignedRequests();
            pisp.MapGet(type.Path + "/{consentId}", (PaymentConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(type, consentId, http, ct))
                .RequireAccessToken(Scope, TokenKind.Client).SignsAnswers();
            if (!type.ConfirmsFunds) continue;
            pisp.MapGet(type.Path + "/{consentId}/funds-confirmation", (PaymentConsentEndpoints endpoint, string consentId, HttpContext http, CancellationToken ct) => endpoint.ConfirmFundsAsync(type, consentId, http, ct))
                .RequireAccessToken(Scope, TokenKind.Customer).SignsAnswers();
        }
    }

    public async Task<IResult> PostAsync(PaymentType type, HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (type.RequestSchema.Faults(document.RootElement) is { Count: > 0 } faults) return ApiError.BadRequest(faults);

        var consentId = Consents.NewId(type.Kind);
        return await idempotency.RunAsync(
            http,
            db,
            http.Caller().ClientId,
            new Creation(
                consentId,
                Idempotency.DigestOf(document.RootElement),
                () => CreateAsync(type, consentId, new PaymentRequest(document.RootElement), http, ct),
                id => ShowAsync(type, id, http, ct)),
            ct);
    }

    public async Task<IResult> GetAsync(PaymentType type, string consentId, HttpContext http, CancellationToken ct)
    {
        if ((await own.FindAsync(consentId, type.Kind, http, ct)).Failed(out var error, out var consent)) return error;
        return Answer(type, http, consent, StatusCodes.Status200OK);
    }

    /// <summary>Yes or no at this moment, for an authorised consent; nothing is reserved and nothing changes (OB-PIS-13).</summary>
    public async Task<IResult> ConfirmFundsAsync(PaymentType type, string consentId, HttpContext http, CancellationToken ct)
    {
        if (http.Caller().Consent!.ConsentId != consentId) return ApiError.Forbidden("U011", "OB-SEC-5", "The token is for another consent.");
        if ((await own.FindAsync(consentId, type.Kind, http, ct)).Failed(out var error, out var consent)) return error;
        if (consent.State != ConsentState.AUTH) return ApiError.BadRequest("U009", "OB-PIS-13", "The consent is not authorised.", "Data.Status");

        var amount = type.Debit(PaymentRequest.Of(consent), consent);
        var due = amount with { Amount = amount.Amount + PaymentQuote.DueOf(consent) };
        var isThere = await mediator.Send(new AreFundsThere(consent.CustomerId!, consent.AccountIds!.Single(), due), ct);
        return new WrittenAnswer(StatusCodes.Status200OK, Write, addresses.Of(http, $"/open-banking/v4.0/pisp{type.Path}/{consentId}/funds-confirmation"));

        void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject("Data");
            json.WriteStartObject("FundsAvailableResult");
            json.WriteString("FundsAvailableDateTime", IsoDateTime.ToWire(time.GetUtcNow()));
            json.WriteBoolean("FundsAvailable", isThere);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private async Task<Outcome<IResult, ApiError>> CreateAsync(PaymentType type, string consentId, PaymentRequest payment, HttpContext http, CancellationToken ct)
    {
        var place = await quotes.PlaceOfAsync(type.Kind, payment, ct);
        if (PaymentRules.FirstRefusal(type.Rules, payment, place) is { } refusal) return refusal;
        if (cutOffs.Refuses(type.Kind)) return ApiError.BadRequest("U012", "OB-PIS-18", "Payments of this type are taken before the cut-off only.");
        if (await own.TooManyWaitAsync(http, ct) is { } tooMany) return tooMany;

        var terms = new ConsentTerms(Expires: null) { OfKind = payment.Body.GetRawText(), Quoted = type.Quote(payment, place).ToJson() };
        var consent = await consents.CreateAsync(type.Kind, http.Caller().ClientId, terms, ct, consentId);
        return Answer(type, http, consent, StatusCodes.Status201Created);
    }

    private async Task<IResult> ShowAsync(PaymentType type, string consentId, HttpContext http, CancellationToken ct) =>
        (await own.FindAsync(consentId, type.Kind, http, ct)).Failed(out var error, out var consent) ? error : Answer(type, http, consent, StatusCodes.Status201Created);

    private WrittenAnswer Answer(PaymentType type, HttpContext http, ConsentRecord consent, int status) =>
        new(status, json => PaymentConsentAnswer.Write(json, consent), addresses.Of(http, $"/open-banking/v4.0/pisp{type.Path}/{consent.Id}"));
}

/// <summary>
/// A payment consent as its third party sees it: what it has sent, in its own words (OB-GEN-7), with what the bank adds around it.
/// </summary>
internal static class PaymentConsentAnswer
{
    public static void Write(Utf8JsonWriter json, ConsentRecord consent)
    {
        var payment = PaymentRequest.Of(consent);
        json.WriteStartObject("Data");
        json.WriteString("ConsentId", consent.Id);
        json.WriteString("CreationDateTime", IsoDateTime.ToWire(consent.CreatedAt));
        json.WriteString("Status", consent.State.ToString());
        if (StatusReason.Of(consent) is { } reasons)
        {
            json.WriteStartArray("StatusReason");
            foreach (var reason in reasons)
            {
                json.WriteStartObject();
                json.WriteString("StatusReasonCode", reason.StatusReasonCode);
                if (reason.StatusReasonDescription is { } text) json.WriteString("StatusReasonDescription", text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteString("StatusUpdateDateTime", IsoDateTime.ToWire(consent.StateChangedAt));
        foreach (var member in payment.Data.EnumerateObject()) member.WriteTo(json);
        if (consent.Quoted is { } quoted)
        {
            foreach (var member in JsonElement.Parse(quoted).EnumerateObject()) member.WriteTo(json);
        }

        json.WriteEndObject();

        // Files have none.
        if (payment.Body.TryGetProperty("Risk", out var risk))
        {
            json.WritePropertyName("Risk");
            risk.WriteTo(json);
        }
    }
}
