using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Payments.Contracts;

namespace OpenBanking.Payments.Orders;

/// <summary>Stops an order at its customer's wish, where the table of its type has that; of a stop and an execution at one moment one wins (PY-23).</summary>
internal sealed class CancelOrderHandler(OrderBook orders, IMediator mediator) : IRequestHandler<CancelOrder, bool>
{
    public async Task<bool> Handle(CancelOrder request, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(request.OrderId, cancellationToken) is not { } order || order.CustomerId != request.CustomerId) return false;
        var cause = new OrderCause("customer", "CUST", "The customer has stopped it.");
        if (await orders.MoveAsync(order, OrderStatus.CANC, cause, null, cancellationToken) is null) return false;
        if (order.Type.HoldsAtOnce) await mediator.Send(new ReleaseTransfer(order.Id), cancellationToken);
        return true;
    }
}
