using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Accounts;

/// <summary>
/// What this module and the bank's own system keep about a customer: who they are, accounts and all that moves on them, and what card issuers have asked. Card
/// numbers are cut as the own channel cuts them.
/// </summary>
internal sealed class OwnDataHandler(ICoreBank bank, AccountsDb db, IMediator mediator) : INotificationHandler<OwnDataAsked>
{
    private const int PageSize = 500;

    public async Task Handle(OwnDataAsked notification, CancellationToken cancellationToken)
    {
        var accounts = await bank.AccountsAsync(notification.CustomerId, null, cancellationToken);
        notification.Answer.Add(await ContactAsync(notification.CustomerId, cancellationToken));
        notification.Answer.Add(await AccountsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await PayeesAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await StandingOrdersAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await DirectDebitsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await ScheduledPaymentsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await OffersAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await StatementsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await TransactionsAsync(notification.CustomerId, accounts, cancellationToken));
        notification.Answer.Add(await FundsChecksAsync(notification.CustomerId, cancellationToken));
    }

    private async Task<OwnDataSection> ContactAsync(string customerId, CancellationToken ct) => new(
        "contact",
        "Your contact details",
        "To know who you are, as the law has us, and to reach you. Kept for as long as you are our customer.",
        await bank.PartyAsync(customerId, ct) is not { } party
            ? []
            :
            [
                new OwnDataRecord(
                    new OwnDataField("name", "Name", party.Name),
                    new OwnDataField("legal_name", "Full legal name", party.FullLegalName),
                    new OwnDataField("register_number", "Number in the company register", party.Number),
                    new OwnDataField("email", "Email", party.Email),
                    new OwnDataField("phone", "Phone", party.Phone),
                    new OwnDataField("mobile", "Mobile phone", party.Mobile),
                    new OwnDataField("building", "House", party.BuildingNumber),
                    new OwnDataField("street", "Street", party.StreetName),
                    new OwnDataField("town", "Town", party.TownName),
                    new OwnDataField("post_code", "Post code", party.PostCode),
                    new OwnDataField("country", "Country", party.Country)),
            ]);

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

