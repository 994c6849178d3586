using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Samples.CoreBank.Books;

/// <summary>What a bank knows beside balances and bookings. Most of it is read off the books, so that it always hangs together with them.</summary>
internal static class Papers
{
    private const string SortCodeAndNumber = "UK.OBIE.SortCodeAccountNumber";
    private const string Monthly = "MNTH";
    private const string Active = "ACTV";

    private static readonly IReadOnlyList<Party> Parties =
    [
        new(Id("party 1"), "C-100001", "Amelia Hartwell", "Amelia Rose Hartwell", "UK.OBIE.Individual") { Email = "amelia@example.com", AddressType = "HOME", TownName = "Bristol", Country = "GB" },
        new(Id("party 2"), "C-100002", "Thomas Hartwell", "Thomas Edwin Hartwell", "UK.OBIE.Individual") { AddressType = "HOME", TownName = "Bath", Country = "GB" },
        new(Id("party 4"), "C-100004", "Quill & Larkspur Bakery Ltd", "Quill & Larkspur Bakery Ltd", "UK.OBIE.PrivateLimitedCompany"),
        new(Id("party 5"), "C-100005", "Harbour Lane Market Ltd", "Harbour Lane Market Ltd", "UK.OBIE.PrivateLimitedCompany"),
    ];

    public static Party? PartyOf(string customerId) => Parties.FirstOrDefault(party => party.CustomerId == customerId);

    public static IEnumerable<AccountParty> PartiesOf(Book account) => account.Customers.Select(customer =>
        new AccountParty(account.Id, account.Customers.Count > 1 ? "Joint" : "Sole", "UK.OBIE.Principal", PartyOf(customer)!));

    public static AccountProduct ProductOf(Book account) => new(
        account.Id,
        new Product(
            account.Product.ToLowerInvariant().Replace(' ', '-'),
            account.Product,
            account.Product switch
            {
                "Current Account" or "Joint Current Account" => "PersonalCurrentAccount",
                "Business Current Account" => "BusinessCurrentAccount",
                _ => "Other",
            },
            "As it was sold: " + account.Product,
            account.Currency,
            account.Product.Contains("Saver", StringComparison.Ordinal) ? 3.1m : null,
            account.Product == "Credit Card" ? 24.9m : null));

    /// <summary>Whom the customer has paid before.</summary>
    public static IEnumerable<Beneficiary> BeneficiariesOf(string customerId, IEnumerable<Book> accounts) => accounts
        .SelectMany(account => account.Lines)
        .Where(line => line is { Amount: < 0, CounterpartyIdentification: not null })
        .DistinctBy(line => line.CounterpartyIdentification)
        .Select(line => new Beneficiary(
            Id($"payee {customerId} {line.CounterpartyIdentification}"), customerId, IsTrusted: false, line.Reference, line.CounterpartyName!, SortCodeAndNumber, line.CounterpartyIdentification!));

    /// <summary>Each has led to the bookings that are on the account.</summary>
    public static IEnumerable<StandingOrder> StandingOrdersOf(Book account) => Regular(account, "STDO").Select(lines => new StandingOrder(
        Id($"standing order {account.Number} {lines.Key}"),
        account.Id,
        lines.Key,
        Monthly,
        lines.Last().BookedAt.ToString("dd", CultureInfo.InvariantCulture),
        lines.First().BookedAt,
        lines.Last().BookedAt.AddMonths(1),
        lines.Last().BookedAt,
        -lines.Last().Amount,
        account.Currency,
        Active,
        lines.Last().CounterpartyName!,
        SortCodeAndNumber,
        lines.Last().CounterpartyIdentification!));

    public static IEnumerable<DirectDebit> DirectDebitsOf(Book account) => Regular(account, "BBDD").Select(lines => new DirectDebit(
        Id($"mandate {account.Number} {lines.Key}"), account.Id, lines.Last().Information, lines.Key, Monthly, Active, lines.Last().BookedAt, -lines.Last().Amount, account.Currency));

    public static IEnumerable<ScheduledPayment> ScheduledPaymentsOf(Book account, DateTimeOffset now) => account.Number != "20450011"
        ? []
        : [new ScheduledPayment(Id("scheduled 1"), account.Id, Midnight(now).AddDays(10), "DEPOSIT", 120.00m, "GBP", "Castle Row Lettings", SortCodeAndNumber, "30887711223344")];

    public static IEnumerable<Offer> OffersOf(Book account, DateTimeOffset now) => account.Product != "Easy Access Saver"
        ? []
        : [new Offer(Id("offer 1"), account.Id, "PromotionalRate", "More interest until the end of next month", Midnight(now).AddDays(-3), Midnight(now).AddMonths(1), account.Currency, Rate: 3.6m)];

    /// <summary>One for each month that has ended, from the first booking on.</summary>
    public static IEnumerable<Statement> StatementsOf(Book account, DateTimeOffset now)
    {
        var lines = account.Lines.Where(line => !line.IsPending).OrderBy(line => line.BookedAt).ToList();
        if (lines.Count == 0) yield break;
        var opening = 0m;
        var start = new DateTimeOffset(lines[0].BookedAt.Year, lines[0].BookedAt.Month, 1, 0, 0, 0, TimeSpan.Zero);
        for (; start.AddMonths(1) <= now; start = start.AddMonths(1))
        {
            var month = lines.Where(line => line.BookedAt >= start && line.BookedAt < start.AddMonths(1)).ToList();
            var (credits, debits) = (month.Where(line => line.Amount > 0).Sum(line => line.Amount), -month.Where(line => line.Amount < 0).Sum(line => line.Amount));
            var closing = opening + credits - debits;
            var reference = start.ToString("yyyy-MM", CultureInfo.InvariantCulture);
            yield return new Statement(
                Id($"statement {account.Number} {reference}"), account.Id, reference, start, start.AddMonths(1).AddSeconds(-1), start.AddMonths(1), account.Currency,
                opening, closing, credits, debits, Fees: 0, Interest: 0);
            opening = closing;
        }
    }

    private static IEnumerable<IGrouping<string, Transaction>> Regular(Book account, string subCode) =>
        account.Lines.Where(line => line.SubCode == subCode).OrderBy(line => line.BookedAt).GroupBy(line => line.Reference, StringComparer.Ordinal);

    private static DateTimeOffset Midnight(DateTimeOffset now) => new(now.UtcDateTime.Date, TimeSpan.Zero);

    private static Guid Id(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
}
