using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Execution;
using OpenBanking.Payments.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Payments.Orders;

/// <summary>
/// Takes orders of every type and says what became of them. An order, the end of its consent, the money set aside for it, its history, its
/// event and its idempotency record are one transaction: all of them are there, or none is.
/// </summary>
internal sealed class OrderEndpoints(
    OrderBook orders, PaymentsDb db, Idempotency idempotency, PaymentsOptions options, CurrentChoices choices, ExecutionSignal signal, UnitOfWork unit, IMediator mediator, ApiAddresses addresses, TimeProvider time)
{
    private const string Scope = "payments";
    private static readonly JsonSerializerOptions ReportJson = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    public static void Map(IEndpointRouteBuilder pisp)
    {
        foreach (var type in OrderType.All)
        {
            pisp.MapPost(type.Path, (OrderEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(type, http, ct))
                .RequireAccessToken(Scope, TokenKind.Customer).TakesSignedRequests();

            // By the third party's own token, so that it works when the customer's is long gone (OB-PIS-29).
            pisp.MapGet(type.Path + "/{orderId}", (OrderEndpoints endpoint, string orderId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(type, orderId, http, ct))
                .RequireAccessToken(Scope, TokenKind.Client).SignsAnswers();
            pisp.MapGet(type.Path + "/{orderId}/payment-details", (OrderEndpoints endpoint, string orderId, HttpContext http, CancellationToken ct) => endpoint.GetDetailsAsync(type, orderId, http, ct))
                .RequireAccessToken(Scope, TokenKind.Client).SignsAnswers();
            if (type.Flow != OrderFlow.File) continue;
            pisp.MapGet(type.Path + "/{orderId}/report-file", (OrderEndpoints endpoint, string orderId, HttpContext http, CancellationToken ct) => endpoint.GetReportAsync(type, orderId, http, ct))
                .RequireAccessToken(Scope, TokenKind.Client).SignsAnswers();
        }
    }

    public async Task<IResult> PostAsync(OrderType type, HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (type.RequestSchema.Faults(document.RootElement) is { Count: > 0 } faults) return ApiError.BadRequest(faults);
        var caller = http.Caller();

        // The token, the consent and the body must all name the same consent (RAR-12, PY-09).
        if (document.RootElement.GetProperty("Data").GetProperty("ConsentId").GetString() != caller.Consent!.ConsentId)
            return ApiError.Forbidden("U011", "OB-SEC-5", "The token is for another consent.");

        var orderId = PaymentOrder.NewId(type);
        return await idempotency.RunAsync(
            http,
            db,
            caller.ClientId,
            new Creation(
                orderId,
                Idempotency.DigestOf(document.RootElement),
                () => CreateAsync(type, orderId, document.RootElement, http, ct),
                id => ShowAsync(id, http, ct)),
            ct);
    }

    public async Task<IResult> GetAsync(OrderType type, string orderId, HttpContext http, CancellationToken ct) =>
        (await FindAsync(type, orderId, http, ct)).Failed(out var error, out var order) ? error : Answer(http, order, StatusCodes.Status200OK);

    /// <summary>How the payment fares on its rail (OB-PST-5).</summary>
    public async Task<IResult> GetDetailsAsync(OrderType type, string orderId, HttpContext http, CancellationToken ct) =>
        (await FindAsync(type, orderId, http, ct)).Failed(out var error, out var order)
            ? error
            : new WrittenAnswer(StatusCodes.Status200OK, WriterOf(order, await PartsOfAsync(order, ct)), addresses.Of(http, $"/open-banking/v4.0/pisp{type.Path}/{order.Id}/payment-details"));

    /// <summary>What became of each payment of a file, once the last one has been made (OB-FIL-7).</summary>
    public async Task<IResult> GetReportAsync(OrderType type, string orderId, HttpContext http, CancellationToken ct)
    {
        if ((await FindAsync(type, orderId, http, ct)).Failed(out var error, out var order)) return error;
        if (!type.Flow.IsFinal(order.Status)) return ApiError.BadRequest("U011", "OB-FIL-7", "There is no report yet.");
        var parts = await PartsOfAsync(order, ct);
        return Results.Json(
            new
            {
                FilePaymentId = order.Id,
                Status = order.Status.ToString(),
                NumberOfTransactions = parts.Count,
                Payments = parts.Select(part => new
                {
                    PaymentTransactionId = part.TransferId,
                    EndToEndIdentification = part.EndToEnd,
                    Amount = new Money(part.Amount, part.Currency).ToWire(),
                    part.Currency,
                    Status = part.Status.ToString(),
                    StatusReason = part.ReasonCode,
                }),
            },
            ReportJson,
            UkApi.Json);
    }

    private static Action<Utf8JsonWriter> WriterOf(PaymentOrder order, IReadOnlyList<PartPayment> parts) => json => OrderAnswer.WriteDetails(json, order, parts);

    private async Task<List<PartPayment>> PartsOfAsync(PaymentOrder order, CancellationToken ct) =>
        order.Type.HasParts ? await db.Parts.AsNoTracking().Where(part => part.OrderId == order.Id).OrderBy(part => part.Number).ToListAsync(ct) : [];

    private async Task<Outcome<IResult, ApiError>> CreateAsync(OrderType type, string orderId, JsonElement body, HttpContext http, CancellationToken ct)
    {
        var caller = http.Caller();
        var consentId = caller.Consent!.ConsentId;
        switch (await mediator.Send(new OpenPaymentConsent(consentId, caller.ClientId, type.Kind), ct))
        {
            case PaymentConsentDecision.Granted granted: return await CreateAsync(type, orderId, body, granted, http, ct);
            case PaymentConsentDecision.TooLate: return ApiError.BadRequest("U012", "OB-PIS-18", "Payments of this type are taken before the cut-off only.");
            case PaymentConsentDecision.Refused refused: return Refusal(refused.Reason);
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<Outcome<IResult, ApiError>> CreateAsync(
        OrderType type, string orderId, JsonElement body, PaymentConsentDecision.Granted granted, HttpContext http, CancellationToken ct)
    {
        var (caller, now) = (http.Caller(), time.GetUtcNow());
        var consentId = caller.Consent!.ConsentId;

        // What was approved is what is paid, member by member (OB-PIS-3, PY-08).
        var asked = JsonElement.Parse(granted.Request);
        if (Difference(asked, body) is { } difference) return ApiError.BadRequest("U008", "OB-PIS-3", "The order differs here from its consent.", difference);

        // Much money wants a customer who has authenticated just now. The consent of a payment is not authenticated again (OB-CON-8): who is asked
        // for that makes a new one, and its approval shows amount and payee and binds them to the new authentication (STEP-09).
        if (granted.FreshFor is { } age && new StepUp([], age).FirstRefusal(http) is { } stale) return stale.AsApiError(http);

        // Of several orders at one moment one gets the consent (OB-PIS-5, PY-06); what is refused after that gives it back.
        if (!await mediator.Send(new ConsumePaymentConsent(consentId, caller.ClientId, orderId), ct))
            return ApiError.BadRequest("U009", "OB-PIS-5", "The consent is used up.", "Data.Status");

        var payment = new OrderedPayment(asked, granted.Quoted);
        var hold = type.HoldsAtOnce ? await mediator.Send(PaymentExecution.TransferOf(orderId, consentId, granted, payment), ct) : await PromiseAsync(granted, ct);
        if (hold is HoldAnswer.Refused refused) return Refusal(refused.Why);

        var held = (HoldAnswer.Held)hold;
        var amount = payment.Amount ?? granted.Debit;

        // A tester's choice counts before the bank's setting (OB-DEC-3).
        var first = type.First(choices.Now.InitialOrderStatus == nameof(OrderStatus.PDNG) ? OrderStatus.PDNG : options.InitialOrderStatus);
        var needed = held.Payer.ApproversNeeded;
        DateTimeOffset? approveBefore = needed > 1 ? Earliest(now + options.ApprovalWindow, payment.ApproveBefore, type.Flow == OrderFlow.Scheduled && payment.NotBefore > now ? payment.NotBefore : null) : null;
        var order = new PaymentOrder
        {
            Id = orderId,
            ConsentId = consentId,
            IsOnlyOne = true,
            ClientId = caller.ClientId,
            CustomerId = granted.CustomerId,
            AccountId = granted.AccountId,
            Status = first,
            CreatedAt = now,
            StatusChangedAt = now,
            Request = body.GetRawText(),
            Quoted = granted.Quoted,
            Amount = amount.Amount,
            Currency = amount.Currency,
            PayeeName = payment.PayeeName,
            Rail = held.IsOnUs ? null : payment.Rail,
            PayerScheme = held.Payer.Scheme,
            PayerIdentification = held.Payer.Identification,
            PayerName = held.Payer.HolderName,
            GivesRefundAccount = payment.GivesRefundAccount,

            // Where several must approve it, the one who has consented is the first of them.
            Approvals = needed > 1 ? MultiAuthorisation.AWAF : null,
            ApprovalsRequired = needed > 1 ? needed : null,
            ApprovalsReceived = needed > 1 ? 1 : null,
            ApprovalsChangedAt = needed > 1 ? now : null,
            ApproveBefore = approveBefore,

            // What waits for its day is told so at once (OB-PST-1).
            DueAt = approveBefore ?? (payment.NotBefore > now && (first == OrderStatus.PDNG || type.Flow != OrderFlow.Scheduled) ? payment.NotBefore : now),
        };
        await orders.AddAsync(order, ct);

        // The consent is its one's who gave it, and used up; the order waits for the others (OB-PIS-26, OB-PIS-27).
        if (needed > 1) return Answer(http, await orders.AwaitApprovalsAsync(order, ct), StatusCodes.Status201Created);
        unit.AfterCommit(signal.WakeAsync);
        return Answer(http, order, StatusCodes.Status201Created);
    }

    private static DateTimeOffset Earliest(params IEnumerable<DateTimeOffset?> moments) => moments.OfType<DateTimeOffset>().Min();

    /// <summary>Nothing is set aside yet, but the account must be one that can pay.</summary>
    private async Task<HoldAnswer> PromiseAsync(PaymentConsentDecision.Granted granted, CancellationToken ct) =>
        await mediator.Send(new FindPayerAccount(granted.CustomerId, granted.AccountId), ct) is { } payer
            ? new HoldAnswer.Held(IsOnUs: false, payer)
            : new HoldAnswer.Refused(HoldRefusal.AccountUnusable);

    private async Task<IResult> ShowAsync(string orderId, HttpContext http, CancellationToken ct) =>
        Answer(http, await orders.FindAsync(orderId, ct) ?? throw new InvalidOperationException("An order that was made has gone."), StatusCodes.Status201Created);

    private async Task<Outcome<PaymentOrder, ApiError>> FindAsync(OrderType type, string orderId, HttpContext http, CancellationToken ct)
    {
        if (await orders.FindAsync(orderId, ct) is not { } order || order.Type != type) return ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such order.");
        return order.ClientId == http.Caller().ClientId ? order : ApiError.Forbidden("U011", "OB-HTTP-2", "This order belongs to another third party.");
    }

    /// <summary>The first member in which an order differs from what was approved; risk is compared where the type has one.</summary>
    private static string? Difference(JsonElement asked, JsonElement ordered)
    {
        var difference = JsonValues.FirstDifference(asked.GetProperty("Data").GetProperty("Initiation"), ordered.GetProperty("Data").GetProperty("Initiation"), "Data.Initiation");
        if (difference is not null || !asked.TryGetProperty("Risk", out var risk)) return difference;
        return ordered.TryGetProperty("Risk", out var other) ? JsonValues.FirstDifference(risk, other, "Risk") : "Risk";
    }

    private static ApiError Refusal(ConsentRefusal reason) => reason switch
    {
        ConsentRefusal.Unknown => ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such consent."),
        ConsentRefusal.OfAnotherClient => ApiError.Forbidden("U011", "OB-HTTP-2", "This consent belongs to another third party."),
        _ => ApiError.BadRequest("U009", "OB-PIS-5", "The consent is not authorised, or its order was made.", "Data.Status"),
    };

    /// <summary>What is found while the call runs is said at once (OB-PIS-6).</summary>
    private static ApiError Refusal(HoldRefusal why) => why switch
    {
        HoldRefusal.InsufficientFunds => ApiError.BadRequest("AM04", "OB-PIS-6", "There is not enough money.", "Data.Initiation.InstructedAmount"),
        HoldRefusal.PayeeUnknown => ApiError.BadRequest("AC03", "OB-PIS-6", "There is no such account at this bank.", "Data.Initiation.CreditorAccount"),
        HoldRefusal.PayeeClosed => ApiError.BadRequest("AC07", "OB-PIS-6", "The account to pay is closed.", "Data.Initiation.CreditorAccount"),
        _ => ApiError.BadRequest("AC06", "OB-PIS-6", "The account to pay from cannot be used.", "Data.Initiation.DebtorAccount"),
    };

    private WrittenAnswer Answer(HttpContext http, PaymentOrder order, int status) =>
        new(status, json => OrderAnswer.Write(json, order), addresses.Of(http, $"/open-banking/v4.0/pisp{order.Type.Path}/{order.Id}"));
}
