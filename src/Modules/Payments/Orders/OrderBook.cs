using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Orders;

/// <summary>Why an order changes its status, and who causes it.</summary>
internal sealed record OrderCause(string By, string? ReasonCode = null, string? Reason = null)
{
    public static readonly OrderCause Bank = new("bank");
    public static readonly OrderCause Scheme = new("scheme");
}

/// <summary>What was ordered under a consent, for whoever audits the bank.</summary>
internal sealed class ListOrdersOfConsentHandler(PaymentsDb db) : IRequestHandler<ListOrdersOfConsent, IReadOnlyList<OrderedUnderConsent>>
{
    public async Task<IReadOnlyList<OrderedUnderConsent>> Handle(ListOrdersOfConsent request, CancellationToken cancellationToken) =>
    [
        .. (await db.Orders.Where(row => row.ConsentId == request.ConsentId).OrderBy(row => row.CreatedAt).ToListAsync(cancellationToken)).Select(order => new OrderedUnderConsent(
            order.Id, new Kernel.Money(order.Amount, order.Currency).ToWire(), order.Currency, order.PayeeName, order.AccountId, order.Status.ToString())),
    ];
}

/// <summary>Finds orders and moves them along the table of their type; every reader and every change passes here.</summary>
internal sealed class OrderBook(PaymentsDb db, IMediator mediator, TimeProvider time)
{
    public async Task<PaymentOrder?> FindAsync(string id, CancellationToken ct) =>
        PaymentOrder.IsWellFormed(id) ? await db.Ask<PaymentOrder>("""WHERE r."Id" = $1""", new NpgsqlParameter<string> { TypedValue = id }).OneAsync(ct) : null;

    /// <summary>Keeps a new order, with the first line of its history and of the audit.</summary>
    public async Task AddAsync(PaymentOrder order, CancellationToken ct)
    {
        db.Add(order);
        await RecordAsync(order, null, order.Status, new OrderCause("third party"), order.CreatedAt, ct);
    }

    /// <summary>
    /// Moves an order by one conditional update: of two who move it at one moment the database lets one through. Null where the table
    /// refuses the step or another came first (OB-PST-1); then nothing has changed.
    /// </summary>
    /// <param name="due">When something is to be done for it next; null for nothing.</param>
    public async Task<PaymentOrder?> MoveAsync(PaymentOrder order, OrderStatus to, OrderCause cause, DateTimeOffset? due, CancellationToken ct)
    {
        if (!order.Type.Flow.Allows(order.Status, to)) return null;
        var (from, now) = (order.Status, time.GetUtcNow());
        var moved = await db.Orders.Where(row => row.Id == order.Id && row.Status == from).ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.Status, to)
                .SetProperty(row => row.StatusChangedAt, now)
                .SetProperty(row => row.ReasonCode, cause.ReasonCode)
                .SetProperty(row => row.ReasonText, cause.Reason)
                .SetProperty(row => row.DueAt, due),
            ct);
        if (moved == 0) return null;
        await RecordAsync(order, from, to, cause, now, ct);
        await mediator.Publish(
            new ResourceChanged(EventType.ResourceUpdate, order.ClientId, order.Type.Noun, order.Id, $"pisp{order.Type.Path}/{order.Id}", cause.ReasonCode), ct);
        return await db.Orders.SingleAsync(row => row.Id == order.Id, ct);
    }

    /// <summary>Has something done for an order later, whatever its status; null for nothing.</summary>
    public Task<int> PutOffAsync(PaymentOrder order, DateTimeOffset? due, CancellationToken ct) =>
        db.Orders.Where(row => row.Id == order.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, due), ct);

    private async Task RecordAsync(PaymentOrder order, OrderStatus? from, OrderStatus to, OrderCause cause, DateTimeOffset now, CancellationToken ct)
    {
        db.Add(new OrderChange
        {
            Id = Guid.CreateVersion7(now),
            OrderId = order.Id,
            At = now,
            From = from,
            To = to,
            ReasonCode = cause.ReasonCode,
            Reason = cause.Reason,
            By = cause.By,
        });
        await db.SaveChangesAsync(ct);
        await mediator.Publish(
            new AuditedFact(
                from is null ? "payment.accepted" : "payment.status",
                order.Id,
                now,
                new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["consent"] = order.ConsentId,
                    ["client"] = order.ClientId,
                    ["from"] = from?.ToString(),
                    ["to"] = to.ToString(),
                    ["by"] = cause.By,
                    ["reason"] = cause.ReasonCode,
                    ["amount"] = new Kernel.Money(order.Amount, order.Currency).ToWire(),
                    ["currency"] = order.Currency,
                }),
            ct);
    }
}
