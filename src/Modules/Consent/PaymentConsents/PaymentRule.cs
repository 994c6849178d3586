using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>What a payment is judged by beside itself.</summary>
internal sealed record PaymentPlace(DateTimeOffset Now, ConsentOptions Options, SettlementDays Days)
{
    /// <summary>When payments that were not in time go out on the day after.</summary>
    public static readonly TimeOnly Opening = new(8, 0);

    /// <summary>The bank's hour for payments of the type; null where it has none.</summary>
    public CutOff? Hour { get; init; }

    /// <summary>
    /// When a payment goes that is to go at a moment: then, or in the morning of the next working day where that moment is past the hour of its
    /// type or of its scheme, whichever is earlier (OB-PIS-19). An hour after which the bank refuses moves nothing.
    /// </summary>
    /// <param name="schemes">The hour of the scheme, where it has one.</param>
    public (DateTimeOffset? CutOff, DateTimeOffset Execution) TimesOf(DateTimeOffset asked, TimeOnly? schemes)
    {
        var today = WorkingDays.DayOf(asked);
        var last = Hour is { Rejects: false, At: var own } && !(schemes < own) ? own : schemes;
        if (last is not { } at) return (Hour is { } hour ? WorkingDays.At(today, hour.At) : null, asked);
        var isInTime = Days.Has(today) && WorkingDays.TimeOf(asked) < at;
        var day = isInTime ? today : Days.After(today);
        return (WorkingDays.At(day, at), isInTime ? asked : WorkingDays.At(day, Opening));
    }

    /// <summary>The contract on a rate that the payment names, where the bank knows it.</summary>
    public ExchangeContract? Contract { get; init; }
}

/// <summary>A rule that a payment must keep: a row with its id, the standard's code, where it looks, and what it says to who breaks it.</summary>
internal sealed record PaymentRule(string Rule, string Code, string Path, string Message, Func<PaymentRequest, PaymentPlace, bool> Holds);

/// <summary>
/// The rules of payments that no schema can say, as tables; a type of payment takes those that hold for it, and its own. A rule says nothing of
/// what is not there: what must be there says the schema.
/// </summary>
internal static class PaymentRules
{
    private const string Initiation = "Data.Initiation.";
    private const string Amount = Initiation + "InstructedAmount";

    /// <summary>What holds for one payment in pounds.</summary>
    public static readonly IReadOnlyList<PaymentRule> Domestic = DomesticOf(Amount);

    /// <summary>What holds for payments in pounds, of whichever date or rhythm.</summary>
    /// <param name="amounts">Where the amounts stand.</param>
    public static IReadOnlyList<PaymentRule> DomesticOf(params IEnumerable<string> amounts) =>
    [
        .. amounts.SelectMany(InPounds),
        new("OB-PIS-11", "U026", Initiation + "LocalInstrument", "This instrument is not supported.", (payment, _) => DomesticScheme.Of(payment) is not null),
        .. OfAccount(Initiation + "DebtorAccount", DebtorSchemes),
        .. OfAgent(Initiation + "CreditorAgent"),
        .. OfAccount(Initiation + "CreditorAccount", CreditorSchemes),
        OtherAccount,
    ];

    /// <summary>What holds for payments of every type.</summary>
    public static readonly IReadOnlyList<PaymentRule> Common =
    [
        new("OB-DAT-7", "U003", "Data.Authorisation.CompletionDateTime", "Must lie in the future.", (payment, place) => payment.Moment("Data.Authorisation.CompletionDateTime") is not { } until || until > place.Now),

        // In the schema only for what was migrated from version 3.
        new("OB-V401-15", "U002", "Risk.PaymentContextCode", "This code is for migrated consents only.", (payment, _) => !Migrated.Contains(payment.Text("Risk.PaymentContextCode"))),
    ];

    private static readonly string?[] Migrated = ["BillPayment", "EcommerceGoods", "EcommerceServices", "PartyToParty", "PispPayee", "Other"];

