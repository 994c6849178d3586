using System.Text.Json.Serialization;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.FundsConfirmation;

/// <summary>
/// Answers a card issuer whether an amount is there: yes or no and nothing else (OB-CBP-5). Nothing is reserved (OB-CBP-7), and every
/// question is kept for the customer to see (OB-CBP-10). The token, the consent and the body must all name the same consent (RAR-12).
/// </summary>
internal sealed class FundsConfirmationEndpoint(IMediator mediator, ICoreBank bank, FundsChecks checks, ApiAddresses addresses, TimeProvider time)
{
    private const string Path = "/funds-confirmations";

    public static void Map(IEndpointRouteBuilder cbpii) =>
        cbpii.MapPost(Path, (FundsConfirmationEndpoint endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(http, ct))
            .RequireAccessToken("fundsconfirmations", TokenKind.Customer);

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (FundsQuestion.From(document.RootElement).Failed(out error, out var question)) return error;

        var caller = http.Caller();
        if (question.ConsentId != caller.Consent!.ConsentId) return ApiError.Forbidden("U011", "OB-SEC-5", "The token is for another consent.");
        var decision = await mediator.Send(new OpenFundsConfirmation(question.ConsentId, caller.ClientId), ct);
        if (decision is FundsConfirmationDecision.Refused refused) return Refusal(refused.Reason);

        var granted = (FundsConfirmationDecision.Granted)decision;
        if (await checks.TooManyAsync(question.ConsentId, ct)) return TooMany(http);
        var balance = (await bank.BalancesAsync(granted.CustomerId, [granted.AccountId], ct)).SingleOrDefault();
        if (FirstRefusal(question, balance) is { } refusal)
        {
            await checks.KeepAsync(Check(question, caller.ClientId, answer: null, refusal.WhyNone), ct);
            return refusal.Error;
        }

        var check = Check(question, caller.ClientId, balance!.Covers(question.Amount.Amount), whyNone: null);
        if (!await checks.AnswerAsync(check, ct))
        {
            await checks.KeepAsync(Check(question, caller.ClientId, answer: null, "It had asked under this reference before."), ct);
            return ApiError.BadRequest("U013", "OB-CBP-6", "This reference was used before.", "Data.Reference");
        }

        await mediator.Publish(new ConsentUsed(question.ConsentId, check.At), ct);
        return Answer(http, check, question);
    }

    private static (ApiError Error, string WhyNone)? FirstRefusal(FundsQuestion question, BankBalance? balance) =>
        balance is null ? (ApiError.Forbidden("U011", "CO-13", "The consent's account is not available."), "The account is closed or no longer yours.")
        : balance.Currency != question.Amount.Currency
            ? (ApiError.BadRequest("U023", "OB-CBP-4", "The account is in another currency.", "Data.InstructedAmount.Currency"), "The account is in another currency.")
            : null;

    private FundsCheck Check(FundsQuestion question, string clientId, bool? answer, string? whyNone)
    {
        var now = time.GetUtcNow();
        return new FundsCheck
        {
            Id = Guid.CreateVersion7(now),
            ConsentId = question.ConsentId,
            ClientId = clientId,
            At = now,
            Reference = question.Reference,
            Amount = question.Amount.Amount,
            Currency = question.Amount.Currency,
            Answer = answer,
            WhyNone = whyNone,
        };
    }

    // The row of the standard's table of states; a consent that has ended has no token that comes this far (OB-SEC-17).
    private static ApiError Refusal(ConsentRefusal reason) => reason switch
    {
        ConsentRefusal.Unknown => ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such consent."),
        ConsentRefusal.OfAnotherClient => ApiError.Forbidden("U011", "OB-HTTP-2", "This consent belongs to another third party."),
        _ => ApiError.BadRequest("U009", "OB-CON-1", "The consent is not authorised.", "Data.Status"),
    };

    /// <summary>Who halves an amount again and again learns the balance from yes and no (PY-27).</summary>
    private static ApiError TooMany(HttpContext http)
    {
        http.Response.Headers.RetryAfter = ((int)FundsChecks.Window.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return ApiError.Bare(StatusCodes.Status429TooManyRequests, "PY-27");
    }

    private JsonHttpResult<FundsAnswer> Answer(HttpContext http, FundsCheck check, FundsQuestion question) => TypedResults.Json(
        new FundsAnswer(
            new FundsAnswer.Body(
                check.Id.ToString("N"),
                check.ConsentId,
                IsoDateTime.ToWire(check.At),
                check.Answer == true,
                check.Reference,
                new FundsAnswer.Asked(question.AmountOnWire, check.Currency)),
            new Links(addresses.Of(http, "/open-banking/v4.0/cbpii" + Path)),
            Meta.OnePage),
        FundsWire.Default.FundsAnswer,
        UkApi.Json,
        StatusCodes.Status201Created);
}

/// <summary>OBFundsConfirmationResponse1.</summary>
internal sealed record FundsAnswer(FundsAnswer.Body Data, Links Links, Meta Meta)
{
    internal sealed record Body(string FundsConfirmationId, string ConsentId, string CreationDateTime, bool FundsAvailable, string Reference, Asked InstructedAmount);

    internal sealed record Asked(string Amount, string Currency);
}

[JsonSerializable(typeof(FundsAnswer))]
internal sealed partial class FundsWire : JsonSerializerContext;
