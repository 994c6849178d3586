using System.Globalization;

namespace OpenBanking.Identity.Policies;

/// <summary>A rule: where all of its conditions hold, its verdict is due.</summary>
/// <param name="Name">Its key in the settings: <c>Policies__Rules__NAME__…</c>.</param>
/// <param name="Reason">Why, in a sentence for the customer: on the page at that moment, later in the sign-in history.</param>
internal sealed record PolicyRule(string Name, Occasion At, Verdict Verdict, string Reason)
{
    /// <summary>What a refused customer can do; null is <see cref="PolicyDecision.UsualAdvice"/>.</summary>
    public string? Advice { get; init; }

    /// <summary>At least so many failed attempts with the name in an hour.</summary>
    public int? AccountFailures { get; init; }

    /// <summary>At least so many failed attempts from the address in an hour.</summary>
    public int? AddressFailures { get; init; }

    public bool? NewDevice { get; init; }

    public bool? NewCountry { get; init; }

    /// <summary>One of these countries.</summary>
    public IReadOnlyList<string> Countries { get; init; } = [];

    /// <summary>A known country, but none of these.</summary>
    public IReadOnlyList<string> CountriesOtherThan { get; init; } = [];

    /// <summary>One of these networks.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>The passkey was last used at least so long ago.</summary>
    public TimeSpan? Unused { get; init; }

    /// <summary>At least this threat level.</summary>
    public ThreatLevel? Threat { get; init; }

    /// <summary>How long a delay lasts.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where longer than <see cref="Wait"/>, each further failure of the account doubles the wait up to this.</summary>
    public TimeSpan? LongestWait { get; init; }

    /// <summary>Whether it looks at anything; a rule without a condition would hold for everybody.</summary>
    public bool HasCondition => Conditions(new Signals { At = At }).Any();

    public bool Matches(Signals signals) => At.HasFlag(signals.At) && Conditions(signals).All(condition => condition.Holds);

    /// <summary>The conditions it has, in words, and which of them hold.</summary>
    public IEnumerable<(string Words, bool Holds)> Conditions(Signals signals)
    {
        if (AccountFailures is { } ofAccount) yield return ($"account failures {Number(signals.AccountFailures)} of {Number(ofAccount)}", signals.AccountFailures >= ofAccount);
        if (AddressFailures is { } ofAddress) yield return ($"address failures {Number(signals.AddressFailures)} of {Number(ofAddress)}", signals.AddressFailures >= ofAddress);
        if (NewDevice is { } newDevice) yield return (newDevice ? "new device" : "known device", signals.IsNewDevice == newDevice);
        if (NewCountry is { } newCountry) yield return (newCountry ? "new country" : "known country", signals.IsNewCountry == newCountry);
        if (Countries.Count > 0) yield return ($"country in {string.Join(' ', Countries)}", Has(Countries, signals.Country));
        if (CountriesOtherThan.Count > 0)
            yield return ($"country other than {string.Join(' ', CountriesOtherThan)}", signals.Country is not null && !Has(CountriesOtherThan, signals.Country));
        if (Networks.Count > 0) yield return ($"network in {string.Join(' ', Networks)}", Has(Networks, signals.Network));
        if (Unused is { } unused) yield return ($"passkey unused for {Spans.Words(unused)}", signals.Unused >= unused);
        if (Threat is { } threat) yield return ($"threat {Lower(threat)}", signals.Threat >= threat);
    }

    /// <summary>The wait that is due after so many failures of the account.</summary>
    public TimeSpan WaitAfter(int accountFailures)
    {
        if (LongestWait is not { } longest || AccountFailures is not { } first || accountFailures <= first) return Wait;
        var seconds = Wait.TotalSeconds * Math.Pow(2, accountFailures - first);
        return seconds < longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : longest;
    }

    private static bool Has(IReadOnlyList<string> list, string? value) => value is not null && list.Contains(value, StringComparer.OrdinalIgnoreCase);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Lower(ThreatLevel level) => level.ToString().ToLowerInvariant();
}
