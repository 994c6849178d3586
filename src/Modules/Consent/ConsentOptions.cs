using OpenBanking.Consent.StrongAuthentication;
using OpenBanking.Kernel;

namespace OpenBanking.Consent;

/// <summary>What a deployment may choose. What the standard fixes is a constant where it is used, never an option.</summary>
internal sealed class ConsentOptions
{
    public const string Section = "Consent";

    /// <summary>How many consents of one third party may wait for their customer at once (CO-22).</summary>
    public int MaxUnauthorised { get; init; } = 10_000;

    /// <summary>How long a consent waits for its customer before it is removed; at least a day (OB-CON-15, CO-22).</summary>
    public TimeSpan UnauthorisedLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long an access that has ended is kept with its history and evidence; at least 13 months, which customers may ask about.</summary>
    public TimeSpan EndedLifetime { get; init; } = TimeSpan.FromDays(7 * 366);

    /// <summary>The most that one payment within the country may be (OB-PIS-12): what the scheme carries.</summary>
    public decimal PaymentLimit { get; init; } = 1_000_000m;

    /// <summary>What a same-day payment of high value costs its payer, in pounds.</summary>
    public decimal ChapsCharge { get; init; } = 20m;

    /// <summary>How long an authorised payment waits for its order (OB-CON-8).</summary>
    public TimeSpan OrderWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How far ahead a payment can be planned, and the first one of a standing order (OB-PIS-12).</summary>
    public TimeSpan PlannedAhead { get; init; } = TimeSpan.FromDays(365);

    /// <summary>The most payments that a standing order with an end may have (OB-PIS-12).</summary>
    public int StandingOrderPayments { get; init; } = 1000;

    /// <summary>Other currencies that the bank pays in, with what one pound is in them.</summary>
    public IDictionary<string, decimal> Rates { get; init; } = new Dictionary<string, decimal>(StringComparer.Ordinal)
    {
        ["AUD"] = 1.94m,
        ["CAD"] = 1.76m,
        ["CHF"] = 1.11m,
        ["CZK"] = 28.4m,
        ["DKK"] = 8.55m,
        ["EUR"] = 1.1463m,
        ["HUF"] = 445m,
        ["INR"] = 112m,
        ["JPY"] = 196.5m,
        ["NOK"] = 13.6m,
        ["NZD"] = 2.14m,
        ["PLN"] = 4.87m,
        ["SEK"] = 12.5m,
        ["SGD"] = 1.72m,
        ["USD"] = 1.3127m,
        ["ZAR"] = 23.1m,
    };

    /// <summary>How long a quoted rate holds (OB-INT-5).</summary>
    public TimeSpan QuoteLife { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What a payment abroad costs its payer in pounds, where the payee bears the charges of the other banks.</summary>
    public decimal AbroadCharge { get; init; } = 5m;

    /// <summary>The same where the payer bears all charges.</summary>
    public decimal AbroadChargeWhole { get; init; } = 15m;

    /// <summary>The largest file of payments, in bytes (OB-FIL-10).</summary>
    public long FileBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The most payments that a file may have (OB-FIL-10).</summary>
    public int FilePayments { get; init; } = 2000;

    /// <summary>Hours after which payments of a type are refused or moved on, by the name of the orders' collection.</summary>
    public IDictionary<string, CutOff> CutOffs { get; init; } = new Dictionary<string, CutOff>(StringComparer.Ordinal);

    /// <summary>The exemptions from strong authentication of which the bank makes use where a customer approves a payment (OB-SCA-4, decision 0016); none unless it says so.</summary>
    public IList<string> Exemptions { get; init; } = [];

    /// <summary>A payment of more pounds than this wants the customer's fresh authentication when its order comes too (STEP-09).</summary>
    public decimal FreshAbove { get; init; } = 10_000m;

    /// <summary>How fresh.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>For how long it is kept how often an access was used on a day; the customer's page shows 30 days.</summary>
    public TimeSpan UsesKept { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Where the anchors of the audit chain are kept, outside the database.</summary>
    public string AuditFolder { get; init; } = "audit";

    /// <summary>How long an event that its third party has not acknowledged is kept to be polled; at least 90 days (OB-EVT-11).</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// How long a third party that wants to may wait for events (OB-EVT-10), shorter than what stands in between usually bears without a word;
    /// zero keeps nobody waiting.
    /// </summary>
    public TimeSpan LongPoll { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What one pound is in a currency; null where the bank does not pay in it.</summary>
    public decimal? RateOf(string currency) => currency == "GBP" ? 1 : Rates.TryGetValue(currency, out var rate) ? rate : null;

    public IEnumerable<string> Problems()
    {
        if (PlannedAhead < TimeSpan.FromDays(1)) yield return "Consent:PlannedAhead must be at least one day";
        if (FileBytes < 1024) yield return "Consent:FileBytes must be at least 1024";
        if (FilePayments < 1) yield return "Consent:FilePayments must be at least 1";
        if (StandingOrderPayments < 1) yield return "Consent:StandingOrderPayments must be at least 1";
        if (Rates.FirstOrDefault(rate => rate.Value <= 0 || rate.Key.Length != 3 || !rate.Key.All(char.IsAsciiLetterUpper)).Key is { } wrong) yield return $"Consent:Rates:{wrong} must be a currency with a rate above zero";
        if (QuoteLife < TimeSpan.FromMinutes(1)) yield return "Consent:QuoteLife must be at least one minute";
        if (AbroadCharge < 0 || AbroadChargeWhole < 0 || decimal.Round(AbroadCharge, 2) != AbroadCharge || decimal.Round(AbroadChargeWhole, 2) != AbroadChargeWhole)
            yield return "Consent:AbroadCharge and Consent:AbroadChargeWhole must be amounts in pounds";
        if (PaymentLimit <= 0) yield return "Consent:PaymentLimit must be more than zero";
        if (ChapsCharge < 0 || decimal.Round(ChapsCharge, 2) != ChapsCharge) yield return "Consent:ChapsCharge must be an amount in pounds";
        if (OrderWindow < TimeSpan.FromMinutes(1)) yield return "Consent:OrderWindow must be at least one minute";
        if (string.IsNullOrWhiteSpace(AuditFolder)) yield return "Consent:AuditFolder must name a folder";
        var usable = ScaExemption.All.Select(exemption => exemption.Name).ToList();
        if (Exemptions.FirstOrDefault(name => !usable.Contains(name)) is { } unknown) yield return $"Consent:Exemptions has {unknown}, which is none of {string.Join(", ", usable)}";
        if (FreshAbove < 0) yield return "Consent:FreshAbove must be an amount in pounds";
        if (FreshFor < TimeSpan.FromMinutes(1)) yield return "Consent:FreshFor must be at least one minute";
        if (MaxUnauthorised < 1) yield return "Consent:MaxUnauthorised must be at least 1";
        if (EndedLifetime < TimeSpan.FromDays(396)) yield return "Consent:EndedLifetime must be at least 396 days";
        if (UnauthorisedLifetime < TimeSpan.FromDays(1)) yield return "Consent:UnauthorisedLifetime must be at least one day";
        if (LongPoll < TimeSpan.Zero || LongPoll > TimeSpan.FromSeconds(25)) yield return "Consent:LongPoll must be from 0 to 25 seconds";
        if (EventRetention < TimeSpan.FromDays(90) || EventRetention > TimeSpan.FromDays(36500)) yield return "Consent:EventRetention must be from 90 to 36500 days";
        if (UsesKept < TimeSpan.FromDays(31)) yield return "Consent:UsesKept must be at least 31 days";
    }
}
