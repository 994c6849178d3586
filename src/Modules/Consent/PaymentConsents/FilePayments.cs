using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.PaymentConsents.Files;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>Many payments in one file: what is said of it comes first, then the file (OB-FIL-1).</summary>
internal static class FilePayments
{
    private const string Initiation = "Data.Initiation.";
    private const string Requested = Initiation + "RequestedExecutionDateTime";

    public static readonly IReadOnlyList<PaymentRule> Rules =
    [
        new("OB-FIL-4", "U002", Initiation + "FileType", "This type of file is not supported.", (payment, _) => FileFormat.Find(payment.Text(Initiation + "FileType")) is not null),
        new("OB-FIL-2", "U002", Initiation + "FileHash", "Must be a SHA-256 in base64.", (payment, _) => payment.Text(Initiation + "FileHash") is not { } hash || HashOf(hash) is not null),
        new("OB-PIS-11", "U026", Initiation + "LocalInstrument", "This instrument is not supported.", (payment, _) => payment.Text(Initiation + "LocalInstrument") is null or "UK.OBIE.FPS"),
        new("OB-FIL-3", "U002", Initiation + "ControlSum", "Must be more than zero.", (payment, _) => !payment.Has(Initiation + "ControlSum") || payment.Decimal(Initiation + "ControlSum") > 0),
        .. ScheduledPayments.Rules,
        .. PaymentRules.OfAccount(Initiation + "DebtorAccount", PaymentRules.DebtorSchemes),
    ];

    public static bool CanBePaidFrom(PaymentRequest payment, OwnAccount account) => account.Scheme != "UK.OBIE.PAN" && account.Currency == "GBP";

    public static byte[]? HashOf(string text)
    {
        var hash = new byte[32];
        return Convert.TryFromBase64String(text, hash, out var length) && length == hash.Length ? hash : null;
    }

    /// <summary>When its payments are made: as soon as they are ordered, unless a day was asked for or the bank's hour has passed.</summary>
    public static DateTimeOffset ExecutionOf(PaymentRequest payment, DateTimeOffset ordered, PaymentPlace place) =>
        place.TimesOf(payment.Has(Requested) ? ScheduledPayments.ExecutionOf(payment, place.Days) : ordered, null).Execution;

    /// <summary>The day that was asked for; null where it is to go at once.</summary>
    public static DateTimeOffset? AskedFor(PaymentRequest payment) => payment.Moment(Requested);
}
