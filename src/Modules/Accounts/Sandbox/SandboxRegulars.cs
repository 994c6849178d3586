using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>A standing order of the sandbox; its payments of two years are booked from this row.</summary>
/// <param name="Day">Of the month, or of the week (1 is Monday).</param>
/// <param name="Identification">Of the payee; for an account of this bank its tag.</param>
/// <param name="EndedMonthsAgo">When the last one was paid; null while it goes on.</param>
internal sealed record SandboxOrder(
    string Tag, string To, string Reference, string Frequency, int Day, decimal Amount, string Identification, int? EndedMonthsAgo = null)
{
    /// <summary>The account of this bank that is paid.</summary>
    public SandboxAccount? Own => SandboxBank.Accounts.FirstOrDefault(account => account.Tag == Identification);

    public bool IsDue(DateOnly day, DateOnly today) =>
        (EndedMonthsAgo is not { } months || day <= today.AddMonths(-months))
        && Frequency switch
        {
            "WEEK" => (int)day.DayOfWeek == Day % 7,
            "QURT" => day.Day == Day && day.Month % 3 == 2,
            _ => day.Day == Day,
        };
}

/// <summary>A direct debit of the sandbox; what it collects is booked in <see cref="TwoYears"/> under its reference.</summary>
internal sealed record SandboxDebit(string Tag, string Name, string Reference, string Frequency = "MNTH");

/// <summary>A payee whom somebody has saved and pays now and then.</summary>
internal sealed record SandboxPayee(string CustomerId, string Name, string Identification, string Reference, bool IsTrusted = false);

/// <summary>A payment that somebody has set up for later.</summary>
internal sealed record SandboxLater(string Tag, int InDays, string To, string Identification, string Reference, string OwnReference, decimal Amount);

/// <summary>What the sandbox's customers have arranged for themselves: one row an arrangement. Everybody here is made up.</summary>
internal static class SandboxRegulars
{
    private const string OtherBank = "NWLTGB21XXX";

    public static readonly IReadOnlyList<SandboxOrder> Orders =
    [
        new("GB-1", "Castle Row Lettings", "RENT FLAT 4", "MNTH", 1, 985.00m, "30887711223344"),
        new("GB-1", "Rainy day", "RAINY DAY", "MNTH", 3, 250.00m, "GB-2"),
        new("GB-1", "Household", "HOUSEHOLD", "MNTH", 4, 620.00m, "JT-1"),
        new("GB-1", "Alder Grove Investments", "ISA 20450011", "MNTH", 26, 380.00m, "40556611223344"),
        new("GB-1", "Quayside Choir", "SUBSCRIPTION", "MNTH", 17, 9.50m, "20441133557799", EndedMonthsAgo: 7),
        new("JT-1", "Little Acorns Nursery", "NURSERY FEES", "MNTH", 11, 590.00m, "20998877665544"),
        new("GB-3", "Bramble & Oak Garages", "GARAGE", "MNTH", 1, 62.00m, "55443388776655"),
        new("GB-3", "Halcyon Building Society", "MORTGAGE 7 MILL ROW", "MNTH", 2, 640.00m, "30776655443322"),
        new("GB-3", "Household", "HOUSEHOLD", "MNTH", 4, 540.00m, "JT-1"),
        new("GB-3", "Camper van", "VAN FUND", "MNTH", 6, 150.00m, "GB-4"),
        new("GB-3", "Wheelwrights Cycling Club", "WEDNESDAY RIDE", "WEEK", 3, 4.00m, "40112233009988"),
        new("GB-3", "Alder Grove Investments", "PENSION TOP UP", "MNTH", 27, 210.00m, "40556611223344"),
        new("BUS-1", "Wharf Street Estates", "SHOP RENT", "MNTH", 2, 1850.00m, "77001122334455"),
        new("BUS-1", "Revenue Collection", "VAT", "QURT", 7, 2384.17m, "08321000998877"),
        new("BIG-1", "Northmoor Borough Council", "PITCH LICENCE", "MNTH", 5, 1640.00m, "08321000112233"),
    ];

