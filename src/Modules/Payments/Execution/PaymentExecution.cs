using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Sandbox;

namespace OpenBanking.Payments.Execution;

/// <summary>
/// What is done next for an order, by its status: the money is moved here, or handed to a scheme that says later whether the payee has it.
/// Each step may be taken again after a crash, since the core bank knows a transfer by its name and moves it once.
/// </summary>
internal sealed class PaymentExecution(OrderBook orders, PartPayments parts, TestersWishes wishes, PaymentsOptions options, IMediator mediator, TimeProvider time)
{
    /// <summary>How long an answer that got lost is waited for.</summary>
    private static readonly TimeSpan Lost = TimeSpan.FromSeconds(1);

    /// <summary>The waiting time of an order that is not signed by all has expired.</summary>
    private static readonly OrderCause NotApproved = new("bank", "DS24", "Not all who must approve it have done so in time.");

    public Task StepAsync(PaymentOrder order, CancellationToken ct)
    {
        // Who must approve it has not, and the time for that is over (OB-PIS-26).
        if (order.Approvals == MultiAuthorisation.AWAF)
            return order.ApproveBefore > time.GetUtcNow() ? orders.PutOffAsync(order, order.ApproveBefore, ct) : RejectAsync(order, NotApproved, ct);
        return order.Type.HasParts ? parts.StepAsync(order, ct) : PaymentStepAsync(order, ct);
    }

    private Task PaymentStepAsync(PaymentOrder order, CancellationToken ct) => order.Status switch
    {
        // It waits for its day, and says so.
        OrderStatus.RCVD when new OrderedPayment(order).NotBefore is { } day && day > time.GetUtcNow() => orders.MoveAsync(order, OrderStatus.PDNG, OrderCause.Bank, day, ct),
        OrderStatus.RCVD or OrderStatus.PDNG or OrderStatus.ACTC or OrderStatus.ACCP or OrderStatus.ACFC or OrderStatus.ACSP => PayAsync(order, ct),

        // The scheme has it, and says that the payee has it too.
        OrderStatus.ACSC => orders.MoveAsync(order, OrderStatus.ACCC, OrderCause.Scheme, null, ct),
        _ => orders.PutOffAsync(order, null, ct),
    };

    private async Task PayAsync(PaymentOrder order, CancellationToken ct)
    {
        if (await wishes.TakeAsync(TestersWish.Refuse, ct) is { Value: { } code })
        {
            await RejectAsync(order, new OrderCause("bank", code, "The bank could not carry the payment out."), ct);
            return;
        }

        // What was not set aside with the order must be there now.
        if (!order.Type.HoldsAtOnce)
        {
            var hold = await HoldAsync(order, ct);
            if (hold is HoldAnswer.Refused refused)
            {
                await RejectAsync(order, new OrderCause("bank", PartPayments.CodeOf(refused.Why), "The payment could not be made on its day."), ct);
                return;
            }

            if (hold is HoldAnswer.Held { IsOnUs: true }) order = await orders.KeepWithinAsync(order, ct);
        }

        if (order.Status != OrderStatus.ACSP)
        {
            order = await orders.MoveAsync(order, OrderStatus.ACSP, OrderCause.Bank, time.GetUtcNow(), ct) ?? order;
        }

        if (!await mediator.Send(new ExecuteTransfer(order.Id, order.Rail), ct))
        {
            await RejectAsync(order, new OrderCause("bank", "AM04", "The money is not set aside any more."), ct);
            return;
        }

        // Done, and nobody is told: the next look asks the core again under the same name and learns that it was done.
        if (await wishes.TakeAsync(TestersWish.Lose, ct) is not null)
        {
            await orders.PutOffAsync(order, time.GetUtcNow() + Lost, ct);
            return;
        }

        // The payer has been debited, nothing more (OB-PST-2). Within the bank the payee has it in the same moment.
        var now = time.GetUtcNow();
        var paid = await orders.MoveAsync(order, OrderStatus.ACSC, OrderCause.Bank, order.Rail is null ? null : now + options.SchemeDelay, ct);
        if (paid is { Rail: null }) await orders.MoveAsync(paid, OrderStatus.ACCC, OrderCause.Bank, null, ct);
    }

    /// <summary>What the core bank is asked to set aside for an order.</summary>
    public static HoldForTransfer TransferOf(string orderId, string consentId, PaymentConsentDecision.Granted granted, OrderedPayment payment) =>
        new(orderId, consentId, granted.CustomerId, granted.AccountId, granted.Debit, granted.Charge, payment.Payee, payment.Reference) { Exchanged = granted.Transfer };

    /// <summary>Has the money of an order moved, once however often it is asked; where it waited for its day it is set aside first.</summary>
    public async Task<bool> MoveMoneyAsync(PaymentOrder order, CancellationToken ct) =>
        (order.Type.HoldsAtOnce || await HoldAsync(order, ct) is HoldAnswer.Held) && await mediator.Send(new ExecuteTransfer(order.Id, order.Rail), ct);

    private Task<HoldAnswer> HoldAsync(PaymentOrder order, CancellationToken ct)
    {
        var payment = new OrderedPayment(order);
        var amount = new Money(order.Amount, order.Currency);
        var hold = new HoldForTransfer(order.Id, order.ConsentId, order.CustomerId, order.AccountId, amount, payment.Charge, payment.Payee, payment.Reference);
        return mediator.Send(hold, ct);
    }

    /// <summary>Gives back what was set aside, or brings back what was moved, and says why (OB-PST-4).</summary>
    public async Task<bool> RejectAsync(PaymentOrder order, OrderCause cause, CancellationToken ct)
    {
        var end = order.Approvals == MultiAuthorisation.AWAF ? order.Type.Flow.OnceRefused : OrderStatus.RJCT;
        if (await orders.MoveAsync(order, end, cause, null, ct) is null) return false;
        if (!await mediator.Send(new ReleaseTransfer(order.Id), ct)) await mediator.Send(new ReturnTransfer(order.Id, cause.ReasonCode ?? "rejected"), ct);
        return true;
    }
}
