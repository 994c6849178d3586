using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Accounts;

/// <summary>
/// What this module and the bank's own system keep about a customer: accounts, their transactions, and what card issuers have asked. Card
/// numbers are cut as the own channel cuts them.
/// </summary>
internal sealed class OwnDataHandler(ICoreBank bank, AccountsDb db, IMediator mediator) : INotificationHandler<OwnDataAsked>
{
    private const int PageSize = 500;

    public async Task Handle(OwnDataAsked notification, CancellationToken cancellationToken)
    {
        var accounts = await bank.AccountsAsync(notification.CustomerId, null, cancellationToken);
        notification.Answer.Add(await AccountsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await TransactionsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await FundsChecksAsync(notification.CustomerId, cancellationToken));
    }

    private async Task<OwnDataSection> AccountsAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var balances = (await bank.BalancesAsync(customerId, Ids(accounts), ct)).ToDictionary(balance => balance.AccountId, StringComparer.Ordinal);
        return new OwnDataSection(
            "accounts",
            "Your accounts",
            "To keep your accounts. Kept for as long as the account is open, and then for as long as the law has us keep books.",
            [
                .. accounts.Select(account => new OwnDataRecord(
                    new OwnDataField("id", "What third parties call it", account.Id),
                    new OwnDataField("name", "Name", account.Name),
                    new OwnDataField("product", "Product", account.Description),
                    new OwnDataField("identification", "Number", Mapping.Shown(account)),
                    new OwnDataField("holder", "Name on the account", account.HolderName),
                    new OwnDataField("joint", "Held jointly", account.IsJoint),
                    new OwnDataField("currency", "Currency", account.Currency),
                    new OwnDataField("opened", "Opened", account.OpenedAt),
                    new OwnDataField("booked", "Balance of what is booked", balances.GetValueOrDefault(account.Id)?.Booked),
                    new OwnDataField("pending", "Not booked yet", balances.GetValueOrDefault(account.Id)?.Pending),
                    new OwnDataField("credit_limit", "Overdraft or limit", account.CreditLimit))),
            ]);
    }

    private async Task<OwnDataSection> TransactionsAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = accounts.ToDictionary(account => account.Id, account => account.Name, StringComparer.Ordinal);
        var records = new List<OwnDataRecord>();
        var page = new TransactionPage([], HasNewer: false, HasOlder: accounts.Count > 0);
        while (page.HasOlder)
        {
            var start = page.Transactions is [.., var oldest] ? new PageStart(oldest.BookedAt, oldest.Id, Backwards: false) : null;
            page = await bank.TransactionsAsync(new TransactionQuery(customerId, Ids(accounts), null, null, Credits: true, Debits: true, start, PageSize), ct);
            records.AddRange(page.Transactions.Select(transaction => Transaction(transaction, names[transaction.AccountId])));
        }

        return new OwnDataSection(
            "transactions",
            "Your transactions",
            "To keep your accounts and to show you what was paid. Kept for as long as the law has us keep books.",
            records);
    }

    private static OwnDataRecord Transaction(BankTransaction transaction, string account) => new(
        new OwnDataField("id", "Reference of the bank", transaction.Id.ToString("D")),
        new OwnDataField("account", "Account", account),
        new OwnDataField("booked", transaction.IsPending ? "Expected" : "Booked", transaction.BookedAt),
        new OwnDataField("value_date", "Value date", transaction.ValueAt),
        new OwnDataField("amount", "Amount", transaction.Amount),
        new OwnDataField("currency", "Currency", transaction.Currency),
        new OwnDataField("pending", "Not booked yet", transaction.IsPending),
        new OwnDataField("reference", "Reference", transaction.Reference),
        new OwnDataField("information", "Text on the statement", transaction.Information),
        new OwnDataField("balance_after", "Balance afterwards", transaction.BalanceAfter),
        new OwnDataField("counterparty", "Other side", transaction.CounterpartyName),
        new OwnDataField("counterparty_account", "Account of the other side", transaction.CounterpartyIdentification),
        new OwnDataField("merchant", "Merchant", transaction.MerchantName),
        new OwnDataField("merchant_category", "Kind of merchant", transaction.MerchantCategory),
        new OwnDataField("address", "Place", transaction.AddressLine),
        new OwnDataField("card", "Card", transaction.CardNumber is { Length: > 4 } card ? $"{transaction.CardScheme} ending {card[^4..]}" : null),
        new OwnDataField("exchanged_amount", "Amount in the other currency", transaction.ExchangeAmount),
        new OwnDataField("exchanged_currency", "Other currency", transaction.ExchangeCurrency),
        new OwnDataField("exchange_rate", "Exchange rate", transaction.ExchangeRate));

    private async Task<OwnDataSection> FundsChecksAsync(string customerId, CancellationToken ct)
    {
        // Whose consent it was is the consents' to say; one that the other holder of a joint account gave is not this customer's.
        var issuers = (await mediator.Send(new ListConnections(customerId), ct))
            .Where(connection => connection.Kind == ConsentKind.FundsConfirmation && !connection.GivenByOtherHolder)
            .ToDictionary(connection => connection.ConsentId, connection => connection.ClientName, StringComparer.Ordinal);
        var checks = await db.FundsChecks.Where(check => issuers.Keys.Contains(check.ConsentId)).OrderByDescending(check => check.Id).ToListAsync(ct);
        return new OwnDataSection(
            "funds_checks",
            "Questions of card issuers",
            "To show you what was asked about your account and what we answered. Kept as evidence.",
            [
                .. checks.Select(check => new OwnDataRecord(
                    new OwnDataField("at", "When", check.At),
                    new OwnDataField("third_party", "Asked by", issuers[check.ConsentId]),
                    new OwnDataField("reference", "Reference", check.Reference),
                    new OwnDataField("amount", "Amount", check.Amount),
                    new OwnDataField("currency", "Currency", check.Currency),
                    new OwnDataField("available", "Answered that it is there", check.Answer),
                    new OwnDataField("why_none", "Why it was not answered", check.WhyNone))),
            ]);
    }

    private static string[] Ids(IEnumerable<BankAccount> accounts) => [.. accounts.Select(account => account.Id)];
}