    private async Task<OwnDataSection> PayeesAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct) => new(
        "payees",
        "Payees you have saved",
        "To let you pay them again without typing. Kept until you remove them.",
        [
            .. (await bank.BeneficiariesAsync(customerId, Ids(accounts), ct)).Rows.Select(payee => new OwnDataRecord(
                new OwnDataField("name", "Name", payee.PayeeName),
                new OwnDataField("account", "Account", Mapping.Shown(payee.PayeeScheme, payee.PayeeIdentification)),
                new OwnDataField("reference", "Reference", payee.Reference),
                new OwnDataField("trusted", "Trusted", payee.IsTrusted))),
        ]);

    private async Task<OwnDataSection> StandingOrdersAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = Names(accounts);
        return new OwnDataSection(
            "standing_orders",
            "Your standing orders",
            "To carry them out. Kept with the account's books.",
            [
                .. (await bank.StandingOrdersAsync(customerId, Ids(accounts), ct)).Rows.Select(order => new OwnDataRecord(
                    new OwnDataField("account", "Account", names[order.AccountId]),
                    new OwnDataField("payee", "To", order.PayeeName),
                    new OwnDataField("payee_account", "Account of the payee", Mapping.Shown(order.PayeeScheme, order.PayeeIdentification)),
                    new OwnDataField("amount", "Amount", order.Amount),
                    new OwnDataField("currency", "Currency", order.Currency),
                    new OwnDataField("reference", "Reference", order.Reference),
                    new OwnDataField("rhythm", "Rhythm", order.Frequency),
                    new OwnDataField("status", "Status", order.Status),
                    new OwnDataField("first", "First", order.FirstAt),
                    new OwnDataField("last", "Last carried out", order.LastAt),
                    new OwnDataField("next", "Next", order.NextAt),
                    new OwnDataField("final", "Ends", order.FinalAt))),
            ]);
    }

    private async Task<OwnDataSection> DirectDebitsAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = Names(accounts);
        return new OwnDataSection(
            "direct_debits",
            "Your direct debits",
            "To let in what you have allowed to be collected, and nothing else. Kept with the account's books.",
            [
                .. (await bank.DirectDebitsAsync(customerId, Ids(accounts), ct)).Rows.Select(debit => new OwnDataRecord(
                    new OwnDataField("account", "Account", names[debit.AccountId]),
                    new OwnDataField("collector", "Collected by", debit.Name),
                    new OwnDataField("mandate", "Mandate", debit.Mandate),
                    new OwnDataField("rhythm", "Rhythm", debit.Frequency),
                    new OwnDataField("status", "Status", debit.Status),
                    new OwnDataField("last", "Last collected", debit.LastAt),
                    new OwnDataField("last_amount", "Last amount", debit.LastAmount),
                    new OwnDataField("currency", "Currency", debit.Currency))),
            ]);
    }

    private async Task<OwnDataSection> ScheduledPaymentsAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = Names(accounts);
        return new OwnDataSection(
            "scheduled_payments",
            "Payments you have set up for later",
            "To carry them out on their day. Kept with the account's books.",
            [
                .. (await bank.ScheduledPaymentsAsync(customerId, Ids(accounts), ct)).Rows.Select(payment => new OwnDataRecord(
                    new OwnDataField("account", "Account", names[payment.AccountId]),
                    new OwnDataField("due", "Due", payment.DueAt),
                    new OwnDataField("payee", "To", payment.PayeeName),
                    new OwnDataField("payee_account", "Account of the payee", Mapping.Shown(payment.PayeeScheme, payment.PayeeIdentification)),
                    new OwnDataField("amount", "Amount", payment.Amount),
                    new OwnDataField("currency", "Currency", payment.Currency),
                    new OwnDataField("reference", "Reference", payment.Reference),
                    new OwnDataField("own_reference", "Your own reference", payment.OwnReference))),
            ]);
    }

    private async Task<OwnDataSection> OffersAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = Names(accounts);
        return new OwnDataSection(
            "offers",
            "Offers made to you",
            "To show them to you until they end.",
            [
                .. (await bank.OffersAsync(customerId, Ids(accounts), ct)).Rows.Select(offer => new OwnDataRecord(
                    new OwnDataField("account", "Account", names[offer.AccountId]),
                    new OwnDataField("offer", "Offer", offer.Description),
                    new OwnDataField("from", "From", offer.From),
                    new OwnDataField("until", "Until", offer.Until))),
            ]);
    }

    private async Task<OwnDataSection> StatementsAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = Names(accounts);
        var records = new List<OwnDataRecord>();
        var page = new StatementPage([], [], HasNewer: false, HasOlder: accounts.Count > 0);
        while (page.HasOlder)
        {
            var start = page.Statements is [.., var oldest] ? new PageStart(oldest.EndAt, oldest.Id, Backwards: false) : null;
            page = await bank.StatementsAsync(new StatementQuery(customerId, Ids(accounts), Only: null, Period.Always, start, PageSize), ct);
            records.AddRange(page.Statements.Select(statement => new OwnDataRecord(
                new OwnDataField("account", "Account", names[statement.AccountId]),
                new OwnDataField("from", "From", statement.StartAt),
                new OwnDataField("to", "To", statement.EndAt),
                new OwnDataField("opening_balance", "Balance at the beginning", statement.Opening),
                new OwnDataField("closing_balance", "Balance at the end", statement.Closing),
                new OwnDataField("currency", "Currency", statement.Currency))));
        }

        return new OwnDataSection("statements", "Your statements", "To show you how your accounts stood. Kept for as long as the law has us keep books.", records);
    }

    private async Task<OwnDataSection> TransactionsAsync(string customerId, IReadOnlyList<BankAccount> accounts, CancellationToken ct)
    {
        var names = Names(accounts);
        var records = new List<OwnDataRecord>();
        var page = new TransactionPage([], [], HasNewer: false, HasOlder: accounts.Count > 0);
        while (page.HasOlder)
        {
            var start = page.Transactions is [.., var oldest] ? new PageStart(oldest.BookedAt, oldest.Id, Backwards: false) : null;
            var query = new TransactionQuery(customerId, Ids(accounts), Period.Always, Period.Always, Credits: true, Debits: true, BookedOnly: false, start, PageSize);
            page = await bank.TransactionsAsync(query, ct);
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
        new OwnDataField("counterparty_account", "Account of the other side", transaction.CounterpartyIdentification is { } number ? Mapping.Shown(transaction.CounterpartyScheme, number) : null),
        new OwnDataField("merchant", "Merchant", transaction.MerchantName),
        new OwnDataField("merchant_category", "Kind of merchant", transaction.MerchantCategory),
        new OwnDataField("address", "Place", transaction.AddressLine),
        new OwnDataField("card", "Card", transaction.CardNumber is { } card ? Mapping.Shown(Mapping.Pan, card) : null),
        new OwnDataField("exchanged_amount", "Amount in the other currency", transaction.ExchangeAmount),
        new OwnDataField("exchanged_currency", "Other currency", transaction.ExchangeCurrency),
        new OwnDataField("exchange_rate", "Exchange rate", transaction.ExchangeRate));

    private async Task<OwnDataSection> FundsChecksAsync(string customerId, CancellationToken ct)
    {
        // Whose consent it was is the consents' to say; one that the other holder of a joint account gave is not this customer's.
        var issuers = (await mediator.Send(new ListConnections(customerId), ct))
            .Where(connection => connection.Kind == ConsentKind.FundsConfirmation && !connection.GivenByOtherHolder)
            .SelectMany(connection => connection.ConsentIds, (connection, id) => (Id: id, connection.ClientName))
            .ToDictionary(issuer => issuer.Id, issuer => issuer.ClientName, StringComparer.Ordinal);
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

    private static Dictionary<string, string> Names(IEnumerable<BankAccount> accounts) =>
        accounts.ToDictionary(account => account.Id, account => account.Name, StringComparer.Ordinal);

    private static string[] Ids(IEnumerable<BankAccount> accounts) => [.. accounts.Select(account => account.Id)];
}
