namespace OpenBanking.Consent.AccountAccess;

/// <summary>A permission of the standard and how a customer is told of it .</summary>
/// <param name="Code">As it stands in a consent.</param>
/// <param name="Group">The group of data it belongs to.</param>
/// <param name="Wording">What it lets a third party see, in plain words.</param>
/// <param name="CoveredBy">The permission that says all of this and more; asked together, only that one is shown (OB-AIS-3).</param>
internal sealed record Permission(string Code, string Group, string Wording, string? CoveredBy = null);

/// <summary>
/// Every permission that the standard has, in one table, and how it is worded. A permission without wording would be granted unseen
/// one without an endpoint would be a promise that is not kept, but there is none: each opens data here (OB-AIS-4), also those that a
/// table of the profile forgets (OB-DEC-10).
/// </summary>
internal static class Permissions
{
    public const string ReadAccountsBasic = nameof(ReadAccountsBasic);
    public const string ReadAccountsDetail = nameof(ReadAccountsDetail);
    public const string ReadTransactionsBasic = nameof(ReadTransactionsBasic);
    public const string ReadTransactionsDetail = nameof(ReadTransactionsDetail);
    public const string ReadTransactionsCredits = nameof(ReadTransactionsCredits);
    public const string ReadTransactionsDebits = nameof(ReadTransactionsDebits);

    private const string AccountDetails = "Your account details";
    private const string Regular = "Your regular payments";
    private const string Transactions = "Your account transactions";
    private const string Statements = "Your statements";
    private const string Products = "Your account features and benefits";
    private const string Cards = "Your card details";
    private const string Contact = "Your contact and party details";

    /// <summary>In the order in which groups and parts are shown.</summary>
    public static readonly IReadOnlyList<Permission> All =
    [
        new(ReadAccountsBasic, AccountDetails, "Kind and currency of your account, and the name you gave it", ReadAccountsDetail),
        new(ReadAccountsDetail, AccountDetails, "Your account's name, sort code and number, kind and currency"),
        new("ReadBalances", AccountDetails, "Your account balance"),
        new("ReadBeneficiariesBasic", Regular, "The payees you have saved, without their account details", "ReadBeneficiariesDetail"),
        new("ReadBeneficiariesDetail", Regular, "The payees you have saved, with their account details"),
        new("ReadDirectDebits", Regular, "Your direct debits"),
        new("ReadStandingOrdersBasic", Regular, "Your standing orders, without the payees' account details", "ReadStandingOrdersDetail"),
        new("ReadStandingOrdersDetail", Regular, "Your standing orders, with the payees' account details"),
        new("ReadScheduledPaymentsBasic", Regular, "Payments you have set up for later, without the payees' account details", "ReadScheduledPaymentsDetail"),
        new("ReadScheduledPaymentsDetail", Regular, "Payments you have set up for later, with the payees' account details"),
        new(ReadTransactionsCredits, Transactions, "Payments into your account"),
        new(ReadTransactionsDebits, Transactions, "Payments out of your account"),
        new(ReadTransactionsBasic, Transactions, "Date, amount and reference of each payment, but not who paid or was paid", ReadTransactionsDetail),
        new(ReadTransactionsDetail, Transactions, "Date, amount and reference of each payment, who paid or was paid, and your balance at the time"),
        new("ReadStatementsBasic", Statements, "Dates and fees of your statements, without the amounts", "ReadStatementsDetail"),
        new("ReadStatementsDetail", Statements, "Your statements, with all amounts, and to download them"),
        new("ReadProducts", Products, "The fees, charges and benefits of your account"),
        new("ReadOffers", Products, "Offers available to you on your account"),
        new("ReadPAN", Cards, "Your card number in full"),
        new("ReadParty", Contact, "Full legal name, address, phone number and email address of the account's holders"),
        new("ReadPartyPSU", Contact, "Your own full legal name, address, phone number and email address"),
    ];

    private static readonly Dictionary<string, Permission> ByCode = All.ToDictionary(permission => permission.Code, StringComparer.Ordinal);

    public static bool IsOffered(string code) => ByCode.ContainsKey(code);

    /// <summary>The groups a consent's permissions make, each exactly as asked .</summary>
    public static IReadOnlyList<Contracts.DataGroup> InWords(IReadOnlyCollection<string> codes) =>
    [
        .. All
            .Where(permission => codes.Contains(permission.Code) && !(permission.CoveredBy is { } covering && codes.Contains(covering)))
            .GroupBy(permission => permission.Group, StringComparer.Ordinal)
            .Select(group => new Contracts.DataGroup(group.Key, [.. group.Select(permission => permission.Wording)])),
    ];

    /// <summary>The kind's rules: the customer chooses accounts, and sees the data by cluster.</summary>
    public static readonly KindRules Rules = new(
        Contracts.ConsentKind.AccountAccess, (consent, own) => new ShownTerms(own, ChoosesAccounts: true, InWords(consent.Permissions)));
}
