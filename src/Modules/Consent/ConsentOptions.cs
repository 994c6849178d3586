namespace OpenBanking.Consent;

/// <summary>What a deployment may choose. What the standard fixes is a constant where it is used, never an option.</summary>
internal sealed class ConsentOptions
{
    public const string Section = "Consent";

    /// <summary>How many consents of one third party may wait for their customer at once (CO-22).</summary>
    public int MaxUnauthorised { get; init; } = 10_000;

    /// <summary>How long a consent waits for its customer before it is removed; at least a day (OB-CON-15, CO-22).</summary>
    public TimeSpan UnauthorisedLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Where the anchors of the audit chain are kept, outside the database.</summary>
    public string AuditFolder { get; init; } = "audit";

    /// <summary>How long an event that its third party has not acknowledged is kept to be polled; at least 90 days (OB-EVT-11).</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromDays(90);

    public IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(AuditFolder)) yield return "Consent:AuditFolder must name a folder";
        if (MaxUnauthorised < 1) yield return "Consent:MaxUnauthorised must be at least 1";
        if (UnauthorisedLifetime < TimeSpan.FromDays(1)) yield return "Consent:UnauthorisedLifetime must be at least one day";
        if (EventRetention < TimeSpan.FromDays(90) || EventRetention > TimeSpan.FromDays(36500)) yield return "Consent:EventRetention must be from 90 to 36500 days";
    }
}
