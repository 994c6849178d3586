using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Samples.CoreBank.Books;

/// <summary>A customer's account with all that was ever booked on it, oldest first.</summary>
internal sealed class Book(string number, string name, string description, string typeCode, string currency, string holder, decimal? creditLimit, params string[] customers)
{
    public const string SortCode = "990124";

    private readonly List<Transaction> lines = [];

    /// <summary>Opaque and the same for ever; that nobody can work it out from the number is this core's secret.</summary>
    public string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("a core's secret:" + number)).AsSpan(0, 16));

    public string Number => number;

    public string Currency => currency;

    public string Product => description;

    public string Identification => typeCode == "CARD" || currency != "GBP" ? number : SortCode + number;

    public decimal? CreditLimit => creditLimit;

    public IReadOnlyList<string> Customers => customers;

    /// <summary>Who acts on it for its holder.</summary>
    public IReadOnlyList<string> Acting { get; init; } = [];

    /// <summary>How many of them must approve a payment; null where each may alone.</summary>
    public int? ApproversNeeded { get; init; }

    public bool IsOpen { get; private set; } = true;

    public DateTimeOffset StateChangedAt { get; private set; }

    public IReadOnlyList<Transaction> Lines => lines;

    public decimal Booked { get; private set; }

    public decimal Pending => lines.Where(line => line.IsPending).Sum(line => line.Amount);

    public void Open(DateTimeOffset at) => StateChangedAt = at;

    public void Close(DateTimeOffset at) => (IsOpen, StateChangedAt) = (false, at);

    public Transaction Add(Transaction line)
    {
        if (!line.IsPending) Booked += line.Amount;
        var known = line with { BalanceAfter = line.IsPending ? null : Booked };
        lines.Add(known);
        return known;
    }

    public Account Describe(int position) => new(
        Id, position, name, description, currency,
        customers.Any(customer => customer is "C-100004" or "C-100005") ? "Business" : "Personal",
        typeCode,
        typeCode == "CARD" ? "UK.OBIE.PAN" : currency == "GBP" ? "UK.OBIE.SortCodeAccountNumber" : "UK.OBIE.IBAN",
        Identification,
        holder, "OBNKGB2LXXX", StateChangedAt, "Open", StateChangedAt, creditLimit, Booked, customers.Length > 1, ApproversNeeded);

    public Balance Describe() => new(Id, currency, Booked, Pending, creditLimit);
}

/// <summary>The customers' accounts. Everybody here is made up; the numbers are those of the product's sandbox, so that its customers can sign in.</summary>
internal sealed class Bank
{
    private const string Amelia = "C-100001";
    private const string Thomas = "C-100002";
    private const string Bakery = "C-100004";
    private const string Market = "C-100005";
    private const string Rowan = "C-100006";
    private readonly Lock gate = new();
    private readonly TimeProvider time;

    public Bank(TimeProvider time)
    {
        this.time = time;
        Accounts =
        [
            new("20450011", "Everyday", "Current Account", "CACC", "GBP", "Amelia Hartwell", 1500m, Amelia),
            new("20450029", "Rainy day", "Easy Access Saver", "SVGS", "GBP", "Amelia Hartwell", null, Amelia),
            new("GB10OBNK99012420450037", "Euro account", "Currency Account", "CACC", "EUR", "Amelia Hartwell", null, Amelia),
            new("4000009204500451", "Silver card", "Credit Card", "CARD", "GBP", "Amelia Hartwell", 4000m, Amelia),
            new("20450053", "Household", "Joint Current Account", "CACC", "GBP", "A Hartwell & T Hartwell", 500m, Amelia, Thomas),
            new("20450061", "Tom's account", "Current Account", "CACC", "GBP", "Thomas Hartwell", 750m, Thomas),
            new("20450078", "Camper van", "Regular Saver", "SVGS", "GBP", "Thomas Hartwell", null, Thomas),
            new("4000009204500865", "Blue card", "Credit Card", "CARD", "GBP", "Thomas Hartwell", 2500m, Thomas),
            new("20450094", "Trading", "Business Current Account", "CACC", "GBP", "Quill & Larkspur Bakery Ltd", 10000m, Bakery) { Acting = [Rowan], ApproversNeeded = 2 },
            new("20450102", "VAT reserve", "Business Saver", "SVGS", "GBP", "Quill & Larkspur Bakery Ltd", null, Bakery),
            new("20450110", "Stall takings", "Business Current Account", "CACC", "GBP", "Harbour Lane Market Ltd", 25000m, Market),
        ];
        new Year(this, time.GetUtcNow()).Live();
    }

    public IReadOnlyList<Book> Accounts { get; }

    public Transfers Transfers { get; } = new();

    public Book Numbered(string number) => Accounts.First(account => account.Number == number);

    /// <summary>Does something while nobody else changes anything.</summary>
    public T With<T>(Func<Bank, T> work)
    {
        lock (gate) return work(this);
    }

    /// <summary>Those of the accounts that are this customer's and open, in the customer's order.</summary>
    public IEnumerable<(Book Account, int Position)> Held(string customerId, IReadOnlyCollection<string>? only) => Accounts
        .Select((account, position) => (Account: account, Position: position))
        .Where(held => held.Account.IsOpen && (held.Account.Customers.Contains(customerId) || held.Account.Acting.Contains(customerId)) && (only is null || only.Contains(held.Account.Id)));

    public DateTimeOffset Now => time.GetUtcNow();
}
