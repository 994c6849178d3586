using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>
/// The ledger's write side: money is held, then moved or given back. A transfer has one row, and each of its steps is one conditional write of it,
/// so whatever is asked twice is done once. What an account has left is judged by the very write that takes it: of many at one moment the
/// database lets through as many as there is money for, and never one more.
/// </summary>
internal sealed class Transfers(AccountsDb db, TimeProvider time)
{
    private const string Fees = "bank:fees:";
    private const string Scheme = "bank:scheme:";
    private const string Exchange = "bank:exchange:";
    private const string OwnSortCode = Sandbox.SandboxAccount.SortCode;

    public async Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct)
    {
        var account = await db.Accounts.SingleOrDefaultAsync(
            row => row.Id == order.AccountId && db.Holders.Any(holder => holder.CustomerId == order.CustomerId && holder.AccountId == row.Id), ct);
        if (account is not { State: AccountState.Open } || account.Currency != order.Amount.Currency) return new HoldResult(HoldOutcome.AccountUnusable);

        // What is exchanged goes abroad, and none of this bank's accounts is there.
        var number = order.Exchanged is not null ? null : OwnNumber(order.PayeeScheme, order.PayeeIdentification);

        // Another than the payer's, and one that keeps this currency: a leg is in the currency of its account (PY-14, PY-24).
        var payee = number is null ? null : await db.Accounts.SingleOrDefaultAsync(
            row => row.Scheme == "UK.OBIE.SortCodeAccountNumber" && row.Identification == number && row.Id != account.Id && row.Currency == account.Currency, ct);
        if (number is not null && payee is null) return new HoldResult(HoldOutcome.PayeeUnknown);
        if (payee is { State: AccountState.Closed }) return new HoldResult(HoldOutcome.PayeeClosed);

        var now = time.GetUtcNow();
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO accounts.transfers ("Id", "Under", "AccountId", "Amount", "Charge", "Currency", "ExchangedAmount", "ExchangedCurrency", "PayeeAccountId", "PayeeScheme", "PayeeIdentification", "PayeeName", "Reference", "State", "At", "StateChangedAt")
            VALUES ({order.TransferId}, {order.Under}, {account.Id}, {order.Amount.Amount}, {order.Charge}, {order.Amount.Currency}, {order.Exchanged?.Amount}, {order.Exchanged?.Currency}, {payee?.Id},
                {order.PayeeScheme}, {order.PayeeIdentification}, {order.PayeeName}, {order.Reference}, 'Held', {now}, {now})
            ON CONFLICT ("Id") DO NOTHING
            """,
            ct) == 1;
        if (!isNew || await TakeAsync(account.Id, order.Total, ct)) return new HoldResult(HoldOutcome.Held, payee is not null, account);

        await db.Transfers.Where(row => row.Id == order.TransferId).ExecuteDeleteAsync(ct);
        return new HoldResult(HoldOutcome.InsufficientFunds);
    }

    public async Task<bool> PostAsync(string transferId, string? rail, CancellationToken ct)
    {
        if (await StepAsync(transferId, TransferState.Held, TransferState.Posted, rail, ct) is not { } transfer)
            return await IsInAsync(transferId, ct, TransferState.Posted, TransferState.Returned);

        var legs = new Legs().Add(transfer.AccountId, -(transfer.Amount + transfer.Charge), transfer.Currency);
        if (transfer.Charge > 0) legs.Add(Fees + transfer.Currency, transfer.Charge, transfer.Currency);
        AddPayee(legs, transfer, rail, 1);
        await BookAsync(transfer, $"Transfer {transfer.Id}", legs.All, transfer.AccountId, ct);
        return true;
    }

    public async Task<bool> ReleaseAsync(string transferId, CancellationToken ct)
    {
        if (await StepAsync(transferId, TransferState.Held, TransferState.Released, null, ct) is not { } transfer) return await IsInAsync(transferId, ct, TransferState.Released);
        var total = transfer.Amount + transfer.Charge;
        await db.Accounts.Where(row => row.Id == transfer.AccountId).ExecuteUpdateAsync(set => set.SetProperty(row => row.Held, row => row.Held - total), ct);
        return true;
    }

    public async Task<bool> ReturnAsync(string transferId, string why, CancellationToken ct)
    {
        // At most one reversal, however many ask at once (PY-23).
        if (await StepAsync(transferId, TransferState.Posted, TransferState.Returned, null, ct) is not { } transfer) return false;
        var legs = new Legs().Add(transfer.AccountId, transfer.Amount, transfer.Currency);
        AddPayee(legs, transfer, transfer.Rail, -1);
        await BookAsync(transfer, $"Return of transfer {transfer.Id}: {why}", legs.All, heldOn: null, ct);
        return true;
    }

    /// <summary>
    /// The payee's side. What is exchanged passes through the bank's own holdings of both currencies, so each currency adds up to zero by itself;
    /// what comes back is exchanged at the rate at which it went.
    /// </summary>
    private static void AddPayee(Legs legs, Transfer transfer, string? rail, int sign)
    {
        if (transfer is not { ExchangedAmount: { } exchanged, ExchangedCurrency: { } currency })
        {
            legs.Add(transfer.PayeeAccountId ?? $"{Scheme}{rail}:{transfer.Currency}", sign * transfer.Amount, transfer.Currency);
            return;
        }

        legs.Add(Exchange + transfer.Currency, sign * transfer.Amount, transfer.Currency)
            .Add(Exchange + currency, -sign * exchanged, currency)
            .Add($"{Scheme}{ShortOf(rail)}:{currency}", sign * exchanged, currency);
    }

    /// <summary>
    /// Takes what is there: the condition is part of the write. A second writer waits for the first and then judges what that one has left.
    /// </summary>
    private async Task<bool> TakeAsync(string accountId, decimal amount, CancellationToken ct) => await db.Database.ExecuteSqlAsync(
        $"""
        UPDATE accounts.accounts SET "Held" = "Held" + {amount}
        WHERE "Id" = {accountId} AND "State" = 'Open'
            AND "Balance" + coalesce("CreditLimit", 0) - "Held" - {amount}
                + coalesce((SELECT sum(t."Amount") FROM accounts.transactions t WHERE t."AccountId" = {accountId} AND t."IsPending"), 0) >= 0
        """,
        ct) == 1;

    /// <summary>One step of a transfer; null where it is not where the step begins.</summary>
    private async Task<Transfer?> StepAsync(string transferId, TransferState from, TransferState to, string? rail, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var moved = await db.Transfers.Where(row => row.Id == transferId && row.State == from).ExecuteUpdateAsync(
            set =>
            {
                set.SetProperty(row => row.State, to);
                set.SetProperty(row => row.StateChangedAt, now);
                if (rail is not null) set.SetProperty(row => row.Rail, rail);
            },
            ct);
        return moved == 0 ? null : await db.Transfers.SingleAsync(row => row.Id == transferId, ct);
    }

    private Task<bool> IsInAsync(string transferId, CancellationToken ct, params TransferState[] states) =>
        db.Transfers.AnyAsync(row => row.Id == transferId && states.Contains(row.State), ct);

    /// <summary>
    /// Books a movement: an entry with its legs, the balances of the customers' accounts in it, and a line on each of their statements.
    /// </summary>
    /// <param name="heldOn">The account on which the money was held until now; null where it was not.</param>
    private async Task BookAsync(Transfer transfer, string text, IReadOnlyList<Leg> legs, string? heldOn, CancellationToken ct)
    {
        var at = transfer.StateChangedAt;
        var entry = new Entry { Id = Guid.CreateVersion7(at), BookedAt = at, Text = text };
        db.Add(entry);
        foreach (var leg in legs) db.Add(new Leg { EntryId = entry.Id, Number = leg.Number, Account = leg.Account, Amount = leg.Amount, Currency = leg.Currency });

        // Always in the same order, so that two transfers between two accounts wait for each other and cannot lock each other out.
        foreach (var leg in legs.OrderBy(leg => leg.Account, StringComparer.Ordinal))
        {
            if (leg.Account.StartsWith("bank:", StringComparison.Ordinal)) continue;
            var held = leg.Account == heldOn ? -leg.Amount : 0;
            var balance = await db.Database.SqlQuery<decimal>(
                $"""
                UPDATE accounts.accounts SET "Balance" = "Balance" + {leg.Amount}, "Held" = "Held" - {held} WHERE "Id" = {leg.Account} RETURNING "Balance" AS "Value"
                """).ToListAsync(ct);
            db.Add(Line(transfer, leg, entry, balance.Single()));
        }

        await db.SaveChangesAsync(ct);
    }

    private static BankTransaction Line(Transfer transfer, Leg leg, Entry entry, decimal balance)
    {
        var isPayers = leg.Account == transfer.AccountId;
        return new BankTransaction
        {
            Id = Guid.CreateVersion7(entry.BookedAt),
            AccountId = leg.Account,
            BookedAt = entry.BookedAt,
            ValueAt = entry.BookedAt,
            Amount = leg.Amount,
            Currency = leg.Currency,
            IsPending = false,
            EntryId = entry.Id,
            Reference = transfer.Reference,
            Information = leg.Amount < 0 ? $"Payment to {transfer.PayeeName}" : isPayers ? $"Payment returned by {transfer.PayeeName}" : "Payment received",
            Code = leg.Amount < 0 ? "ICDT" : "RCDT",
            SubCode = transfer.ExchangedCurrency is null ? "DMCT" : "XBCT",
            OwnCode = leg.Amount < 0 ? "FPO" : "FPI",
            BalanceAfter = balance,
            CounterpartyName = isPayers ? transfer.PayeeName : null,
            CounterpartyScheme = isPayers ? transfer.PayeeScheme : null,
            CounterpartyIdentification = isPayers ? transfer.PayeeIdentification : null,
        };
    }

    /// <summary>Sort code and number, where an identification is one of this bank's accounts.</summary>
    private static string? OwnNumber(string scheme, string identification)
    {
        var plain = new string([.. identification.Where(char.IsAsciiLetterOrDigit)]);
        var number = scheme switch
        {
            "UK.OBIE.SortCodeAccountNumber" => plain,
            "UK.OBIE.IBAN" when plain.StartsWith("GB", StringComparison.OrdinalIgnoreCase) && plain.Length == 22 => plain[8..],
            _ => null,
        };
        return number is not null && number.StartsWith(OwnSortCode, StringComparison.Ordinal) ? number : null;
    }

    // The standard's names begin alike, and the name of an account has no room for that.
    private static string? ShortOf(string? rail) => rail?.Split('.')[^1];

    /// <summary>The legs of a movement, numbered as they are added.</summary>
    private sealed class Legs
    {
        private readonly List<Leg> all = [];

        public IReadOnlyList<Leg> All => all;

        public Legs Add(string account, decimal amount, string currency)
        {
            all.Add(new Leg { EntryId = Guid.Empty, Number = (short)(all.Count + 1), Account = account, Amount = amount, Currency = currency });
            return this;
        }
    }
}