    public static readonly IReadOnlyList<SandboxDebit> Debits =
    [
        new("GB-1", "Brightline Mobile", "MOBILE"),
        new("GB-1", "Orchard Mutual Insurance", "CONTENTS POLICY"),
        new("GB-1", "Silver card", "CARD SETTLEMENT"),
        new("JT-1", "Severnside Energy", "GAS AND ELECTRICITY"),
        new("JT-1", "Chew Valley Water", "WATER"),
        new("JT-1", "Northmoor Borough Council", "COUNCIL TAX"),
        new("JT-1", "Halyard Broadband", "BROADBAND"),
        new("GB-3", "Brightline Mobile", "MOBILE"),
        new("GB-3", "Larch Lane Loans", "CYCLE LOAN"),
        new("GB-3", "Blue card", "CARD SETTLEMENT"),
        new("BUS-1", "Severnside Energy", "OVENS"),
    ];

    public static readonly IReadOnlyList<SandboxPayee> Payees =
    [
        new(SandboxBank.Amelia.CustomerId, "Ruth Adebayo", "40221598761234", "TICKETS", IsTrusted: true),
        new(SandboxBank.Amelia.CustomerId, "Wisteria Plumbing", "20887766554433", "INVOICE"),
        new(SandboxBank.Thomas.CustomerId, "Parkfield Allotments", "55001122998877", "PLOT 19"),
        new(SandboxBank.Bakery.CustomerId, "Millrace Flour Company", "66001122334455", "ACCOUNT 5521", IsTrusted: true),
        new(SandboxBank.Market.CustomerId, "Cartwright Packaging", "66001122334455", "HLM"),
    ];

    public static readonly IReadOnlyList<SandboxLater> Later =
    [
        new("GB-1", 9, "Wisteria Plumbing", "20887766554433", "INVOICE 2213", "Boiler service", 184.00m),
        new("GB-1", 24, "Ruth Adebayo", "40221598761234", "COTTAGE SHARE", "Half term cottage", 320.00m),
        new("JT-1", 15, "Little Acorns Nursery", "20998877665544", "HOLIDAY CLUB", "Holiday club", 145.00m),
        new("BUS-1", 6, "Millrace Flour Company", "66001122334455", "ACCOUNT 5521", "Flour, next delivery", 612.40m),
    ];

    private static readonly IReadOnlyList<(string Tag, string Type, string Description, decimal? Rate, decimal? Amount, decimal? Fee, string Term)> Offers =
    [
        ("GB-1", "LimitIncrease", "A larger arranged overdraft, subject to status", null, 2000.00m, null, "On request in your own app"),
        ("GB-2", "PromotionalRate", "A higher rate on new savings for twelve months", 4.10m, null, null, "On balances up to 10,000 pounds"),
        ("CARD-1", "BalanceTransfer", "Move a balance from another card at no interest for eighteen months", 0m, 2500.00m, 25.00m, "Transfers made within sixty days"),
        ("CARD-1", "MoneyTransfer", "Money from your card into your current account", 5.90m, 1000.00m, 20.00m, "Repaid over twelve months"),
        ("BUS-1", "Other", "Three months of card acquiring without a monthly charge", null, null, null, "For businesses that take cards with us for the first time"),
    ];

