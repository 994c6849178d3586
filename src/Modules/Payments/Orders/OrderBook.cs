using System.Globalization;
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
            order.Id, new Kernel.Money(order.Amount, order.Currency).ToWire(), order.Currency, order.PayeeName, order.AccountId, order.Status.ToString())
        {
            ApprovalsNeeded = order.Approvals == MultiAuthorisation.AUTH ? order.ApprovalsRequired!.Value : 1,
        }),
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

        // While others must approve it, an order goes nowhere but to its end; once all have, both go on together (OB-PIS-26).
        var ends = to is OrderStatus.RJCT or OrderStatus.CANC or OrderStatus.INFA;
        var waits = to == order.Type.Flow.WhileApproving;
        var after = ends ? MultiAuthorisation.RJCT : MultiAuthorisation.AUTH;
        var movable = db.Orders.Where(row => row.Id == order.Id && row.Status == from)
            .Where(row => row.Approvals != MultiAuthorisation.AWAF || ends || waits || row.ApprovalsReceived >= row.ApprovalsRequired);
        var moved = await movable.ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.Status, to)
                .SetProperty(row => row.StatusChangedAt, now)
                .SetProperty(row => row.ReasonCode, cause.ReasonCode)
                .SetProperty(row => row.ReasonText, cause.Reason)
                .SetProperty(row => row.Approvals, row => row.Approvals == MultiAuthorisation.AWAF && !waits ? after : row.Approvals)
                .SetProperty(row => row.ApprovalsChangedAt, row => row.Approvals == MultiAuthorisation.AWAF && !waits ? now : row.ApprovalsChangedAt)
                .SetProperty(row => row.DueAt, due),
            ct);
        if (moved == 0) return null;
        await RecordAsync(order, from, to, cause, now, ct);
        await TellAsync(order, cause.ReasonCode, ct);
        return await db.Orders.SingleAsync(row => row.Id == order.Id, ct);
    }

    /// <summary>Has a new order wait for the others who must approve it; the one who has consented is the first who has.</summary>
    public async Task<PaymentOrder> AwaitApprovalsAsync(PaymentOrder order, CancellationToken ct)
    {
        db.Add(new OrderApproval { OrderId = order.Id, CustomerId = order.CustomerId, At = order.CreatedAt });
        await db.SaveChangesAsync(ct);
        return await MoveAsync(order, order.Type.Flow.WhileApproving, OrderCause.Bank, order.DueAt, ct) ?? order;
    }

    /// <summary>
    /// Counts one more approval of an order; null where it waits for none, or this customer has approved it before: then nothing has changed. The
    /// update is the lock, so of two who approve at one moment each counts, and one of them is the last.
    /// </summary>
    public async Task<PaymentOrder?> ApproveAsync(PaymentOrder order, string customerId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""INSERT INTO payments.order_approvals ("OrderId", "CustomerId", "At") VALUES ({order.Id}, {customerId}, {now}) ON CONFLICT DO NOTHING""", ct);
        if (isNew == 0) return null;
        var counted = await db.Orders
            .Where(row => row.Id == order.Id && row.Approvals == MultiAuthorisation.AWAF && row.ApprovalsReceived < row.ApprovalsRequired && row.ApproveBefore > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ApprovalsReceived, row => row.ApprovalsReceived + 1).SetProperty(row => row.ApprovalsChangedAt, now), ct);
        if (counted == 0)
        {
            await db.Approvals.Where(row => row.OrderId == order.Id && row.CustomerId == customerId).ExecuteDeleteAsync(ct);
            return null;
        }

        var approved = await db.Orders.AsNoTracking().SingleAsync(row => row.Id == order.Id, ct);
        await mediator.Publish(
            new AuditedFact(
                "payment.approval",
                order.Id,
                now,
                new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["consent"] = order.ConsentId,
                    ["customer"] = customerId,
                    ["received"] = approved.ApprovalsReceived!.Value.ToString(CultureInfo.InvariantCulture),
                    ["required"] = approved.ApprovalsRequired!.Value.ToString(CultureInfo.InvariantCulture),
                }),
            ct);
        return approved;
    }

    /// <summary>Has an order go on that all have approved who must (OB-PIS-28).</summary>
    public async Task GoOnAsync(PaymentOrder order, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var due = new OrderedPayment(order).NotBefore is { } day && day > now ? day : now;
        if (order.Type.Flow.OnceApproved is { } next)
        {
            await MoveAsync(order, next, OrderCause.Bank, due, ct);
            return;
        }

        await db.Orders.Where(row => row.Id == order.Id && row.Approvals == MultiAuthorisation.AWAF)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Approvals, MultiAuthorisation.AUTH).SetProperty(row => row.DueAt, due), ct);
        await TellAsync(order, null, ct);
    }

    /// <summary>Says of an order that nothing of it leaves the bank, where that was not known when it was taken.</summary>
    public async Task<PaymentOrder> KeepWithinAsync(PaymentOrder order, CancellationToken ct)
    {
        await db.Orders.Where(row => row.Id == order.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Rail, (string?)null), ct);
        return await db.Orders.AsNoTracking().SingleAsync(row => row.Id == order.Id, ct);
    }

    /// <summary>Has something done for an order later, whatever its status; null for nothing.</summary>
    public Task<int> PutOffAsync(PaymentOrder order, DateTimeOffset? due, CancellationToken ct) =>
        db.Orders.Where(row => row.Id == order.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, due), ct);

    private Task TellAsync(PaymentOrder order, string? reason, CancellationToken ct) => mediator.Publish(
        new ResourceChanged(EventType.ResourceUpdate, order.ClientId, order.Type.Noun, order.Id, $"pisp{order.Type.Path}/{order.Id}", reason), ct);

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
