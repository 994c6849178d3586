using OpenBanking.Identity.Clients;

namespace OpenBanking.Identity.Registration;

/// <summary>A directory of third parties whose software statements count here, and what its members may have.</summary>
internal sealed class DirectoryOptions
{
    /// <summary>What is needed to register when nobody has said otherwise: Baseline is no profile to choose for oneself (DC-06).</summary>
    private static readonly string[] UsualProfiles = ["fapi2-sp", "fapi2-ms", "fapi1-advanced"];

    /// <summary>The <c>iss</c> of its statements.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The keys of its statements: a file or an https URL with a JWKS.</summary>
    public string Jwks { get; init; } = "";

    /// <summary>How the directory names this bank; accepted as <c>aud</c> of a registration beside the issuer.</summary>
    public string? Audience { get; init; }

    /// <summary>The profiles that a client may have. The first is for who asks for none.</summary>
    public IList<string>? Profiles { get; init; }

    /// <summary>How old a statement may be (SSA-07).</summary>
    public TimeSpan StatementLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Organisations and pieces of software, by their ids, that may do nothing here any more (OB-DCR-15).</summary>
    public IList<string>? Revoked { get; init; }

    public IReadOnlyList<string> AllowedProfiles => Profiles is { Count: > 0 } named ? [.. named] : UsualProfiles;

    public bool HasRevoked(string? organisationId, string? softwareId) =>
        Revoked is not null && Revoked.Any(id => string.Equals(id, organisationId, StringComparison.Ordinal) || string.Equals(id, softwareId, StringComparison.Ordinal));

    /// <summary>What cannot stand, a sentence each.</summary>
    public IEnumerable<string> Problems(string setting)
    {
        if (Issuer.Length == 0) yield return $"{setting}:Issuer must be set";
        if (Jwks.Length == 0) yield return $"{setting}:Jwks must be a file or an https URL";
        else if (!IsAddress && !File.Exists(Jwks)) yield return $"{setting}:Jwks names a file that is not there";
        if (AllowedProfiles.FirstOrDefault(name => !ProfileRules.Names.ContainsKey(name)) is not null) yield return $"{setting}:Profiles has an unknown profile";
        if (StatementLifetime < TimeSpan.FromMinutes(1)) yield return $"{setting}:StatementLifetime must be at least one minute";
    }

    /// <summary>Its keys are fetched and not read from a file.</summary>
    public bool IsAddress => Jwks.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
}
