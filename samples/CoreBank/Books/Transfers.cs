namespace OpenBanking.Samples.CoreBank.Books;

/// <summary>Transfers by the id that the other side gave them: each thing is done once for an id, however often it is said.</summary>
internal sealed class Transfers
{
    private readonly Dictionary<string, Transfer> all = new(StringComparer.Ordinal);

    private enum State
    {
        Refused,
        Held,
        Posted,
        Released,
        Returned,
    }

    public HoldResult Hold(Bank bank, TransferOrder order)
    {
        if (!all.TryGetValue(order.TransferId, out var transfer)) all[order.TransferId] = transfer = Judge(bank, order);
        return transfer.Result;
    }

    /// <summary>What is set aside on an account.</summary>
    public decimal HeldOn(Book account) => all.Values.Where(transfer => transfer.State == State.Held && transfer.Order.AccountId == account.Id).Sum(transfer => transfer.Total);

    public MoveAnswer Post(Bank bank, string id)
    {
        if (!all.TryGetValue(id, out var transfer)) return new MoveAnswer(false);
        if (transfer.State == State.Held)
        {
            transfer.State = State.Posted;
            Book(bank, transfer, -1, transfer.Total);
        }

        return new MoveAnswer(transfer.State is State.Posted or State.Returned);
    }

    public MoveAnswer Release(string id)
    {
        if (!all.TryGetValue(id, out var transfer)) return new MoveAnswer(false);
        if (transfer.State == State.Held) transfer.State = State.Released;
        return new MoveAnswer(transfer.State == State.Released);
    }

    public MoveAnswer Return(Bank bank, string id)
    {
        if (!all.TryGetValue(id, out var transfer) || transfer.State != State.Posted) return new MoveAnswer(false);
        transfer.State = State.Returned;
        Book(bank, transfer, 1, transfer.Order.Amount.Amount);
        return new MoveAnswer(true);
    }

    private Transfer Judge(Bank bank, TransferOrder order)
    {
        var held = bank.Held(order.CustomerId, [order.AccountId]).ToList();
        if (held.Count == 0 || held[0].Account.Currency != order.Amount.Currency) return new Transfer(order, null, new HoldResult("AccountUnusable"));
        var (account, position) = held[0];

        // What is exchanged goes abroad, where none of this bank's accounts is.
        var payee = order.Exchanged is not null ? null : bank.Accounts.FirstOrDefault(one => one.Identification == order.PayeeIdentification);
        if (payee is { IsOpen: false }) return new Transfer(order, payee, new HoldResult("PayeeClosed"));
        return order.Amount.Amount + order.Charge > account.Booked + account.Pending + (account.CreditLimit ?? 0) - HeldOn(account)
            ? new Transfer(order, payee, new HoldResult("InsufficientFunds"))
            : new Transfer(order, payee, new HoldResult("Held", payee is not null, account.Describe(position))) { State = State.Held };
    }

    /// <summary>Both sides where both bank here.</summary>
    private static void Book(Bank bank, Transfer transfer, int direction, decimal amount)
    {
        var (order, at) = (transfer.Order, bank.Now);
        var payer = bank.Accounts.First(account => account.Id == order.AccountId);
        payer.Add(Line(payer, direction * amount, order.PayeeName));
        transfer.Payee?.Add(Line(transfer.Payee, -direction * order.Amount.Amount, order.Reference));

        Transaction Line(Book account, decimal signed, string text) => new(
            Guid.CreateVersion7(at), account.Id, at, at, signed, account.Currency, IsPending: false, order.Reference, text, signed < 0 ? "ICDT" : "RCDT", order.Exchanged is null ? "DMCT" : "XBCT", "FPI");
    }

    private sealed record Transfer(TransferOrder Order, Book? Payee, HoldResult Result)
    {
        public State State { get; set; }

        public decimal Total => Order.Amount.Amount + Order.Charge;
    }
}