    public static IEnumerable<BankStandingOrder> OrderRows(IReadOnlyDictionary<string, string> ids, Books books)
    {
        foreach (var order in Orders)
        {
            var (first, last) = books.Known[(order.Tag, order.Reference)];
            var row = new BankStandingOrder
            {
                Id = AccountIds.NewRow(),
                AccountId = ids[order.Tag],
                Reference = order.Reference,
                Frequency = order.Frequency,
                PointInTime = order.Day.ToString("00", System.Globalization.CultureInfo.InvariantCulture),
                FirstAt = first.At,
                LastAt = last.At,
                FinalAt = order.EndedMonthsAgo is null ? null : last.At,
                Amount = order.Amount,
                Currency = SandboxBank.Account(order.Tag).Currency,
                Status = order.EndedMonthsAgo is null ? "ACTV" : "EXPI",
                PayeeName = order.Own?.HolderName ?? order.To,
                PayeeScheme = order.Own?.Scheme ?? "UK.OBIE.SortCodeAccountNumber",
                PayeeIdentification = order.Own?.Identification ?? order.Identification,
                PayeeBic = order.Own is null ? OtherBank : SandboxAccount.Bic,
            };
            row.NextAt = Schedule.After(row, last.At);
            yield return row;
        }
    }

    public static IEnumerable<BankDirectDebit> DebitRows(IReadOnlyDictionary<string, string> ids, Books books) => Debits.Select(debit =>
    {
        var (_, last) = books.Known[(debit.Tag, debit.Reference)];
        return new BankDirectDebit
        {
            Id = AccountIds.NewRow(),
            AccountId = ids[debit.Tag],
            Name = debit.Name,
            Mandate = debit.Reference,
            Frequency = debit.Frequency,
            Status = "ACTV",
            LastAt = last.At,
            LastAmount = -last.Amount,
            Currency = SandboxBank.Account(debit.Tag).Currency,
        };
    });

    /// <summary>Whoever is paid by standing order is saved as a payee too, once for each customer.</summary>
    public static IEnumerable<BankBeneficiary> PayeeRows() => Orders
        .Where(order => order.Own is null)
        .SelectMany(order => SandboxBank.Account(order.Tag).CustomerIds.Select(customer => new SandboxPayee(customer, order.To, order.Identification, order.Reference)))
        .Concat(Payees)
        .DistinctBy(payee => (payee.CustomerId, payee.Identification))
        .Select(payee => new BankBeneficiary
        {
            Id = AccountIds.NewRow(),
            CustomerId = payee.CustomerId,
            IsTrusted = payee.IsTrusted,
            Reference = payee.Reference,
            PayeeName = payee.Name,
            PayeeScheme = "UK.OBIE.SortCodeAccountNumber",
            PayeeIdentification = payee.Identification,
            PayeeBic = OtherBank,
        });

    public static IEnumerable<BankScheduledPayment> LaterRows(IReadOnlyDictionary<string, string> ids, DateTimeOffset now) => Later.Select(later => new BankScheduledPayment
    {
        Id = AccountIds.NewRow(),
        AccountId = ids[later.Tag],
        DueAt = new DateTimeOffset(now.UtcDateTime.Date.AddDays(later.InDays).AddHours(6), TimeSpan.Zero),
        Reference = later.Reference,
        OwnReference = later.OwnReference,
        Amount = later.Amount,
        Currency = SandboxBank.Account(later.Tag).Currency,
        PayeeName = later.To,
        PayeeScheme = "UK.OBIE.SortCodeAccountNumber",
        PayeeIdentification = later.Identification,
        PayeeBic = OtherBank,
    });

    public static IEnumerable<BankOffer> OfferRows(IReadOnlyDictionary<string, string> ids, DateTimeOffset now) => Offers.Select(offer => new BankOffer
    {
        Id = AccountIds.NewRow(),
        AccountId = ids[offer.Tag],
        Type = offer.Type,
        Description = offer.Description,
        From = new DateTimeOffset(now.UtcDateTime.Date.AddDays(-20), TimeSpan.Zero),
        Until = new DateTimeOffset(now.UtcDateTime.Date.AddDays(365), TimeSpan.Zero),
        Rate = offer.Rate,
        Amount = offer.Amount,
        Fee = offer.Fee,
        Currency = SandboxBank.Account(offer.Tag).Currency,
        Term = offer.Term,
    });
}
