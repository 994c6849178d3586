using OpenBanking.Consent.PaymentConsents;

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

    /// <summary>Hours after which payments of a type are refused or moved on, by the name of the orders' collection.</summary>
    public IDictionary<string, CutOffSetting> CutOffs { get; init; } = new Dictionary<string, CutOffSetting>(StringComparer.Ordinal);

    /// <summary>For how long it is kept how often an access was used on a day; the customer's page shows 30 days.</summary>
    public TimeSpan UsesKept { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Where the anchors of the audit chain are kept, outside the database.</summary>
    public string AuditFolder { get; init; } = "audit";

    /// <summary>How long an event that its third party has not acknowledged is kept to be polled; at least 90 days (OB-EVT-11).</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromDays(90);

    public IEnumerable<string> Problems()
    {
        if (PaymentLimit <= 0) yield return "Consent:PaymentLimit must be more than zero";
        if (ChapsCharge < 0 || decimal.Round(ChapsCharge, 2) != ChapsCharge) yield return "Consent:ChapsCharge must be an amount in pounds";
        if (OrderWindow < TimeSpan.FromMinutes(1)) yield return "Consent:OrderWindow must be at least one minute";
        if (string.IsNullOrWhiteSpace(AuditFolder)) yield return "Consent:AuditFolder must name a folder";
        if (MaxUnauthorised < 1) yield return "Consent:MaxUnauthorised must be at least 1";
        if (EndedLifetime < TimeSpan.FromDays(396)) yield return "Consent:EndedLifetime must be at least 396 days";
        if (UnauthorisedLifetime < TimeSpan.FromDays(1)) yield return "Consent:UnauthorisedLifetime must be at least one day";
        if (EventRetention < TimeSpan.FromDays(90) || EventRetention > TimeSpan.FromDays(36500)) yield return "Consent:EventRetention must be from 90 to 36500 days";
        if (UsesKept < TimeSpan.FromDays(31)) yield return "Consent:UsesKept must be at least 31 days";
    }
}
