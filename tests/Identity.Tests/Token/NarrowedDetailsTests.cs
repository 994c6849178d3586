using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Tests.Token;

public sealed class NarrowedDetailsTests
{
    private const string Granted =
        """[{"type":"account_information","consent_id":"c1","accounts":["22289","31820"]},{"type":"account_information","consent_id":"c2"}]""";

    private static (string? Rule, string? Json) Narrow(string? asked, string? granted = Granted) =>
        NarrowedDetails.Of(
            TokenRequestChecksTests.Form(asked is null ? "" : "authorization_details=" + Uri.EscapeDataString(asked)),
            TokenRequestChecksTests.Grant(details: granted)).Failed(out var error, out var details)
            ? (error.Rule, null)
            : (null, details.Json);

    [Fact]
    [Trait("Rule", "RAR-07")]
    public void Nothing_named_gives_what_was_granted_with_the_customers_choice() => Assert.Equal((null, Granted), Narrow(null));

    [Theory]
    [Trait("Rule", "RAR-09")]
    [InlineData("""[{"type":"account_information","consent_id":"c1"}]""")]
    [InlineData("""[{"consent_id":"c1","accounts":["22289","31820"],"type":"account_information"}]""")]
    public void A_part_may_be_named_as_asked_for_or_as_granted(string asked) =>
        Assert.Equal((null, """[{"type":"account_information","consent_id":"c1","accounts":["22289","31820"]}]"""), Narrow(asked));

    [Theory]
    [Trait("Rule", "RAR-09")]
    [Trait("Rule", "OA-30")]
    [Trait("Rule", "OB-CON-11")]
    [InlineData("""[{"type":"account_information","consent_id":"c3"}]""")]
    [InlineData("""[{"type":"account_information","consent_id":"c1"},{"type":"account_information","consent_id":"c3"}]""")]
    [InlineData("""[{"type":"account_information","consent_id":"c1","accounts":["22289","31820","99999"]}]""")]
    [InlineData("""[{"type":"account_information","consent_id":"c1","accounts":["22289"]}]""")]
    [InlineData("""[{"type":"payment_initiation","consent_id":"c1"}]""")]
    [InlineData("""[{"type":"account_information"}]""")]
    [InlineData("""[{"type":"account_information","consent_id":"c1","actions":["write"]}]""")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[[]]")]
    [InlineData("not json")]
    [InlineData("""[{"type":"account_information","consent_id":"c1","\ud800":1}]""")]
    [InlineData("""[{"type":"account_information","consent_id":"\ud800"}]""")]
    [InlineData("""[{"type":"account_information","type":"account_information","consent_id":"c1"}]""")]
    public void Anything_else_is_refused(string asked) => Assert.Equal("RAR-09", Narrow(asked).Rule);

    [Fact]
    [Trait("Rule", "RAR-09")]
    public void A_grant_without_details_gives_none()
    {
        Assert.Equal((null, null), Narrow(null, granted: null));
        Assert.Equal("RAR-09", Narrow("[]", granted: null).Rule);
    }
}
