using System.Text.Json;
using System.Text.Json.Nodes;
using NJsonSchema;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;

namespace OpenBanking.Identity.Tests.Authorize;

/// <summary>The schema that developers read is the one that is enforced, and it says what any JSON Schema tool reads in it.</summary>
public sealed class DetailsTypeTests
{
    private const int Samples = 4000;

    private static readonly string?[] Values =
    [
        "\"aac-1\"", "\"\"", "\"x\"", "\"" + new string('a', 128) + "\"", "\"" + new string('a', 129) + "\"", "\"\\u00e9\"", "\"\U0001f600\"",
        "\"" + string.Concat(Enumerable.Repeat("\U0001f600", 60)) + "\"", "1", "null", "true", "[]", "{}", "[\"aac-1\"]", "\"account_information\"", "\"payment_initiation\"",
        "\"funds_confirmation\"", "\"variable_recurring_payment\"",
    ];

    private static readonly string[] Names =
        ["type", "consent_id", "accounts", "locations", "actions", "datatypes", "identifier", "privileges", "Type", "consent-id", "", "$ref"];

    public static TheoryData<string> Types => [.. ConsentKind.All.Select(kind => kind.DetailsType).Distinct()];

    [Theory]
    [Trait("Rule", "RAR-15")]
    [Trait("Rule", "RAR-02")]
    [MemberData(nameof(Types))]
    public async Task What_we_take_is_what_the_published_schema_takes(string name)
    {
        var type = DetailsType.Find(name)!;
        var published = await JsonSchema.FromJsonAsync(type.Schema.Document, TestContext.Current.CancellationToken);
        var random = new Random(9396);
        var taken = 0;
        for (var sample = 0; sample < Samples; sample++)
        {
            var json = Sample(random, name);
            var mine = type.Schema.Problem(JsonElement.Parse(json)) is null;
            var theirs = published.Validate(json).Count == 0;
            Assert.True(mine == theirs, $"{json}: enforced {mine}, published {theirs}");
            if (mine) taken++;
        }

        Assert.InRange(taken, Samples / 20, Samples / 2);
    }

    [Theory]
    [Trait("Rule", "RAR-05")]
    [Trait("Rule", "RAR-15")]
    [MemberData(nameof(Types))]
    public void A_common_field_is_refused_rather_than_passed_over(string name)
    {
        var schema = DetailsType.Find(name)!.Schema;
        Assert.Null(schema.Problem(JsonElement.Parse($$"""{"type":"{{name}}","consent_id":"c"}""")));
        foreach (var field in new[] { "locations", "actions", "datatypes", "identifier", "privileges" })
            Assert.Equal("it has an unknown field", schema.Problem(JsonElement.Parse($$"""{"type":"{{name}}","consent_id":"c","{{field}}":[]}""")));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_schema_tells_what_comes_back(string name)
    {
        var granted = JsonNode.Parse(DetailsType.Find(name)!.Schema.Document)!["$defs"]!["granted"]!;
        Assert.Equal(["type", "consent_id", "accounts"], granted["required"]!.AsArray().Select(member => member!.GetValue<string>()));
        Assert.False(granted["additionalProperties"]!.GetValue<bool>());
    }

    [Fact]
    public void A_keyword_that_would_not_be_enforced_is_not_published() =>
        Assert.Throws<InvalidOperationException>(() => DetailsSchema.Of("""{"type":"object","properties":{"a":{"pattern":"x"}}}"""));

    /// <summary>Each kind has its row, and a scope has one role.</summary>
    [Fact]
    [Trait("Rule", "OB-SEC-1")]
    [Trait("Rule", "OB-SEC-6")]
    public void Scope_type_role_and_kind_are_one_table()
    {
        Assert.Equal(
            [
                "account_information accounts AISP",
                "payment_initiation payments PISP", "payment_initiation payments PISP", "payment_initiation payments PISP",
                "payment_initiation payments PISP", "payment_initiation payments PISP", "payment_initiation payments PISP", "payment_initiation payments PISP",
                "variable_recurring_payment payments PISP", "funds_confirmation fundsconfirmations CBPII",
            ],
            ConsentKind.All.Select(kind => $"{kind.DetailsType} {kind.Scope} {kind.Role}"));
        Assert.All(ConsentKind.All, kind => Assert.NotNull(DetailsType.Find(kind.DetailsType)));
        Assert.All(ConsentKind.All, kind => Assert.Equal(kind, ConsentKind.OfId(kind.IdPrefix + "0")));
        Assert.Equal(ConsentKind.All.Count, ConsentKind.All.DistinctBy(kind => kind.IdPrefix).Count());
        Assert.Single(ConsentKind.All.GroupBy(kind => kind.Scope).Select(group => group.Select(kind => kind.Role).Distinct().Count()).Distinct(), 1);
    }

    /// <summary>Served or not is the whole difference between offered and not.</summary>
    [Fact]
    [Trait("Rule", "META-16")]
    public void What_nobody_serves_is_not_offered()
    {
        Assert.Empty(Kinds.Of().DetailsTypes);
        Assert.Equal(["openid", "offline_access", "grant_management_query", "grant_management_revoke"], Kinds.Of().Scopes);
        var payments = Kinds.Of(ConsentKind.VariableRecurringPayments, ConsentKind.DomesticPayment);
        Assert.Equal(["payment_initiation", "variable_recurring_payment"], payments.DetailsTypes);
        Assert.Equal(["openid", "offline_access", "payments", "grant_management_query", "grant_management_revoke"], payments.Scopes);
        Assert.Equal(["payments"], payments.ScopesOf(["PISP", "AISP"]));
    }

    private static string Sample(Random random, string name)
    {
        if (random.Next(20) == 0) return Values[random.Next(Values.Length)]!;
        var members = new List<string>();
        if (random.Next(10) > 0) members.Add($"\"type\":{(random.Next(5) > 0 ? $"\"{name}\"" : Values[random.Next(Values.Length)])}");
        if (random.Next(10) > 0) members.Add($"\"consent_id\":{Values[random.Next(Values.Length)]}");
        if (random.Next(3) == 0)
        {
            var extra = Names[random.Next(Names.Length)];
            if (!members.Exists(member => member.StartsWith($"\"{extra}\":", StringComparison.Ordinal))) members.Add($"\"{extra}\":{Values[random.Next(Values.Length)]}");
        }

        return "{" + string.Join(',', members) + "}";
    }
}
