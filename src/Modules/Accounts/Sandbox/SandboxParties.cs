using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>
/// The people and firms behind the sandbox's accounts, and what products these are. Phone numbers are of the ranges kept for drama,
/// addresses of mail of a domain that is nobody's.
/// </summary>
internal static class SandboxParties
{
    private static readonly IReadOnlyList<BankParty> Customers =
    [
        Person(SandboxBank.Amelia, "Amelia Rose Hartwell", "amelia@example.com", "+44-7700900111", "4", "Castle Row", "Bristol", "BS99 4CR"),
        Person(SandboxBank.Thomas, "Thomas Edwin Hartwell", "thomas@example.com", "+44-7700900112", "7", "Mill Row", "Bath", "BA99 7MR"),
        Person(SandboxBank.Noor, "Noor Fatima Siddiqui", "noor@example.com", "+44-7700900113", "12", "Orchard Street", "Bristol", "BS99 2OS"),
        Firm(SandboxBank.Bakery, "09990001", "hello@quill-and-larkspur.example.com", "+44-1632960201", "18", "Wharf Street", "Bristol", "BS99 8WS"),
        Firm(SandboxBank.Market, "09990002", "office@harbour-lane.example.com", "+44-1632960202", "1", "Harbour Lane", "Bristol", "BS99 1HL"),
    ];

    /// <summary>Who acts for a firm; one of them is a customer too.</summary>
    private static readonly IReadOnlyList<(string CustomerId, BankParty Party)> Directors =
    [
        (SandboxBank.Bakery.CustomerId, Director("Rowan Quill", "Rowan James Quill", "rowan@quill-and-larkspur.example.com", SandboxBank.Rowan.CustomerId)),
        (SandboxBank.Bakery.CustomerId, Director("Sana Larkspur", "Sana Iris Larkspur", "sana@quill-and-larkspur.example.com")),
        (SandboxBank.Market.CustomerId, Director("Owen Pritchard", "Owen Rhys Pritchard", "owen@harbour-lane.example.com")),
    ];

    /// <summary>By the description of an account; rates and charges are those that <see cref="TwoYears"/> books.</summary>
    public static readonly IReadOnlyList<BankProduct> Products =
    [
        new() { Id = "current-account", Name = "Current Account", Type = "PersonalCurrentAccount", Description = "A current account for one person, without a monthly charge", Currency = "GBP", DebitRate = 38.9m, Buffer = 1500m },
        new() { Id = "joint-current-account", Name = "Joint Current Account", Type = "PersonalCurrentAccount", Description = "A current account that two people hold together", Currency = "GBP", DebitRate = 38.9m, Buffer = 500m },
        new() { Id = "currency-account", Name = "Currency Account", Type = "Other", Description = "Euros for travel, charged each quarter", Currency = "EUR", MonthlyFee = 1.00m },
        new() { Id = "easy-access-saver", Name = "Easy Access Saver", Type = "Other", Description = "Savings that may be drawn on at any time", Currency = "GBP", CreditRate = 3.1m },
        new() { Id = "regular-saver", Name = "Regular Saver", Type = "Other", Description = "Savings that grow by a payment each month", Currency = "GBP", CreditRate = 4.5m },
        new() { Id = "credit-card", Name = "Credit Card", Type = "Other", Description = "A credit card, free of interest where it is paid in full each month", Currency = "GBP", DebitRate = 24.9m },
        new() { Id = "business-current-account", Name = "Business Current Account", Type = "BusinessCurrentAccount", Description = "A current account for small businesses", Currency = "GBP", MonthlyFee = 12.50m, DebitRate = 12.4m, Buffer = 25000m },
        new() { Id = "business-saver", Name = "Business Saver", Type = "Other", Description = "What a business sets aside", Currency = "GBP", CreditRate = 2.2m },
    ];

    public static IEnumerable<BankParty> Rows => Customers.Concat(Directors.Select(director => director.Party));

    /// <summary>Holders first, each in the order of the account; then who acts for them.</summary>
    public static IEnumerable<PartyLink> Links(IReadOnlyDictionary<string, string> ids) => SandboxBank.Accounts.SelectMany(account =>
        account.CustomerIds
            .Select(customer => (Party: Customers.First(party => party.CustomerId == customer), Type: account.CustomerIds.Length > 1 ? "Joint" : "Sole", Role: "UK.OBIE.Principal"))
            .Concat(Directors.Where(director => account.CustomerIds.Contains(director.CustomerId)).Select(director => (director.Party, Type: "Delegate", Role: "UK.OBIE.SeniorManagingOfficial")))
            .Select((link, position) => new PartyLink { AccountId = ids[account.Tag], PartyId = link.Party.Id, Position = position, Type = link.Type, Role = link.Role }));

    public static IEnumerable<AccountProductLink> ProductLinks(IReadOnlyDictionary<string, string> ids) => SandboxBank.Accounts.Select(account =>
        new AccountProductLink { AccountId = ids[account.Tag], ProductId = Products.First(product => product.Name == account.Description).Id });

    private static BankParty Person(SandboxPerson person, string legalName, string email, string mobile, string number, string street, string town, string postCode) => new()
    {
        Id = AccountIds.NewRow(),
        CustomerId = person.CustomerId,
        Name = person.DisplayName,
        FullLegalName = legalName,
        LegalStructure = "UK.OBIE.Individual",
        Email = email,
        Mobile = mobile,
        AddressType = "HOME",
        BuildingNumber = number,
        StreetName = street,
        TownName = town,
        PostCode = postCode,
        Country = "GB",
    };

    private static BankParty Firm(SandboxPerson firm, string registered, string email, string phone, string number, string street, string town, string postCode) => new()
    {
        Id = AccountIds.NewRow(),
        CustomerId = firm.CustomerId,
        Number = registered,
        Name = firm.DisplayName,
        FullLegalName = firm.DisplayName,
        LegalStructure = "UK.OBIE.PrivateLimitedCompany",
        Email = email,
        Phone = phone,
        AddressType = "BIZZ",
        BuildingNumber = number,
        StreetName = street,
        TownName = town,
        PostCode = postCode,
        Country = "GB",
    };

    private static BankParty Director(string name, string legalName, string email, string? customerId = null) => new()
    {
        Id = AccountIds.NewRow(),
        CustomerId = customerId,
        Name = name,
        FullLegalName = legalName,
        LegalStructure = "UK.OBIE.Individual",
        Email = email,
    };
}
