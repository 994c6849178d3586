using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Vrp;

/// <summary>What has been paid under a VRP consent, as its customer sees it (D-8).</summary>
internal sealed class DescribeVrpUseHandler(PaymentsDb db, VrpRoom room, IMediator mediator, TimeProvider time) : IRequestHandler<DescribeVrpUse, VrpUse>
{
    public async Task<VrpUse> Handle(DescribeVrpUse request, CancellationToken cancellationToken)
    {
        if (await mediator.Send(new FindVrpLimits(request.ConsentId), cancellationToken) is not { } limits) return new VrpUse([], []);
        var orders = await db.Orders.AsNoTracking().Where(order => order.ConsentId == request.ConsentId)
            .OrderByDescending(order => order.CreatedAt).Take(request.Most).ToListAsync(cancellationToken);
        return new VrpUse(
            await room.UseAsync(request.ConsentId, limits, time.GetUtcNow(), cancellationToken),
            [
                .. orders.Select(order => new VrpPayment(
                    order.Id, order.CreatedAt, new Money(order.Amount, order.Currency), order.PayeeName, new OrderedPayment(order).Reference, order.Status.ToString(), Words(order.Status))),
            ]);
    }

    private static string Words(OrderStatus status) => status switch
    {
        OrderStatus.RJCT => "Not made",
        OrderStatus.BLCK => "Blocked",
        OrderStatus.ACCC or OrderStatus.ACWP => "Received by the payee",
        OrderStatus.ACSC or OrderStatus.ACWC => "Sent",
        _ => "On its way",
    };
}
