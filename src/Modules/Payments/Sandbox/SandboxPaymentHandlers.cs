using System.Globalization;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Execution;
using OpenBanking.Payments.Orders;

namespace OpenBanking.Payments.Sandbox;

/// <summary>What a tester makes happen to payments. An order goes only where its table lets it go: a tester plays the scheme, and no god.</summary>
internal sealed class SandboxPaymentHandlers(
    OrderBook orders, OrderApprovalHandlers approvals, PaymentExecution execution, TestersWishes wishes, IMediator mediator, TimeProvider time) :
    IRequestHandler<RefuseNextPayment, string?>,
    IRequestHandler<LoseNextAnswer, string?>,
    IRequestHandler<MoveSandboxOrder, string?>,
    IRequestHandler<DecideSandboxOrder, string?>,
    IRequestHandler<RefundSandboxOrder, string?>
{
    private const string NotWaiting = "this order waits for nobody's approval";


    public async Task<string?> Handle(RefuseNextPayment request, CancellationToken cancellationToken)
    {
        if (!IsCode(request.Code)) return "code must be a reason code of four letters and digits";
        await wishes.AddAsync(TestersWish.Refuse, request.Code, cancellationToken);
        return null;
    }

    public async Task<string?> Handle(LoseNextAnswer request, CancellationToken cancellationToken)
    {
        await wishes.AddAsync(TestersWish.Lose, null, cancellationToken);
        return null;
    }

    public async Task<string?> Handle(MoveSandboxOrder request, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(request.OrderId, cancellationToken) is not { } order) return "there is no such order";
        if (!Enum.TryParse<OrderStatus>(request.Status, out var to) || !Enum.IsDefined(to) || to.ToString() != request.Status) return "there is no such status";
        if (request.Reason is not null && !IsCode(request.Reason)) return "reason must be a reason code of four letters and digits";
        var cause = new OrderCause("scheme", request.Reason, request.Reason is null ? null : "The scheme says so.");
        if (order.Approvals == MultiAuthorisation.AWAF && to != OrderStatus.RJCT) return "this order waits for approvals, and no scheme has it: use decide";
        if (to == OrderStatus.RJCT) return await execution.RejectAsync(order, cause, cancellationToken) ? null : NotFrom(order);

        // Once the scheme says that it has the money, the payer's has moved.
        if (to is OrderStatus.ACSC or OrderStatus.ACCC or OrderStatus.ACWP or OrderStatus.BLCK && order.Type.Flow.Allows(order.Status, to)
            && !await execution.MoveMoneyAsync(order, cancellationToken))
            return "the money of this order cannot be moved";

        // What the tester has moved stays there; what waits for a day to come still goes on that day.
        var due = to < OrderStatus.ACSP && order.DueAt > time.GetUtcNow() ? order.DueAt : null;
        return await orders.MoveAsync(order, to, cause, due, cancellationToken) is null ? NotFrom(order) : null;
    }

    public async Task<string?> Handle(DecideSandboxOrder request, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(request.OrderId, cancellationToken) is not { } order) return "there is no such order";
        if (!request.Approve) return await approvals.RefuseAsync(order, cancellationToken) ? null : NotWaiting;

        // No passkey has signed it, and the evidence will say so: each who is played counts under a name of their own.
        var player = string.Create(CultureInfo.InvariantCulture, $"sandbox-control-{order.ApprovalsReceived}");
        if (await orders.ApproveAsync(order, player, cancellationToken) is not { } approved) return NotWaiting;
        await approvals.CountedAsync(approved, cancellationToken);
        return null;
    }

    public async Task<string?> Handle(RefundSandboxOrder request, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(request.OrderId, cancellationToken) is not { } order) return "there is no such order";
        return await mediator.Send(new ReturnTransfer(order.Id, "the payee returns it"), cancellationToken) ? null : "there is nothing to return";
    }

    private static string NotFrom(PaymentOrder order) => $"an order in status {order.Status} cannot go there";

    private static bool IsCode(string text) => text.Length == 4 && text.All(char.IsAsciiLetterOrDigit);
}
