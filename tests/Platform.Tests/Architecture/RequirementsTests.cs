using System.Text.RegularExpressions;

namespace OpenBanking.Platform.Tests.Architecture;

/// <summary>
/// The whole of what is required, with what is not kept and why, in <c>requirements.txt</c>. What is said there to be kept has its id at
/// the line that keeps it and at a test; an attack has it at a test.
/// </summary>
public sealed partial class RequirementsTests
{
    private const string Kept = "kept";
    private static readonly string[] AttackFamilies = ["OA", "JO", "DP", "MT", "DC", "PY"];

    private static readonly Dictionary<string, string> Requirements = File
        .ReadLines(Path.Combine(Checkout.Root, "tests", "Platform.Tests", "Architecture", "requirements.txt"))
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(' ', 2))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    private static readonly HashSet<string> Cited = In("src", Id());
    private static readonly HashSet<string> Tested = In("tests", Trait());

    [Fact]
    public void What_is_kept_is_cited_where_it_is_kept_and_tested()
    {
        var gaps =
            from requirement in Requirements
            where requirement.Value == Kept
            let missing = !Tested.Contains(requirement.Key) ? "has no test" : !Cited.Contains(requirement.Key) && !IsAttack(requirement.Key) ? "is not cited" : null
            where missing is not null
            select $"{requirement.Key} {missing}";

        Assert.Equal("", string.Join('\n', gaps));
    }

    [Fact]
    public void What_is_not_kept_has_a_reason() => Assert.All(
        Requirements.Where(requirement => requirement.Value != Kept),
        requirement => Assert.Matches("^(not offered: .+|not ours: .+|open: .+|not built)$", requirement.Value));

    [Fact]
    public void No_id_is_misspelt()
    {
        var families = Requirements.Keys.Select(Family).ToHashSet(StringComparer.Ordinal);

        Assert.Equal("", string.Join('\n', Cited.Concat(Tested).Distinct().Where(id => families.Contains(Family(id)) && !Requirements.ContainsKey(id)).Order(StringComparer.Ordinal)));
    }

    private static HashSet<string> In(string folder, Regex pattern) => Checkout.Sources(folder)
        .SelectMany(file => pattern.Matches(File.ReadAllText(file)).Select(match => match.Groups["rule"].Value))
        .ToHashSet(StringComparer.Ordinal);

    private static string Family(string id) => id.LastIndexOf('-') is var dash and >= 0 ? id[..dash] : id;

    private static bool IsAttack(string id) => AttackFamilies.Contains(Family(id));

    [GeneratedRegex(@"(?<![A-Za-z0-9-])(?<rule>[A-Z][A-Z0-9]*(?:-[A-Z]+)?-[0-9]{2})(?![A-Za-z0-9-])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Id();

    [GeneratedRegex(@"Trait\(""Rule"", ""(?<rule>[^""]+)""\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Trait();
}
