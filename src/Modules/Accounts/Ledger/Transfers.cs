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
    private const string OwnSortCode = Sandbox.SandboxAccount.SortCode;

    public async Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct)
    {
        var account = await db.Accounts.SingleOrDefaultAsync(
            row => row.Id == order.AccountId && db.Holders.Any(holder => holder.CustomerId == order.CustomerId && holder.AccountId == row.Id), ct);
        if (account is not { State: AccountState.Open } || account.Currency != order.Amount.Currency) return new HoldResult(HoldOutcome.AccountUnusable);

        var number = OwnNumber(order.PayeeScheme, order.PayeeIdentification);
        var payee = number is null ? null : await db.Accounts.SingleOrDefaultAsync(row => row.Scheme == "UK.OBIE.SortCodeAccountNumber" && row.Identification == number, ct);
        if (number is not null && payee is null) return new HoldResult(HoldOutcome.PayeeUnknown);
        if (payee is { State: AccountState.Closed }) return new HoldResult(HoldOutcome.PayeeClosed);

        var now = time.GetUtcNow();
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO accounts.transfers ("Id", "Under", "AccountId", "Amount", "Charge", "Currency", "PayeeAccountId", "PayeeScheme", "PayeeIdentification", "PayeeName", "Reference", "State", "At", "StateChangedAt")
            VALUES ({order.TransferId}, {order.Under}, {account.Id}, {order.Amount.Amount}, {order.Charge}, {order.Amount.Currency}, {payee?.Id},
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

        var other = transfer.PayeeAccountId ?? $"{Scheme}{rail}:{transfer.Currency}";
        var total = transfer.Amount + transfer.Charge;
        List<Leg> legs = [Leg(1, transfer.AccountId, -total), Leg(2, other, transfer.Amount)];
        if (transfer.Charge > 0) legs.Add(Leg(3, Fees + transfer.Currency, transfer.Charge));
        await BookAsync(transfer, $"Transfer {transfer.Id}", legs, transfer.AccountId, ct);
        return true;

        Leg Leg(short number, string account, decimal amount) => new() { EntryId = Guid.Empty, Number = number, Account = account, Amount = amount, Currency = transfer.Currency };
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
        var other = transfer.PayeeAccountId ?? $"{Scheme}{transfer.Rail}:{transfer.Currency}";
        await BookAsync(
            transfer,
            $"Return of transfer {transfer.Id}: {why}",
            [
                new Leg { EntryId = Guid.Empty, Number = 1, Account = other, Amount = -transfer.Amount, Currency = transfer.Currency },
                new Leg { EntryId = Guid.Empty, Number = 2, Account = transfer.AccountId, Amount = transfer.Amount, Currency = transfer.Currency },
            ],
            heldOn: null,
            ct);
        return true;
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
        var now = time.GetUtcNow();
        var entry = new Entry { Id = Guid.CreateVersion7(now), BookedAt = now, Text = text };
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
            SubCode = "DMCT",
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
}
