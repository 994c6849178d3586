using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments;

/// <summary>What this module keeps about a customer: every order with its steps, and each payment of those that have several.</summary>
internal sealed class OwnDataHandler(PaymentsDb db, IMediator mediator) : INotificationHandler<OwnDataAsked>
{
    public async Task Handle(OwnDataAsked notification, CancellationToken cancellationToken)
    {
        var orders = await db.Orders.AsNoTracking().Where(order => order.CustomerId == notification.CustomerId).OrderByDescending(order => order.CreatedAt).ToListAsync(cancellationToken);
        var ids = orders.Select(order => order.Id).ToArray();
        var steps = (await db.Changes.AsNoTracking().Where(change => ids.Contains(change.OrderId)).OrderBy(change => change.Id).ToListAsync(cancellationToken))
            .ToLookup(change => change.OrderId, StringComparer.Ordinal);
        var parts = (await db.Parts.AsNoTracking().Where(part => ids.Contains(part.OrderId)).OrderBy(part => part.Number).ToListAsync(cancellationToken))
            .ToLookup(part => part.OrderId, StringComparer.Ordinal);
        var names = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var client in orders.Select(order => order.ClientId).Distinct(StringComparer.Ordinal))
            names[client] = (await mediator.Send(new DescribeClient(client), cancellationToken))?.Name;
        notification.Answer.Add(new OwnDataSection(
            "payments",
            "Payments made through apps",
            "To carry out what you have approved and to say what became of it. Kept as evidence.",
            [.. orders.Select(order => Record(order, names[order.ClientId], steps[order.Id], parts[order.Id]))]));
    }

    private static OwnDataRecord Record(PaymentOrder order, string? thirdParty, IEnumerable<OrderChange> steps, IEnumerable<PartPayment> parts) => new(
        new OwnDataField("id", "Reference", order.Id),
        new OwnDataField("approval", "Approval", order.ConsentId),
        new OwnDataField("third_party", "Third party", thirdParty),
        new OwnDataField("kind", "Kind", order.Type.Noun),
        new OwnDataField("ordered", "Ordered", order.CreatedAt),
        new OwnDataField("amount", "Amount", new Money(order.Amount, order.Currency).ToWire()),
        new OwnDataField("currency", "Currency", order.Currency),
        new OwnDataField("payee", "Payee", order.PayeeName),
        new OwnDataField("from", "Paid from", order.PayerIdentification),
        new OwnDataField("sent", "What the app sent", order.Request),
        new OwnDataField("terms", "What the bank said to it", order.Quoted),
        new OwnDataField("status", "Status", order.Status.ToString()),
        new OwnDataField("reason", "Reason", order.ReasonText),
        new OwnDataField("refund_account_given", "The app was told the account it was paid from", order.GivesRefundAccount),
        new OwnDataField("history", "History", (OwnDataRecord[])[.. steps.Select(step => new OwnDataRecord(
            new OwnDataField("at", "When", step.At),
            new OwnDataField("status", "Status", step.To.ToString()),
            new OwnDataField("by", "By", step.By),
            new OwnDataField("reason", "Reason", step.Reason)))]),
        new OwnDataField("payments", "Single payments", (OwnDataRecord[])[.. parts.Select(part => new OwnDataRecord(
            new OwnDataField("id", "Reference", part.TransferId),
            new OwnDataField("amount", "Amount", new Money(part.Amount, part.Currency).ToWire()),
            new OwnDataField("currency", "Currency", part.Currency),
            new OwnDataField("status", "Status", part.Status.ToString()),
            new OwnDataField("at", "Since", part.StatusChangedAt)))]));
}
