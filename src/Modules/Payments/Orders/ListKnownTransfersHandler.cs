using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Orders;

/// <summary>A transfer is called as its order, or as one payment of it.</summary>
internal sealed class ListKnownTransfersHandler(PaymentsDb db) : IRequestHandler<ListKnownTransfers, IReadOnlySet<string>>
{
    public async Task<IReadOnlySet<string>> Handle(ListKnownTransfers request, CancellationToken cancellationToken)
    {
        var ids = request.TransferIds.SelectMany(OrderIds).Distinct().ToList();
        var orders = (await db.Orders.Where(order => ids.Contains(order.Id)).Select(order => order.Id).ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        return request.TransferIds.Where(id => OrderIds(id).Any(orders.Contains)).ToHashSet(StringComparer.Ordinal);
    }

    private static string[] OrderIds(string transferId) => transferId.LastIndexOf('-') is > 0 and var end ? [transferId, transferId[..end]] : [transferId];
}
