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

    /// <summary>Where the anchors of the audit chain are kept, outside the database.</summary>
    public string AuditFolder { get; init; } = "audit";

    public IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(AuditFolder)) yield return "Consent:AuditFolder must name a folder";
        if (MaxUnauthorised < 1) yield return "Consent:MaxUnauthorised must be at least 1";
        if (EndedLifetime < TimeSpan.FromDays(396)) yield return "Consent:EndedLifetime must be at least 396 days";
        if (UnauthorisedLifetime < TimeSpan.FromDays(1)) yield return "Consent:UnauthorisedLifetime must be at least one day";
    }
}
