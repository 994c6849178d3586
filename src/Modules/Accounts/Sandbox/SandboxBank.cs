using System.Globalization;
using System.Numerics;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>A customer of the sandbox, a person or a firm.</summary>
internal sealed record SandboxPerson(string CustomerId, string Username, string DisplayName);

/// <summary>An account of the sandbox.</summary>
/// <param name="Tag">Short name that testers know it by.</param>
/// <param name="Number">Eight digits; the rest of an identification follows from it.</param>
internal sealed record SandboxAccount(
    string Tag,
    string Number,
    string Name,
    string Description,
    string TypeCode,
    string Currency,
    string HolderName,
    decimal? CreditLimit,
    params string[] CustomerIds)
{
    /// <summary>A sort code that no bank has.</summary>
    public const string SortCode = "990124";

    public const string Bic = "OBNKGB2LXXX";

    /// <summary>Customers who act on it for its holder.</summary>
    public IReadOnlyList<string> ActingIds { get; init; } = [];

    /// <summary>How many must approve a payment; null where each may alone.</summary>
    public int? ApproversNeeded { get; init; }

    /// <summary>Everybody who may act on it, its holders first.</summary>
    public IEnumerable<string> AllIds => CustomerIds.Concat(ActingIds);

    public bool IsCard => TypeCode == "CARD";

    public bool IsBusiness => CustomerIds.Contains(SandboxBank.Bakery.CustomerId) || CustomerIds.Contains(SandboxBank.Market.CustomerId);

    public string Scheme => IsCard ? "UK.OBIE.PAN" : Currency == "GBP" ? "UK.OBIE.SortCodeAccountNumber" : "UK.OBIE.IBAN";

    public string Identification => IsCard ? CardNumber(Number) : Currency == "GBP" ? SortCode + Number : Iban(Number);

    /// <summary>The number of a card that pays from a current account, or of the card account itself.</summary>
    public string Card => CardNumber(Number);

    /// <summary>GB, check digits (ISO 7064 MOD 97-10), bank, sort code, number.</summary>
    public static string Iban(string number)
    {
        var bban = "OBNK" + SortCode + number;
        var digits = string.Concat((bban + "GB00").Select(character => char.IsAsciiDigit(character)
            ? character.ToString()
            : (character - 'A' + 10).ToString(CultureInfo.InvariantCulture)));
        var check = 98 - (int)(BigInteger.Parse(digits, CultureInfo.InvariantCulture) % 97);
        return string.Create(CultureInfo.InvariantCulture, $"GB{check:00}{bban}");
    }

    /// <summary>Sixteen digits that pass the Luhn check, in a range that no scheme issues.</summary>
    private static string CardNumber(string number)
    {
        var first = "4000009" + number;
        var sum = 0;
        for (var index = 0; index < first.Length; index++)
        {
            var digit = first[first.Length - 1 - index] - '0';
            if (index % 2 == 0) digit = digit * 2 > 9 ? (digit * 2) - 9 : digit * 2;
            sum += digit;
        }

        return first + (char)('0' + ((10 - (sum % 10)) % 10));
    }
}

/// <summary>Who banks at the sandbox and what they have. Everybody and everything here is made up.</summary>
internal static class SandboxBank
{
    public static readonly SandboxPerson Amelia = new("C-100001", "amelia", "Amelia Hartwell");
    public static readonly SandboxPerson Thomas = new("C-100002", "thomas", "Thomas Hartwell");
    public static readonly SandboxPerson Noor = new("C-100003", "noor", "Noor Siddiqui");
    public static readonly SandboxPerson Bakery = new("C-100004", "bakery", "Quill & Larkspur Bakery Ltd");
    public static readonly SandboxPerson Market = new("C-100005", "market", "Harbour Lane Market Ltd");

    public static readonly SandboxPerson Rowan = new("C-100006", "rowan", "Rowan Quill");

    /// <summary>Amelia has several accounts, Thomas shares one with her, Noor has none, two are businesses, and Rowan acts for one of these.</summary>
    public static readonly IReadOnlyList<SandboxPerson> Customers = [Amelia, Thomas, Noor, Bakery, Market, Rowan];

    /// <summary>In the order of each customer's own list.</summary>
    public static readonly IReadOnlyList<SandboxAccount> Accounts =
    [
        new("GB-1", "20450011", "Everyday", "Current Account", "CACC", "GBP", "Amelia Hartwell", 1500m, Amelia.CustomerId),
        new("GB-2", "20450029", "Rainy day", "Easy Access Saver", "SVGS", "GBP", "Amelia Hartwell", null, Amelia.CustomerId),
        new("EUR-1", "20450037", "Euro account", "Currency Account", "CACC", "EUR", "Amelia Hartwell", null, Amelia.CustomerId),
        new("CARD-1", "20450045", "Silver card", "Credit Card", "CARD", "GBP", "Amelia Hartwell", 4000m, Amelia.CustomerId),
        new("JT-1", "20450053", "Household", "Joint Current Account", "CACC", "GBP", "A Hartwell & T Hartwell", 500m, Amelia.CustomerId, Thomas.CustomerId),
        new("GB-3", "20450061", "Tom's account", "Current Account", "CACC", "GBP", "Thomas Hartwell", 750m, Thomas.CustomerId),
        new("GB-4", "20450078", "Camper van", "Regular Saver", "SVGS", "GBP", "Thomas Hartwell", null, Thomas.CustomerId),
        new("CARD-2", "20450086", "Blue card", "Credit Card", "CARD", "GBP", "Thomas Hartwell", 2500m, Thomas.CustomerId),
        new("BUS-1", "20450094", "Trading", "Business Current Account", "CACC", "GBP", "Quill & Larkspur Bakery Ltd", 10000m, Bakery.CustomerId) { ActingIds = [Rowan.CustomerId], ApproversNeeded = 2 },
        new("BUS-2", "20450102", "VAT reserve", "Business Saver", "SVGS", "GBP", "Quill & Larkspur Bakery Ltd", null, Bakery.CustomerId),
        new("BIG-1", "20450110", "Stall takings", "Business Current Account", "CACC", "GBP", "Harbour Lane Market Ltd", 25000m, Market.CustomerId),
    ];

    public static SandboxAccount Account(string tag) => Accounts.First(account => account.Tag == tag);
}
