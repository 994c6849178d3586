using OpenBanking.Consent.AccountAccess;
using OpenBanking.Testing.OpenApi;

namespace OpenBanking.Consent.Tests.AccountAccess;

public sealed class PermissionsTests
{
    [Fact]
    [Trait("Rule", "A-4")]
    public async Task Every_permission_of_the_standard_has_wording_of_its_own()
    {
        foreach (var version in new[] { "v4.0", "v4.0.1" })
        {
            var official = await OfficialSchemas.AccountInformationAsync(version);
            var codes = official.ValuesAt("OBReadConsent1", "properties.Data.properties.Permissions.items.enum");
            Assert.Equal(codes.Order(StringComparer.Ordinal), Permissions.All.Select(permission => permission.Code).Order(StringComparer.Ordinal));
        }

        Assert.All(Permissions.All, permission => Assert.True(permission.Wording.Length > 10));
        Assert.Equal(Permissions.All.Count, Permissions.All.Select(permission => permission.Wording).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    [Trait("Rule", "A-3")]
    [Trait("Rule", "A-4")]
    public void Shows_each_permission_or_the_one_that_says_more()
    {
        foreach (var asked in Subsets())
        {
            var shown = Permissions.InWords(asked).SelectMany(group => group.Parts).ToList();
            Assert.Equal(shown.Count, shown.Distinct(StringComparer.Ordinal).Count());
            foreach (var permission in Permissions.All)
            {
                var covered = permission.CoveredBy is { } other && asked.Contains(other);
                Assert.Equal(asked.Contains(permission.Code) && !covered, shown.Contains(permission.Wording));
            }
        }
    }

    [Fact]
    [Trait("Rule", "A-3")]
    public void Words_basic_and_detail_differently_and_shows_detail_where_both_are_asked()
    {
        foreach (var basic in Permissions.All.Where(permission => permission.CoveredBy is not null))
        {
            var detail = Permissions.All.Single(permission => permission.Code == basic.CoveredBy);
            Assert.Equal(basic.Group, detail.Group);
            Assert.Equal([basic.Wording], Permissions.InWords([basic.Code]).Single().Parts);
            Assert.Equal([detail.Wording], Permissions.InWords([basic.Code, detail.Code]).Single().Parts);
        }
    }

    private static IEnumerable<HashSet<string>> Subsets()
    {
        var random = new Random(7);
        yield return [];
        yield return [.. Permissions.All.Select(permission => permission.Code)];
        for (var round = 0; round < 500; round++)
            yield return [.. Permissions.All.Where(_ => random.Next(2) == 0).Select(permission => permission.Code)];
    }
}
