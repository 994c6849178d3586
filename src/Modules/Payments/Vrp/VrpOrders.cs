using System.Text.Json;
using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Payments.Orders;

namespace OpenBanking.Payments.Vrp;

/// <summary>
/// Judges orders under VRP consents: by what was approved, and by what was paid before. The consent is held from the first question on, so judging
/// an order and keeping it are one step (OB-VRP-11).
/// </summary>
internal sealed class VrpOrders(VrpRoom room, IMediator mediator, TimeProvider time)
{
    public async Task<Outcome<AllowedOrder, ApiError>> AllowAsync(string consentId, string clientId, JsonElement order, CancellationToken ct)
    {
        var verdict = await mediator.Send(new JudgeVrpOrder(consentId, clientId, order.GetRawText()), ct);
        if (verdict is not VrpOrderVerdict.Allowed allowed) return Refusal(verdict);
        var now = time.GetUtcNow();
        if (await room.FirstRefusalAsync(consentId, allowed.Limits, allowed.Amount, now, ct) is { } refusal) return refusal;
        var granted = new PaymentConsentDecision.Granted(allowed.CustomerId, allowed.AccountId, order.GetRawText(), Quoted: null) { Debit = allowed.Amount, Charge = 0 };
        return new AllowedOrder(granted, new OrderedPayment(order, null), allowed.GivesRefundAccount, now);
    }

    private static ApiError Refusal(VrpOrderVerdict verdict) => verdict switch
    {
        VrpOrderVerdict.NotAsApproved broken => ApiError.BadRequest(broken.Faults),
        VrpOrderVerdict.TooLate => ApiError.BadRequest("U012", "OB-PIS-18", "Payments of this type are taken before the cut-off only."),
        VrpOrderVerdict.Refused { Reason: ConsentRefusal.Unknown } => ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such consent."),
        VrpOrderVerdict.Refused { Reason: ConsentRefusal.OfAnotherClient } => ApiError.Forbidden("U011", "OB-HTTP-2", "This consent belongs to another third party."),
        _ => ApiError.BadRequest("U009", "OB-VRP-23", "The consent is not authorised.", "Data.Status"),
    };
}
