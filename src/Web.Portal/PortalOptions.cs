namespace OpenBanking.Web.Portal;

/// <summary>What a bank puts on the pages as its own.</summary>
public sealed class PortalOptions
{
    public const string Section = "Portal";

    public string BankName { get; init; } = "Alder Bank";

    /// <summary>In which zone times are shown.</summary>
    public string TimeZone { get; init; } = "Europe/London";
}
