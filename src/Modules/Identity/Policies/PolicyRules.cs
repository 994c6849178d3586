using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Policies;

/// <summary>
/// The rules in force: the default ones as the settings change them, then those that the settings add. It is read word by word and not
/// bound, because a condition that was mistyped and so not there would make a rule hold for everybody.
/// </summary>
internal sealed class PolicyRules
{
    public const string Section = "Policies";

    private const string Prefix = "Policies__Rules__";

    private readonly List<string> problems = [];

    public IReadOnlyList<PolicyRule> InOrder { get; private set; } = DefaultRules.InOrder;

    /// <summary>The header in which a listed proxy says the country, as two letters.</summary>
    public string? CountryHeader { get; private set; }

    /// <summary>The header in which a listed proxy says the network, such as the number of its autonomous system.</summary>
    public string? NetworkHeader { get; private set; }

    /// <summary>What cannot stand, a sentence each that names the setting.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>The words that a rule may have in the settings, and what each sets.</summary>
    private static readonly Dictionary<string, Func<PolicyRule, string, PolicyRule?>> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["At"] = (rule, text) => Occasions(text) is { } at ? rule with { At = at } : null,
        ["Outcome"] = (rule, text) => Enum.TryParse<Verdict>(text, ignoreCase: true, out var verdict) && Enum.IsDefined(verdict) && !char.IsAsciiDigit(text[0]) ? rule with { Verdict = verdict } : null,
        ["Reason"] = (rule, text) => rule with { Reason = text },
        ["Advice"] = (rule, text) => rule with { Advice = text },
        ["AccountFailures"] = (rule, text) => Number(text) is { } number ? rule with { AccountFailures = number } : null,
        ["AddressFailures"] = (rule, text) => Number(text) is { } number ? rule with { AddressFailures = number } : null,
        ["NewDevice"] = (rule, text) => bool.TryParse(text, out var flag) ? rule with { NewDevice = flag } : null,
        ["NewCountry"] = (rule, text) => bool.TryParse(text, out var flag) ? rule with { NewCountry = flag } : null,
        ["Countries"] = (rule, text) => CountryCodes(text) is { } codes ? rule with { Countries = codes } : null,
        ["CountriesOtherThan"] = (rule, text) => CountryCodes(text) is { } codes ? rule with { CountriesOtherThan = codes } : null,
        ["Networks"] = (rule, text) => rule with { Networks = List(text) },
        ["Unused"] = (rule, text) => Span(text) is { } span ? rule with { Unused = span } : null,
        ["Threat"] = (rule, text) => Enum.TryParse<ThreatLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level) && !char.IsAsciiDigit(text[0]) ? rule with { Threat = level } : null,
        ["Wait"] = (rule, text) => Span(text) is { } span ? rule with { Wait = span } : null,
        ["LongestWait"] = (rule, text) => Span(text) is { } span ? rule with { LongestWait = span } : null,
    };

    private static readonly Dictionary<string, string> Wanted = new(StringComparer.OrdinalIgnoreCase)
    {
        ["At"] = "one or more of Activation, SignIn and Approval, with commas between",
        ["Outcome"] = "Allow, AskAgain, Delay or Refuse",
        ["AccountFailures"] = "a whole number from 1 to 1000000000",
        ["AddressFailures"] = "a whole number from 1 to 1000000000",
        ["NewDevice"] = "true or false",
        ["NewCountry"] = "true or false",
        ["Countries"] = "codes of two letters with commas between, such as GB,IE",
        ["CountriesOtherThan"] = "codes of two letters with commas between, such as GB,IE",
        ["Unused"] = "a time above zero, such as 180.00:00:00 for 180 days",
        ["Threat"] = "Normal, Raised or High",
        ["Wait"] = "a time above zero, such as 00:00:30 for 30 seconds",
        ["LongestWait"] = "a time above zero, such as 00:05:00 for 5 minutes",
    };

    private static readonly string[] Needed = ["At", "Outcome", "Reason"];

    public void Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        CountryHeader = HeaderName(section, nameof(CountryHeader), configuration);
        NetworkHeader = HeaderName(section, nameof(NetworkHeader), configuration);
        foreach (var unknown in section.GetChildren().Where(child => child.Key is not (nameof(CountryHeader) or nameof(NetworkHeader) or "Rules")))
            problems.Add($"Policies__{unknown.Key} is no setting; there are CountryHeader, NetworkHeader and Rules.");

        var given = section.GetSection("Rules").GetChildren().ToList();
        var known = DefaultRules.InOrder.Select(rule => Read(rule, given.Find(one => Is(one.Key, rule.Name)))).OfType<PolicyRule>();
        var added = given.Where(one => !Array.Exists(DefaultRules.InOrder, rule => Is(one.Key, rule.Name))).Select(Added).OfType<PolicyRule>();
        InOrder = [.. known, .. added];
        foreach (var rule in InOrder) problems.AddRange(ProblemsOf(rule).Select(problem => Prefix + rule.Name + problem));
    }

    /// <summary>The rule as the settings change it; null where they take it out.</summary>
    private PolicyRule? Read(PolicyRule rule, IConfigurationSection? given)
    {
        if (given is null) return rule;
        if (given.Value is { Length: > 0 }) problems.Add($"{Prefix}{given.Key} must be followed by one of {string.Join(", ", Words.Keys)} or Off.");
        foreach (var word in given.GetChildren())
        {
            var text = word.Value?.Trim() ?? "";
            if (Is(word.Key, "Off"))
            {
                if (!bool.TryParse(text, out var off)) problems.Add($"{Prefix}{given.Key}__Off must be true or false.");
                else if (off && MayNotBeOff(rule)) problems.Add($"{Prefix}{given.Key}__Off must not be true: without this rule codes could be guessed.");
                else if (off) return null;
            }
            else if (!Words.TryGetValue(word.Key, out var set))
            {
                problems.Add($"{Prefix}{given.Key}__{word.Key} is no part of a rule; there are {string.Join(", ", Words.Keys)} and Off.");
            }
            else if (text.Length == 0 || set(rule, text) is not { } changed)
            {
                problems.Add($"{Prefix}{given.Key}__{word.Key} must be {Wanted.GetValueOrDefault(word.Key, "a text")}.");
            }
            else
            {
                rule = changed;
            }
        }

        return rule;
    }

    private PolicyRule? Added(IConfigurationSection given)
    {
        var before = problems.Count;
        var rule = Read(new PolicyRule(given.Key, Occasion.None, Verdict.Allow, ""), given);
        if (rule is null || problems.Count > before) return null;
        foreach (var needed in Needed.Where(word => given[word] is null)) problems.Add($"{Prefix}{given.Key}__{needed} is missing.");
        return problems.Count > before ? null : rule;
    }

    /// <summary>What a rule must not be, however it was set.</summary>
    private IEnumerable<string> ProblemsOf(PolicyRule rule)
    {
        if (!rule.HasCondition) yield return " must have a condition, or it would hold for everybody.";
        if (rule.Wait > DefaultRules.LongestWait || rule.LongestWait > DefaultRules.LongestWait) yield return ": no wait may be longer than an hour.";
        if (rule.At.HasFlag(Occasion.Activation) && rule.Verdict == Verdict.AskAgain) yield return "__Outcome must not be AskAgain at an activation, where there is no passkey yet.";
        if (rule.At.HasFlag(Occasion.Activation) && (rule.NewDevice is not null || rule.NewCountry is not null || rule.Unused is not null))
            yield return "__At must not be Activation: nothing is known of a customer yet whose name anybody may have typed.";

        // A stranger can fail as often as he likes: whoever holds the passkey may be slowed down by that, never shut out (PO-13).
        if ((rule.At.HasFlag(Occasion.SignIn) || rule.At.HasFlag(Occasion.Approval)) && rule.Verdict == Verdict.Refuse
            && (rule.AccountFailures ?? rule.AddressFailures) is not null && rule.NewDevice != true)
        {
            yield return "__Outcome must not be Refuse for failed attempts on known devices: a stranger could lock the owner out; use Delay or AskAgain.";
        }

        if ((rule.Countries.Count > 0 || rule.CountriesOtherThan.Count > 0) && CountryHeader is null) yield return " looks at the country, which needs Policies__CountryHeader.";
        if (rule.Networks.Count > 0 && NetworkHeader is null) yield return "__Networks needs Policies__NetworkHeader.";
        if (Loosened(rule)) yield return $" may be made stricter only: at most {DefaultRules.MostGuesses} guesses in an hour, and a wait after {DefaultRules.GuessesWithoutWait}.";
    }

    private static bool MayNotBeOff(PolicyRule rule) => rule.Name is "GuessesOfAccount" or "WaitOfAccount";

    private static bool Loosened(PolicyRule rule) => rule.Name switch
    {
        "GuessesOfAccount" => rule is not { Verdict: Verdict.Refuse, AccountFailures: <= DefaultRules.MostGuesses } || !IsAlone(rule),
        "WaitOfAccount" => rule is not { Verdict: Verdict.Delay, AccountFailures: <= DefaultRules.GuessesWithoutWait, Wait.TotalSeconds: >= 1, LongestWait.TotalMinutes: >= 5 } || !IsAlone(rule),
        _ => false,
    };

    private static bool IsAlone(PolicyRule rule) =>
        rule.At.HasFlag(Occasion.Activation) && !(rule with { AccountFailures = null }).HasCondition;

    private string? HeaderName(IConfigurationSection section, string name, IConfiguration configuration)
    {
        if (section[name]?.Trim() is not { Length: > 0 } header) return null;
        if (!header.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_')) problems.Add($"Policies__{name} must be the name of a header.");
        else if (!ForwardedFrom.Of(configuration).IsSet) problems.Add($"Policies__{name} needs Forwarded__From: only a listed proxy is believed.");
        return header;
    }

    private static bool Is(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string[]? CountryCodes(string text) =>
        List(text) is { Length: > 0 } codes && codes.All(code => code.Length == 2 && code.All(char.IsAsciiLetter)) ? codes : null;

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1_000_000_000 ? number : null;

    private static TimeSpan? Span(string text) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero ? span : null;

    private static Occasion? Occasions(string text)
    {
        var at = Occasion.None;
        foreach (var word in List(text))
        {
            if (!Enum.TryParse<Occasion>(word, ignoreCase: true, out var one) || one == Occasion.None || !Enum.IsDefined(one) || char.IsAsciiDigit(word[0])) return null;
            at |= one;
        }

        return at == Occasion.None ? null : at;
    }

    /// <summary>Has the framework ask for problems before anything starts.</summary>
    internal sealed class Check : IValidateOptions<PolicyRules>
    {
        public ValidateOptionsResult Validate(string? name, PolicyRules options) =>
            options.Problems.Count > 0 ? ValidateOptionsResult.Fail(options.Problems) : ValidateOptionsResult.Success;
    }
}
