using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>An account as the app shows it.</summary>
/// <param name="Number">The last digits at most; the app has no use for more.</param>
/// <param name="Balance">Signed; null where the bank gave none.</param>
internal sealed record Account(string Id, string Name, string Kind, string? Number, Money? Balance);

/// <summary>A booking.</summary>
/// <param name="Amount">Negative where money went out.</param>
internal sealed record Transaction(
    string AccountId, DateTimeOffset BookedAt, string Text, Money Amount, bool Pending, string? MerchantCode, string? BankCode);

/// <summary>A consent at the bank.</summary>
internal sealed record AccountAccessConsent(string Id, string Status, DateTimeOffset? ExpiresAt);

/// <summary>The UK account-information API, version 4.0, as far as a budgeting app needs it.</summary>
internal sealed class AccountInformation(BankClient bank)
{
    public const string BasePath = "open-banking/v4.0/aisp/";
    public const string ConsentsPath = BasePath + "account-access-consents";

    /// <summary>More pages than this of one listing are a bank gone wrong, or a loop of links.</summary>
    private const int MostPages = 60;

    /// <summary>No more than the app shows: who holds what, how much is on it, what moved.</summary>
    public static readonly IReadOnlyList<string> Permissions =
    [
        "ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits",
    ];

    /// <summary>Tells the bank what the customer is about to be asked for.</summary>
    public async Task<Outcome<AccountAccessConsent, BankFault>> CreateConsentAsync(
        string token, DateTimeOffset expires, DateTimeOffset from, Customer customer, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["Data"] = new JsonObject
            {
                ["Permissions"] = new JsonArray([.. Permissions.Select(permission => JsonValue.Create(permission))]),
                ["ExpirationDateTime"] = Wire(expires),
                ["TransactionFromDateTime"] = Wire(from),
            },
            ["Risk"] = new JsonObject(),
        };
        return Consent(await bank.ApiAsync(HttpMethod.Post, ConsentsPath, token, body.ToJsonString(), customer, ct));
    }

    public async Task<Outcome<AccountAccessConsent, BankFault>> ReadConsentAsync(string token, string consentId, CancellationToken ct) =>
        Consent(await bank.ApiAsync(HttpMethod.Get, PathOf(consentId), token, null, Customer.Absent, ct));

    /// <summary>Gives the access back; the answer has no body.</summary>
    public Task<Outcome<BankAnswer, BankFault>> DeleteConsentAsync(string token, string consentId, Customer customer, CancellationToken ct) =>
        bank.ApiAsync(HttpMethod.Delete, PathOf(consentId), token, null, customer, ct);

    /// <summary>The accounts that the customer chose, each with its balance.</summary>
    public async Task<Outcome<IReadOnlyList<Account>, BankFault>> AccountsAsync(string token, Customer customer, CancellationToken ct)
    {
        if ((await PagesAsync(BasePath + "accounts", "Account", token, customer, ct)).Failed(out var fault, out var listed)) return fault;
        var accounts = new List<Account>();
        foreach (var one in listed)
        {
            if (Claims.Text(one, "AccountId") is not { } id) return BankFault.Untrusted("an account has no id");
            var path = $"{BasePath}accounts/{Uri.EscapeDataString(id)}/balances";
            if ((await PagesAsync(path, "Balance", token, customer, ct)).Failed(out fault, out var balances)) return fault;
            accounts.Add(ReadAccount(id, one, balances));
        }

        return accounts;
    }

    /// <summary>The bookings of an account since a day, page by page, as the bank's links lead.</summary>
    public async Task<Outcome<IReadOnlyList<Transaction>, BankFault>> TransactionsAsync(
        string accountId, DateTimeOffset from, string token, Customer customer, CancellationToken ct)
    {
        var path = $"{BasePath}accounts/{Uri.EscapeDataString(accountId)}/transactions?fromBookingDateTime={from.UtcDateTime:yyyy-MM-ddTHH:mm:ss}";
        if ((await PagesAsync(path, "Transaction", token, customer, ct)).Failed(out var fault, out var listed)) return fault;
        var transactions = new List<Transaction>();
        foreach (var one in listed)
        {
            if (ReadTransaction(one) is not { } transaction) return BankFault.Untrusted("a transaction cannot be read");
            transactions.Add(transaction);
        }

        return transactions;
    }

    /// <summary>All entries of a listing: it goes on where there is a <c>Links.Next</c>, and a link that was followed is not followed again.</summary>
    internal async Task<Outcome<IReadOnlyList<JsonElement>, BankFault>> PagesAsync(
        string path, string member, string token, Customer customer, CancellationToken ct)
    {
        var entries = new List<JsonElement>();
        var visited = new HashSet<string>(StringComparer.Ordinal);
        for (var next = path; next is not null;)
        {
            if (!visited.Add(next) || visited.Count > MostPages) return BankFault.Untrusted("the bank's page links do not end");
            if ((await bank.ApiAsync(HttpMethod.Get, next, token, null, customer, ct)).Failed(out var fault, out var answer)) return fault;
            if (answer.Body is not { ValueKind: JsonValueKind.Object } body || Member(body, "Data") is not { } data)
                return BankFault.Untrusted("a listing has no Data");
            if (data.TryGetProperty(member, out var page) && page.ValueKind == JsonValueKind.Array)
            {
                foreach (var entry in page.EnumerateArray())
                {
                    if (entry.ValueKind != JsonValueKind.Object) return BankFault.Untrusted("a listing holds what is no object");
                    entries.Add(entry);
                }
            }

            next = Member(body, "Links") is { } links ? Claims.Text(links, "Next") : null;
        }

        return entries;
    }

    internal static Account ReadAccount(string id, JsonElement account, IReadOnlyList<JsonElement> balances)
    {
        var identification = account.TryGetProperty("Account", out var names)
            && names.ValueKind == JsonValueKind.Array && names.GetArrayLength() > 0 && names[0].ValueKind == JsonValueKind.Object
                ? names[0]
                : (JsonElement?)null;
        var kind = KindOf(Claims.Text(account, "AccountTypeCode"));
        var name = Claims.Text(account, "Nickname") ?? Claims.Text(account, "Description")
            ?? (identification is { } named ? Claims.Text(named, "Name") : null) ?? kind;
        var number = identification is { } numbered ? Claims.Text(numbered, "Identification") : null;
        var ranked = balances.Select(balance => (Rank: RankOf(Claims.Text(balance, "Type")), Money: SignedAmount(balance)))
            .Where(balance => balance.Money is not null)
            .OrderBy(balance => balance.Rank)
            .ToList();
        return new Account(id, name, kind, number is { Length: >= 4 } ? number[^4..] : null, ranked.Count > 0 ? ranked[0].Money : null);
    }

    internal static Transaction? ReadTransaction(JsonElement one)
    {
        if (Claims.Text(one, "AccountId") is not { } account || SignedAmount(one) is not { } amount) return null;
        if (!DateTimeOffset.TryParse(
                Claims.Text(one, "BookingDateTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var booked)) return null;
        var merchant = Member(one, "MerchantDetails");
        var text = (merchant is { } shop ? Claims.Text(shop, "MerchantName") : null)
            ?? Claims.Text(one, "TransactionInformation")
            ?? (Member(one, "CreditorAccount") is { } to ? Claims.Text(to, "Name") : null)
            ?? (Member(one, "DebtorAccount") is { } by ? Claims.Text(by, "Name") : null)
            ?? Claims.Text(one, "TransactionReference")
            ?? (amount.Amount < 0 ? "Payment" : "Money in");
        return new Transaction(
            account,
            booked,
            text,
            amount,
            Claims.Text(one, "Status") is "PDNG" or "Pending",
            merchant is { } coded ? Claims.Text(coded, "MerchantCategoryCode") : null,
            string.Join(' ', new[] { Member(one, "BankTransactionCode"), Member(one, "ProprietaryBankTransactionCode") }
                .OfType<JsonElement>()
                .SelectMany(code => new[] { Claims.Text(code, "Code"), Claims.Text(code, "SubCode") })
                .OfType<string>()));
    }

    private static Outcome<AccountAccessConsent, BankFault> Consent(Outcome<BankAnswer, BankFault> outcome)
    {
        if (outcome.Failed(out var fault, out var answer)) return fault;
        if (answer.Body is not { ValueKind: JsonValueKind.Object } body
            || Member(body, "Data") is not { } data
            || Claims.Text(data, "ConsentId") is not { Length: > 0 } id)
            return BankFault.Untrusted("the consent has no id");
        DateTimeOffset? expires = DateTimeOffset.TryParse(
            Claims.Text(data, "ExpirationDateTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end) ? end : null;
        return new AccountAccessConsent(id, Claims.Text(data, "Status") ?? "", expires);
    }

    private static string PathOf(string consentId) => ConsentsPath + "/" + Uri.EscapeDataString(consentId);

    private static JsonElement? Member(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static Money? SignedAmount(JsonElement entry)
    {
        if (Member(entry, "Amount") is not { } amount
            || Claims.Text(amount, "Amount") is not { } value
            || Claims.Text(amount, "Currency") is not { } currency
            || Money.Parse(value, currency) is not { } money) return null;
        return Claims.Text(entry, "CreditDebitIndicator") switch
        {
            "Credit" or "CRDT" => money,
            "Debit" or "DBIT" => money with { Amount = -money.Amount },
            _ => null,
        };
    }

    // What can be spent now says most to a customer; which of its names a bank uses differs.
    private static int RankOf(string? type) => type switch
    {
        "ITAV" or "InterimAvailable" => 0,
        "CLAV" or "ClosingAvailable" => 1,
        "ITBD" or "InterimBooked" => 2,
        "CLBD" or "ClosingBooked" => 3,
        _ => 4,
    };

    private static string KindOf(string? type) => type switch
    {
        "CACC" or "CurrentAccount" => "Current account",
        "SVGS" or "Savings" => "Savings",
        "CARD" or "CreditCard" => "Credit card",
        "LOAN" or "Loan" => "Loan",
        "MORT" or "MOMA" or "Mortgage" => "Mortgage",
        _ => "Account",
    };

    private static string Wire(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + "+00:00";
}
