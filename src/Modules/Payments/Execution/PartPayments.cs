using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Sandbox;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Execution;

/// <summary>
/// Carries out an order that has several payments, one after the other: those of a standing order each on its day, those of a file together.
/// Which payments there are the consent says; what has been paid stands here, and the core bank knows each by its own name, so none is made twice.
/// </summary>
internal sealed class PartPayments(PaymentsDb db, OrderBook orders, TestersWishes wishes, PaymentsOptions options, SettlementDays days, IMediator mediator, TimeProvider time)
{
    /// <summary>So many of a file are paid in one transaction.</summary>
    private const int Batch = 50;

    private static readonly TimeOnly Opening = new(8, 0);

    public async Task StepAsync(PaymentOrder order, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (order.Status != OrderStatus.PDNG)
        {
            // It is accepted, and waits for its days (OB-PST-1).
            await orders.MoveAsync(order, OrderStatus.PDNG, OrderCause.Bank, now, ct);
            return;
        }

        await ArriveAsync(order, now, ct);
        var paid = await db.Parts.CountAsync(part => part.OrderId == order.Id, ct);
        var due = await mediator.Send(new ListDuePayments(order.ConsentId, paid, Batch), ct);
        foreach (var payment in due)
        {
            if (MomentOf(payment, now) > now) break;
            await PayAsync(order, payment, now, ct);
            paid++;
        }

        if (due.Count > 0 && paid <= due[^1].Number)
        {
            // Who has money under way is looked at before the next day comes.
            var next = MomentOf(due[paid - due[0].Number], now);
            await orders.PutOffAsync(order, await IsUnderWayAsync(order, ct) && now + options.SchemeDelay < next ? now + options.SchemeDelay : next, ct);
            return;
        }

        await GoOnAsync(order, due.Count == 0 || due[^1].IsLast, now, ct);
    }

    /// <summary>After the last payment the order is over; how, its payments say (OB-FIL-9).</summary>
    private async Task GoOnAsync(PaymentOrder order, bool isOver, DateTimeOffset now, CancellationToken ct)
    {
        if (!isOver)
        {
            await orders.PutOffAsync(order, now, ct);
            return;
        }

        if (await IsUnderWayAsync(order, ct))
        {
            await orders.PutOffAsync(order, now + options.SchemeDelay, ct);
            return;
        }

        var failed = await db.Parts.CountAsync(part => part.OrderId == order.Id && part.Status == OrderStatus.RJCT, ct);
        var cause = failed == 0 ? OrderCause.Bank : new OrderCause("bank", "NARR", $"{failed} of its payments could not be made.");
        await orders.MoveAsync(order, failed == 0 ? OrderStatus.INCO : OrderStatus.INFA, cause, null, ct);
    }

    private async Task PayAsync(PaymentOrder order, DuePayment payment, DateTimeOffset now, CancellationToken ct)
    {
        var id = PartPayment.IdOf(order.Id, payment.Number);
        var ordered = new OrderedPayment(order);
        var payee = payment.Payee is { } own ? new TransferPayee(own.Scheme, own.Identification, own.Name) : ordered.Payee;
        var transfer = new HoldForTransfer(
            id, order.ConsentId, order.CustomerId, order.AccountId, payment.Debit, ordered.Charge, payee, Shortened.To(210, payment.Payee?.Reference ?? payment.Payee?.EndToEnd ?? ordered.Reference)!)
        {
            Exchanged = payment.Transfer,
        };
        var refusal = await wishes.TakeAsync(TestersWish.Refuse, ct);
        var hold = refusal is null ? await mediator.Send(transfer, ct) : null;
        var rail = hold is HoldAnswer.Held { IsOnUs: true } ? null : ordered.Rail;
        var isPaid = hold is HoldAnswer.Held && await mediator.Send(new ExecuteTransfer(id, rail), ct);
        var amount = payment.Transfer ?? payment.Debit;

        // A file is signed as a whole; of a series the first payment is, and the others follow from it (OB-SCA-4).
        if (payment.Payee is null) await mediator.Send(new NoteUnattendedPayment(order.ConsentId, id, payment.Number == 0), ct);
        db.Add(new PartPayment
        {
            OrderId = order.Id,
            Number = payment.Number,
            EndToEnd = payment.Payee?.EndToEnd,
            Amount = amount.Amount,
            Currency = amount.Currency,
            Status = !isPaid ? OrderStatus.RJCT : rail is null ? OrderStatus.ACCC : OrderStatus.ACSC,
            ReasonCode = isPaid ? null : refusal?.Value ?? CodeOf((hold as HoldAnswer.Refused)?.Why ?? HoldRefusal.InsufficientFunds),
            Rail = rail,
            StatusChangedAt = now,
        });
        await db.SaveChangesAsync(ct);
    }

    /// <summary>The scheme says of what it was given a while ago that the payees have it.</summary>
    private Task<int> ArriveAsync(PaymentOrder order, DateTimeOffset now, CancellationToken ct)
    {
        var since = now - options.SchemeDelay;
        return db.Parts.Where(part => part.OrderId == order.Id && part.Status == OrderStatus.ACSC && part.StatusChangedAt <= since)
            .ExecuteUpdateAsync(set => set.SetProperty(part => part.Status, OrderStatus.ACCC).SetProperty(part => part.StatusChangedAt, now), ct);
    }

    private Task<bool> IsUnderWayAsync(PaymentOrder order, CancellationToken ct) => db.Parts.AnyAsync(part => part.OrderId == order.Id && part.Status == OrderStatus.ACSC, ct);

    /// <summary>In the morning of its day, or of the next one on which payments settle; those of a file whose day has come go at once.</summary>
    private DateTimeOffset MomentOf(DuePayment payment, DateTimeOffset now) =>
        payment.Payee is not null && payment.Day <= WorkingDays.DayOf(now) ? now : WorkingDays.At(days.OnOrAfter(payment.Day), Opening);

    public static string CodeOf(HoldRefusal why) => why switch
    {
        HoldRefusal.InsufficientFunds => "AM04",
        HoldRefusal.PayeeUnknown => "AC03",
        HoldRefusal.PayeeClosed => "AC07",
        _ => "AC06",
    };
}
