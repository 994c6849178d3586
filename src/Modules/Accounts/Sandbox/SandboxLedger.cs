using System.Text.Json;
using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Accounts.Storage;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>What a tester makes happen in the ledger. Money comes from an account of the sandbox's own and goes there, so the books stay balanced.</summary>
internal sealed class SandboxLedger(AccountsDb db, IMediator mediator, TimeProvider time) :
    IRequestHandler<SetSandboxBalance, SandboxAnswer>,
    IRequestHandler<BookSandboxTransactions, SandboxAnswer>,
    IRequestHandler<RemoveSandboxTransaction, SandboxAnswer>,
    IRequestHandler<SetSandboxAccountState, SandboxAnswer>
{
    private const string Testers = "bank:testers:";
    private const int MostAtOnce = 1000;

    /// <summary>What thirteen digits before the point hold, as the API writes amounts.</summary>
    private const decimal Limit = 10_000_000_000_000m;
    private static readonly SandboxAnswer NoAccount = new SandboxAnswer.Wrong("there is no such account");

    /// <summary>What the API's schema lets a text be: beyond that, what is booked could not be read there.</summary>
    private static readonly (string Name, int Least, int Most, Func<BankTransaction, string?> Of)[] Lengths =
    [
        ("TransactionReference", 1, 210, line => line.Reference),
        ("TransactionInformation", 1, 500, line => line.Information),
        ("ProprietaryBankTransactionCode.Code", 1, 35, line => line.OwnCode),
        ("AddressLine", 1, 70, line => line.AddressLine),
        ("MerchantName", 1, 350, line => line.MerchantName),
        ("MerchantCategoryCode", 3, 4, line => line.MerchantCategory),
        ("Name", 1, 350, line => line.CounterpartyName),
        ("Identification", 1, 256, line => line.CounterpartyIdentification),
    ];

    private static readonly HashSet<string> Members = [.. typeof(Transaction).GetProperties().Select(property => property.Name)];

    public async Task<SandboxAnswer> Handle(SetSandboxBalance request, CancellationToken cancellationToken)
    {
        if (await LockAsync(request.AccountId, cancellationToken) is not { } account) return NoAccount;
        if (Signed(request.Amount, account.Currency) is not { } wanted) return new SandboxAnswer.Wrong($"amount must be an amount in {account.Currency}, with its sign");
        if (wanted == account.Balance) return new SandboxAnswer.Done();
        var line = Line(account, wanted - account.Balance, time.GetUtcNow(), isPending: false, default);
        return await BookAsync(account, [line], cancellationToken);
    }

    public async Task<SandboxAnswer> Handle(BookSandboxTransactions request, CancellationToken cancellationToken)
    {
        if (await LockAsync(request.AccountId, cancellationToken) is not { } account) return NoAccount;
        if (request.Transactions.GetArrayLength() is 0 or > MostAtOnce) return new SandboxAnswer.Wrong($"transactions must be 1 to {MostAtOnce}");
        var lines = new List<BankTransaction>();
        foreach (var wish in request.Transactions.EnumerateArray())
        {
            if (Read(account, wish).Failed(out var wrong, out var line)) return wrong;
            lines.Add(line);
        }

        return await BookAsync(account, lines, cancellationToken);
    }

    public async Task<SandboxAnswer> Handle(RemoveSandboxTransaction request, CancellationToken cancellationToken) =>
        Guid.TryParseExact(request.TransactionId, "N", out var id)
        && await db.Transactions.Where(row => row.Id == id && row.AccountId == request.AccountId && row.IsPending).ExecuteDeleteAsync(cancellationToken) == 1
            ? new SandboxAnswer.Done()
            : new SandboxAnswer.Wrong("the account has no such pending transaction");

    public async Task<SandboxAnswer> Handle(SetSandboxAccountState request, CancellationToken cancellationToken)
    {
        AccountState? wanted = request.State switch
        {
            "open" => AccountState.Open,
            "frozen" => AccountState.Frozen,
            "closed" => AccountState.Closed,
            "switched" => AccountState.Switched,
            _ => null,
        };
        if (wanted is not { } state) return new SandboxAnswer.Wrong("state must be open, frozen, closed or switched");
        var now = time.GetUtcNow();
        if (await db.Accounts.Where(row => row.Id == request.AccountId && row.State != state)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, state).SetProperty(row => row.StateChangedAt, now), cancellationToken) == 0)
            return await db.Accounts.AnyAsync(row => row.Id == request.AccountId, cancellationToken) ? new SandboxAnswer.Done() : NoAccount;
        var cause = state switch
        {
            AccountState.Closed => LinkedAccountCause.Closed,
            AccountState.Switched => LinkedAccountCause.Switched,
            _ => LinkedAccountCause.Other,
        };
        await mediator.Publish(new LinkedAccountChanged(request.AccountId, cause), cancellationToken);
        return new SandboxAnswer.Done();
    }

    /// <summary>The account, held so that of two bookings at one moment the second sees the balance of the first.</summary>
    private Task<BankAccount?> LockAsync(string id, CancellationToken ct) =>
        db.Accounts.FromSql($"""SELECT * FROM accounts.accounts WHERE "Id" = {id} FOR UPDATE""").SingleOrDefaultAsync(ct);

    private async Task<SandboxAnswer> BookAsync(BankAccount account, IReadOnlyList<BankTransaction> lines, CancellationToken ct)
    {
        var moved = lines.Where(line => !line.IsPending).Sum(line => line.Amount);
        if (Math.Abs(account.Balance + moved) >= Limit) return new SandboxAnswer.Wrong("the account cannot hold so much");
        foreach (var line in lines.Where(line => line.EntryId is not null))
        {
            db.Add(new Entry { Id = line.EntryId!.Value, BookedAt = line.BookedAt, Text = line.Information });
            db.Add(new Leg { EntryId = line.EntryId.Value, Number = 1, Account = account.Id, Amount = line.Amount, Currency = line.Currency });
            db.Add(new Leg { EntryId = line.EntryId.Value, Number = 2, Account = Testers + line.Currency, Amount = -line.Amount, Currency = line.Currency });
        }

        db.AddRange(lines);
        await db.SaveChangesAsync(ct);
        await db.Accounts.Where(row => row.Id == account.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Balance, row => row.Balance + moved), ct);
        foreach (var line in lines.Where(line => !line.IsPending)) await PutIntoStatementsAsync(line, ct);
        return new SandboxAnswer.Done([.. lines.Select(line => line.Id.ToString("N"))]);
    }

    /// <summary>A tester may book in the past, where a bank may not: the statements since are then as if it had been there, so that they add up.</summary>
    private Task<int> PutIntoStatementsAsync(BankTransaction line, CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"""
        UPDATE accounts.statements SET
            "Opening" = "Opening" + CASE WHEN "StartAt" > {line.BookedAt} THEN {line.Amount} ELSE 0 END,
            "Closing" = "Closing" + {line.Amount},
            "Credits" = "Credits" + CASE WHEN "StartAt" <= {line.BookedAt} AND {line.Amount} > 0 THEN {line.Amount} ELSE 0 END,
            "Debits" = "Debits" - CASE WHEN "StartAt" <= {line.BookedAt} AND {line.Amount} < 0 THEN {line.Amount} ELSE 0 END,
            "Fees" = "Fees" - CASE WHEN "StartAt" <= {line.BookedAt} AND {line.SubCode} = 'CHRG' THEN {line.Amount} ELSE 0 END,
            "Interest" = "Interest" + CASE WHEN "StartAt" <= {line.BookedAt} AND {line.SubCode} = 'INTR' THEN {line.Amount} ELSE 0 END
        WHERE "AccountId" = {line.AccountId} AND "EndAt" + interval '1 second' > {line.BookedAt}
        """,
        ct);

    private Outcome<BankTransaction, SandboxAnswer.Wrong> Read(BankAccount account, JsonElement wish)
    {
        if (wish.ValueKind != JsonValueKind.Object) return new SandboxAnswer.Wrong("each transaction must be an object");
        if (wish.EnumerateObject().FirstOrDefault(member => !Members.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined })
            return new SandboxAnswer.Wrong("a transaction of the API has no such member");
        if (!wish.TryGetProperty("Amount", out var value) || Signed(value, account.Currency) is not { } amount)
            return new SandboxAnswer.Wrong($"Amount must be an amount in {account.Currency}");
        var direction = Text(wish, "CreditDebitIndicator") ?? (amount < 0 ? "Debit" : "Credit");
        if (direction is not ("Credit" or "Debit")) return new SandboxAnswer.Wrong("CreditDebitIndicator must be Credit or Debit");
        var status = Text(wish, "Status") ?? "BOOK";
        if (status is not ("BOOK" or "PDNG")) return new SandboxAnswer.Wrong("Status must be BOOK or PDNG");
        var at = wish.TryGetProperty("BookingDateTime", out _) ? IsoDateTime.Parse(Text(wish, "BookingDateTime") ?? "") : time.GetUtcNow();
        if (at is not { } moment) return new SandboxAnswer.Wrong("BookingDateTime must be an ISO 8601 date and time");
        var line = Line(account, direction == "Debit" ? -Math.Abs(amount) : Math.Abs(amount), moment, status == "PDNG", wish);
        return Lengths.FirstOrDefault(text => text.Of(line) is { } said && (said.Length < text.Least || said.Length > text.Most)) is { Name: { } name } wrong
            ? new SandboxAnswer.Wrong($"{name} must have {wrong.Least} to {wrong.Most} characters")
            : line;
    }

    private BankTransaction Line(BankAccount account, decimal amount, DateTimeOffset at, bool isPending, JsonElement wish)
    {
        var other = Inside(wish, amount < 0 ? "CreditorAccount" : "DebtorAccount");
        return new BankTransaction
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            AccountId = account.Id,
            BookedAt = at,
            ValueAt = at,
            Amount = amount,
            Currency = account.Currency,
            IsPending = isPending,
            EntryId = isPending ? null : Guid.CreateVersion7(time.GetUtcNow()),
            Reference = Text(wish, "TransactionReference") ?? "SANDBOX",
            Information = Text(wish, "TransactionInformation") ?? "Booked by a tester",
            Code = Text(Inside(wish, "BankTransactionCode"), "Code") ?? (amount < 0 ? "ICDT" : "RCDT"),
            SubCode = Text(Inside(wish, "BankTransactionCode"), "SubCode") ?? "DMCT",
            OwnCode = Text(Inside(wish, "ProprietaryBankTransactionCode"), "Code") ?? "FPI",
            AddressLine = Text(wish, "AddressLine"),
            MerchantName = Text(Inside(wish, "MerchantDetails"), "MerchantName"),
            MerchantCategory = Text(Inside(wish, "MerchantDetails"), "MerchantCategoryCode"),
            CounterpartyName = Text(other, "Name"),
            CounterpartyScheme = Text(other, "SchemeName"),
            CounterpartyIdentification = Text(other, "Identification"),
        };
    }

    /// <summary>An amount with its sign; null for anything else, another currency, or more digits than the currency has.</summary>
    private static decimal? Signed(JsonElement value, string currency)
    {
        if (value.ValueKind == JsonValueKind.Object)
            return (Text(value, "Currency") ?? currency) == currency && value.TryGetProperty("Amount", out var inner) && inner.ValueKind != JsonValueKind.Object ? Signed(inner, currency) : null;
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetRawText().Trim('"'), // an amount has nothing to unescape
            JsonValueKind.Number => value.GetRawText(),
            _ => "",
        };
        var isDebit = text.StartsWith('-');
        return Money.Parse(isDebit ? text[1..] : text, currency) is { } money ? (isDebit ? -money.Amount : money.Amount) : null;
    }

    private static JsonElement Inside(JsonElement wish, string name) =>
        wish.ValueKind == JsonValueKind.Object && wish.TryGetProperty(name, out var inner) ? inner : default;

    // The database has no place for a NUL.
    private static string? Text(JsonElement wish, string name) =>
        wish.ValueKind == JsonValueKind.Object && Claims.Text(wish, name) is { } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null;
}
