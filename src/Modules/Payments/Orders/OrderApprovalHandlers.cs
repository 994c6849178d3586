using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Execution;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Orders;

/// <summary>
/// What those see and decide who must approve a payment that one of them has ordered. Who that is the core bank says at the moment of asking: it
/// is whoever may act on the account then, so somebody who has lost that decides nothing any more.
/// </summary>
internal sealed class OrderApprovalHandlers(OrderBook orders, PaymentsDb db, PaymentExecution execution, ExecutionSignal signal, UnitOfWork unit, IMediator mediator, TimeProvider time) :
    IRequestHandler<ListOrdersToApprove, IReadOnlyList<OrderToApprove>>,
    IRequestHandler<DescribeOrderToApprove, OrderToApprove?>,
    IRequestHandler<ApproveOrder, OrderApprovalAnswer>,
    IRequestHandler<RefuseOrder, OrderApprovalAnswer>
{
    /// <summary>An authorised user has cancelled the order.</summary>
    private const string Refused = "DS02";
    private const int Most = 100;

    public async Task<IReadOnlyList<OrderToApprove>> Handle(ListOrdersToApprove request, CancellationToken cancellationToken)
    {
        // The customer's other pages go on without this one while the core is away.
        var accounts = await mediator.Send(new ListOwnAccountsIfKnown(request.CustomerId), cancellationToken) ?? [];
        var ids = accounts.Where(account => account.ApproversNeeded > 1).Select(account => account.AccountId).ToArray();
        if (ids.Length == 0) return [];
        var waiting = await db.Orders.AsNoTracking().Where(order => order.Approvals == MultiAuthorisation.AWAF && ids.Contains(order.AccountId))
            .OrderBy(order => order.ApproveBefore).ThenBy(order => order.Id).Take(Most).ToListAsync(cancellationToken);
        var approved = await ApprovedByAsync(request.CustomerId, [.. waiting.Select(order => order.Id)], cancellationToken);
        return [.. waiting.Select(order => Describe(order, accounts.First(account => account.AccountId == order.AccountId), approved.Contains(order.Id)))];
    }

    public async Task<OrderToApprove?> Handle(DescribeOrderToApprove request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request.OrderId, request.CustomerId, cancellationToken) is not var (order, account)) return null;
        return Describe(order, account, (await ApprovedByAsync(request.CustomerId, [order.Id], cancellationToken)).Count > 0);
    }

    public async Task<OrderApprovalAnswer> Handle(ApproveOrder request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request.OrderId, request.CustomerId, cancellationToken) is not var (order, _)) return OrderApprovalAnswer.NotFound;
        if (!IsOpen(order)) return OrderApprovalAnswer.Over;
        var shown = await mediator.Send(new DescribeFurtherApproval(order.ConsentId, order.ClientId, request.CustomerId), cancellationToken);
        if (shown?.Digest != request.ShownDigest) return OrderApprovalAnswer.Changed;
        if (await orders.ApproveAsync(order, request.CustomerId, cancellationToken) is not { } approved)
            return (await ApprovedByAsync(request.CustomerId, [order.Id], cancellationToken)).Count > 0 ? OrderApprovalAnswer.ApprovedBefore : OrderApprovalAnswer.Over;

        // What was signed is kept with it, or there is no approval.
        await mediator.Send(new KeepFurtherApproval(order.ConsentId, order.ClientId, request.CustomerId, request.ShownDigest, request.Evidence), cancellationToken);
        return await CountedAsync(approved, cancellationToken) ? OrderApprovalAnswer.Complete : OrderApprovalAnswer.Done;
    }

    public async Task<OrderApprovalAnswer> Handle(RefuseOrder request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request.OrderId, request.CustomerId, cancellationToken) is not var (order, _)) return OrderApprovalAnswer.NotFound;
        return await RefuseAsync(order, cancellationToken) ? OrderApprovalAnswer.Done : OrderApprovalAnswer.Over;
    }

    /// <summary>Has an order go on where that was the last approval.</summary>
    public async Task<bool> CountedAsync(PaymentOrder order, CancellationToken ct)
    {
        if (order.ApprovalsReceived < order.ApprovalsRequired) return false;
        await orders.GoOnAsync(order, ct);
        unit.AfterCommit(signal.WakeAsync);
        return true;
    }

    public async Task<bool> RefuseAsync(PaymentOrder order, CancellationToken ct) =>
        IsOpen(order) && await execution.RejectAsync(order, new OrderCause("customer", Refused, "One of those who must approve it has refused."), ct);

    private bool IsOpen(PaymentOrder order) => order.Approvals == MultiAuthorisation.AWAF && order.ApproveBefore > time.GetUtcNow();

    private async Task<(PaymentOrder Order, OwnAccount Account)?> FindAsync(string orderId, string customerId, CancellationToken ct) =>
        await orders.FindAsync(orderId, ct) is { Approvals: not null } order
        && (await AccountsOfAsync(customerId, ct)).FirstOrDefault(own => own.AccountId == order.AccountId) is { } account
            ? (order, account)
            : null;

    private Task<IReadOnlyList<OwnAccount>> AccountsOfAsync(string customerId, CancellationToken ct) => mediator.Send(new ListOwnAccounts(customerId), ct);

    private async Task<HashSet<string>> ApprovedByAsync(string customerId, IReadOnlyList<string> orderIds, CancellationToken ct) =>
        [.. await db.Approvals.Where(row => row.CustomerId == customerId && orderIds.Contains(row.OrderId)).Select(row => row.OrderId).ToListAsync(ct)];

    private OrderToApprove Describe(PaymentOrder order, OwnAccount account, bool isApprovedByCustomer) => new(
        order.Id, order.Subject, order.ConsentId, order.ClientId, new Money(order.Amount, order.Currency), order.PayeeName, account.Name, order.CreatedAt, order.ApproveBefore!.Value)
    {
        Required = order.ApprovalsRequired!.Value,
        Received = order.ApprovalsReceived!.Value,
        IsApprovedByCustomer = isApprovedByCustomer,
        Outcome = order.Approvals == MultiAuthorisation.AUTH ? ApprovalsOutcome.Approved : IsOpen(order) ? ApprovalsOutcome.Waiting : ApprovalsOutcome.Refused,
    };
}
