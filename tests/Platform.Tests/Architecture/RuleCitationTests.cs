using System.Text.RegularExpressions;

namespace OpenBanking.Platform.Tests.Architecture;

/// <summary>A rule that the code cites is a rule that a test holds it to.</summary>
public sealed partial class RuleCitationTests
{
    /// <summary>The families of ids: of the FAPI list, of the UK list (OB-), of the attack catalogue, and of the experience page.</summary>
    private static readonly HashSet<string> Families = new(StringComparer.Ordinal)
    {
        // Authorization and resource server.
        "ABCA", "ATJ", "CA", "CIBA", "CON", "DCM", "DCR", "DPOP", "F1", "F2-GEN", "F2-PAR", "FWD", "GM", "HSIG", "HTTP", "ID", "INT", "ISS", "JAR", "JARM",
        "JIN", "KEY", "META", "MS", "MTLS", "PAR", "PKCE", "PW", "RAR", "REF", "REV", "RS", "SSA", "STEP", "TLS", "TOK",

        // The attack catalogue.
        "OA", "JO", "DP", "MT", "DC", "CO", "PY", "PO", "PK", "OP",

        // The customer's experience.
        "A", "C", "D", "P", "R", "V", "X",
    };

    [Fact]
    public void Every_rule_that_the_source_cites_has_a_test()
    {
        var tested = Checkout.Sources("tests")
            .SelectMany(file => Trait().Matches(File.ReadAllText(file)).Select(match => match.Groups["rule"].Value))
            .ToHashSet(StringComparer.Ordinal);

        var untested =
            from file in Checkout.Sources("src")
            from Match match in Id().Matches(File.ReadAllText(file))
            let rule = match.Value
            where IsRule(rule) && !tested.Contains(rule)
            group Path.GetFileName(file) by rule into cited
            orderby cited.Key
            select $"{cited.Key} ({string.Join(", ", cited.Distinct())})";

        Assert.Equal("", string.Join('\n', untested));
    }

    [Theory]
    [InlineData("// PAR-02: no request_uri", "PAR-02")]
    [InlineData("(F2-PAR-11)", "F2-PAR-11")]
    [InlineData("OB-GEN-10 and", "OB-GEN-10")]
    [InlineData("see X-4.", "X-4")]
    [InlineData("UTF-8, SHA-256, AES-256-GCM, ISO-8601, P-256", null)]
    [InlineData("x-fapi-interaction-id", null)]
    public void An_id_is_told_from_other_words(string text, string? id) =>
        Assert.Equal(id, Id().Matches(text).Select(match => match.Value).FirstOrDefault(IsRule));

    private static bool IsRule(string id)
    {
        if (id == "P-256" || id == "P-384" || id == "P-521") return false; // curves
        return id.StartsWith("OB-", StringComparison.Ordinal) || Families.Contains(id[..id.LastIndexOf('-')]);
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9-])[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-[0-9]{1,3}(?![A-Za-z0-9-])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Id();

    [GeneratedRegex(@"Trait\(""Rule"", ""(?<rule>[^""]+)""\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Trait();
}
