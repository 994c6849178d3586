using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Orders;

/// <summary>A customer's own payments, for the list in which they stand with the third party's name (D-10). Nobody else's (CO-19).</summary>
internal sealed class OwnPaymentsHandler(PaymentsDb db, IMediator mediator, TimeProvider time) :
    IRequestHandler<ListPayments, PaymentList>,
    IRequestHandler<DescribePayment, PaymentDetail?>
{
    private const int MostParts = 50;
    private static readonly OrderStatus[] MadeStatuses = [OrderStatus.ACSC, OrderStatus.ACCC, OrderStatus.ACWP, OrderStatus.INCO];
    private static readonly OrderStatus[] NotMadeStatuses = [OrderStatus.RJCT, OrderStatus.CANC, OrderStatus.BLCK, OrderStatus.INFA];

    public async Task<PaymentList> Handle(ListPayments request, CancellationToken cancellationToken)
    {
        var search = request.Search;
        var own = db.Orders.AsNoTracking().Where(order => order.CustomerId == request.CustomerId);
        var sorts = await db.Database.SqlQuery<Sort>(
            $"""SELECT "ClientId", split_part("Id", '-', 1) AS "Prefix", count(*)::int AS "Count" FROM payments.orders WHERE "CustomerId" = {request.CustomerId} GROUP BY 1, 2""").ToListAsync(cancellationToken);
        var clients = await ClientsAsync(sorts.Select(sort => sort.ClientId), cancellationToken);

        var found = own;
        if (search.Text is { } text)
        {
            var like = "%" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
            var named = clients.Where(client => IsNamed(client.Value, text)).Select(client => client.Key).ToArray();
            var amount = decimal.TryParse(text.TrimStart('£'), System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture, out var sum) ? sum : (decimal?)null;
            found = found.Where(order => EF.Functions.ILike(order.PayeeName, like, "\\") || named.Contains(order.ClientId) || order.Amount == amount);
        }

        if (search.State is { } state)
        {
            var (made, not) = (MadeStatuses, NotMadeStatuses);
            found = state switch
            {
                PaymentState.Made => found.Where(order => made.Contains(order.Status)),
                PaymentState.NotMade => found.Where(order => not.Contains(order.Status)),
                _ => found.Where(order => !made.Contains(order.Status) && !not.Contains(order.Status)),
            };
        }

        if (search.Kind is { } kind)
        {
            var prefix = OrderType.All.FirstOrDefault(type => type.Noun == kind)?.IdPrefix ?? "?";
            found = found.Where(order => EF.Functions.Like(order.Id, prefix + "%"));
        }

        var sorted = search.Ordering switch
        {
            PaymentOrdering.Amount => found.OrderByDescending(order => order.Amount).ThenByDescending(order => order.CreatedAt),
            PaymentOrdering.Payee => found.OrderBy(order => order.PayeeName).ThenByDescending(order => order.CreatedAt),
            _ => found.OrderByDescending(order => order.CreatedAt).ThenBy(order => order.Id),
        };
        var page = await sorted.Skip(search.Skip).Take(search.Take).ToListAsync(cancellationToken);
        return new PaymentList(
            [.. page.Select(order => Summarise(order, clients.GetValueOrDefault(order.ClientId)))],
            await found.CountAsync(cancellationToken),
            sorts.Sum(sort => sort.Count),
            [.. OrderType.All.Where(type => sorts.Any(sort => sort.Prefix + "-" == type.IdPrefix)).Select(type => type.Noun)]);
    }

    public async Task<PaymentDetail?> Handle(DescribePayment request, CancellationToken cancellationToken)
    {
        if (!PaymentOrder.IsWellFormed(request.OrderId)) return null;
        if (await db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == request.OrderId && order.CustomerId == request.CustomerId, cancellationToken) is not { } order) return null;
        var clients = await ClientsAsync([order.ClientId], cancellationToken);
        var history = await db.Changes.AsNoTracking().Where(change => change.OrderId == order.Id).OrderBy(change => change.Id).ToListAsync(cancellationToken);
        var parts = db.Parts.AsNoTracking().Where(part => part.OrderId == order.Id);
        return new PaymentDetail(
            Summarise(order, clients.GetValueOrDefault(order.ClientId)),
            order.PayerIdentification,
            [.. history.Select(change => new PaymentStep(change.At, change.To.ToString(), change.By, change.ReasonCode))],
            [
                .. (await parts.OrderByDescending(part => part.Number).Take(MostParts).ToListAsync(cancellationToken)).Select(part =>
                    new PaymentPart(part.Number + 1, new Money(part.Amount, part.Currency), part.Status.ToString(), StateOf(part.Status), part.StatusChangedAt, part.ReasonCode)),
            ],
            await parts.CountAsync(cancellationToken));
    }

    private async Task<Dictionary<string, ClientDescription?>> ClientsAsync(IEnumerable<string> ids, CancellationToken ct)
    {
        var clients = new Dictionary<string, ClientDescription?>(StringComparer.Ordinal);
        foreach (var id in ids.Distinct(StringComparer.Ordinal)) clients[id] = await mediator.Send(new DescribeClient(id), ct);
        return clients;
    }

    private static bool IsNamed(ClientDescription? client, string text) =>
        client is not null && new[] { client.Name, client.OrganisationName, client.OnBehalfOf }.Any(name => name?.Contains(text, StringComparison.OrdinalIgnoreCase) == true);

    private PaymentSummary Summarise(PaymentOrder order, ClientDescription? client) => new(
        order.Id, order.ConsentId, order.Type.Noun, new Money(order.Amount, order.Currency), order.PayeeName, order.AccountId, order.CreatedAt, order.Status.ToString(), order.StatusChangedAt)
    {
        State = StateOf(order.Status),
        ClientName = client?.Name ?? "A third party that is no longer registered",
        OrganisationName = client?.OrganisationName,
        OnBehalfOf = client?.OnBehalfOf,
        ReasonCode = order.ReasonCode,
        NextAt = order.DueAt > time.GetUtcNow() && StateOf(order.Status) == PaymentState.Open ? order.DueAt : null,
        CanBeCancelled = order.Type.Flow.Allows(order.Status, OrderStatus.CANC),
    };

    /// <summary>How many orders of a type a customer has by a third party.</summary>
    private sealed record Sort(string ClientId, string Prefix, int Count);

    private static PaymentState StateOf(OrderStatus status) =>
        MadeStatuses.Contains(status) ? PaymentState.Made : NotMadeStatuses.Contains(status) ? PaymentState.NotMade : PaymentState.Open;
}