    /// <summary>Nobody pays an account out of itself.</summary>
    public static PaymentRule OtherAccount =>
        new("PY-14", "U002", Initiation + "CreditorAccount", "The account to pay is the account to pay from.", (payment, _) => payment.Debtor is not { } debtor || payment.Creditor is not { } creditor || !debtor.Is(creditor));

    private static string[] CreditorSchemes => [AccountSchemes.SortCodeAccountNumber, AccountSchemes.Iban];

    public static IReadOnlyCollection<string> DebtorSchemes => [AccountSchemes.SortCodeAccountNumber, AccountSchemes.Iban, "UK.OBIE.PAN"];

    /// <summary>An amount is written in one way, is more than nothing, and has no more digits than its currency (PY-10, PY-11).</summary>
    public static IEnumerable<PaymentRule> OfAmount(string path) =>
    [
        new("PY-10", "U002", path + ".Amount", "Must be more than zero, without leading zeros.", (payment, _) => payment.Text(path + ".Amount") is not { } text || IsPositive(text)),
        new("PY-11", "U002", path + ".Amount", "Has more decimals than the currency.", (payment, _) => payment.Text(path + ".Amount") is not { } text || payment.Text(path + ".Currency") is not { } currency || Money.Parse(text, currency) is not null),
    ];

    private static IEnumerable<PaymentRule> InPounds(string path) =>
    [
        .. OfAmount(path),
        new("OB-PIS-11", "U023", path + ".Currency", "Payments within the country are in GBP.", (payment, _) => payment.Text(path + ".Currency") is null or "GBP"),
        new("OB-PIS-12", "AM14", path, "The amount is above the limit of one payment.", (payment, place) => payment.Of(path) is not { } amount || amount.Amount <= place.Options.PaymentLimit),
    ];

    /// <summary>A scheme that is supported, and an identification that can be one of its accounts.</summary>
    public static IEnumerable<PaymentRule> OfAccount(string path, IReadOnlyCollection<string> schemes) =>
    [
        new("OB-PIS-11", "U027", path + ".SchemeName", "This scheme is not supported.", (payment, _) => payment.Text(path + ".SchemeName") is not { } scheme || schemes.Contains(scheme)),
        new("PY-14", "U021", path + ".Identification", "Is no identification in this scheme.", (payment, _) => payment.Account(path) is not { } account || !schemes.Contains(account.Scheme) || AccountSchemes.MayExist(account.Scheme, account.Identification)),
        new("OB-PIS-11", "U022", path + ".SecondaryIdentification", "Is no reference of an account.", (payment, _) => payment.Text(path + ".SecondaryIdentification") is not { } text || text.Trim() is { Length: > 0 } trimmed && trimmed == text),
    ];

    public static IEnumerable<PaymentRule> OfAgent(string path) =>
    [
        new("OB-PIS-11", "U027", path + ".SchemeName", "This scheme is not supported.", (payment, _) => payment.Text(path + ".SchemeName") is null or "UK.OBIE.BICFI"),
        new("OB-PIS-11", "U021", path + ".Identification", "Is no BIC.", (payment, _) => payment.Text(path + ".Identification") is not { } bic || IsBic(bic)),
    ];

    /// <summary>Everything that a payment breaks, in the order of its rules (OB-ERR-5).</summary>
    public static ApiError? FirstRefusal(IEnumerable<PaymentRule> rules, PaymentRequest payment, PaymentPlace place)
    {
        var faults = rules.Where(rule => !rule.Holds(payment, place)).Select(rule => new ApiFault(rule.Code, rule.Rule, rule.Message, rule.Path)).ToList();
        return faults.Count > 0 ? ApiError.BadRequest(faults) : null;
    }

    private static bool IsPositive(string text) => (text[0] != '0' || text.Length == 1 || text[1] == '.') && text.Any(digit => digit is >= '1' and <= '9');

    private static bool IsBic(string text) =>
        text.Length is 8 or 11 && text.All(char.IsAsciiLetterOrDigit) && text.AsSpan(0, 6).IndexOfAnyExceptInRange('A', 'Z') < 0 && !text.Any(char.IsAsciiLetterLower);
}
