using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenBanking.ResourceServer.Tests;

public sealed class StepUpTests
{
    private const string Strong = "urn:openbanking:psd2:sca";
    private const string Weak = "urn:openbanking:psd2:ca";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private static VerifiedToken Token(string? acr, int? secondsAgo) => new()
    {
        ClientId = "budget",
        Scopes = new HashSet<string>(StringComparer.Ordinal) { "accounts" },
        Subject = "customer",
        DpopKeyThumbprint = "key",
        Acr = acr,
        AuthenticatedAt = secondsAgo is { } seconds ? Now.AddSeconds(-seconds) : null,
    };

    [Theory]
    [Trait("Rule", "STEP-01")]
    [Trait("Rule", "STEP-02")]
    [InlineData(Strong, 0, null)]
    [InlineData(Strong, 300, null)]
    [InlineData(Strong, 301, "STEP-02")]
    [InlineData(Strong, null, "STEP-02")]
    [InlineData(Weak, 0, "STEP-01")]
    [InlineData("urn:openbanking:psd2:SCA", 0, "STEP-01")]
    [InlineData(null, 0, "STEP-01")]
    [InlineData(null, 301, "STEP-01")]
    public void Authentication_must_be_strong_and_fresh_enough(string? acr, int? secondsAgo, string? rule)
    {
        var demand = new StepUp([Strong], TimeSpan.FromMinutes(5));

        var refusal = demand.FirstRefusal(Token(acr, secondsAgo), Now);

        Assert.Equal(rule, refusal?.Rule);
        Assert.Equal(rule is null ? null : "insufficient_user_authentication", refusal?.Code);
    }

    [Fact]
    [Trait("Rule", "STEP-02")]
    public void What_is_not_demanded_does_not_matter()
    {
        Assert.Null(new StepUp([], TimeSpan.FromMinutes(5)).FirstRefusal(Token(null, 300), Now));
        Assert.Null(new StepUp([Weak, Strong], null).FirstRefusal(Token(Strong, null), Now));
        Assert.Null(new StepUp([], null).FirstRefusal(Token(null, null), Now));
        Assert.Equal("STEP-02", new StepUp([], TimeSpan.Zero).FirstRefusal(Token(Strong, 1), Now)?.Rule);
    }

    [Theory]
    [Trait("Rule", "STEP-01")]
    [Trait("Rule", "STEP-07")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_challenge_is_of_the_scheme_in_use_and_says_what_would_be_enough(bool byDpop)
    {
        var token = Token(Weak, 301);
        if (!byDpop) token = token with { DpopKeyThumbprint = null, CertificateThumbprint = "certificate" };
        await using var services = new ServiceCollection().AddLogging().AddOptions().BuildServiceProvider();
        var http = new DefaultHttpContext { RequestServices = services };

        await new StepUp([Strong, Weak + "2"], TimeSpan.FromMinutes(5)).FirstRefusal(token, Now)!.ExecuteAsync(http);

        const string error = ", error=\"insufficient_user_authentication\", error_description=\"a fresher or stronger authentication is required\""
            + ", acr_values=\"urn:openbanking:psd2:sca urn:openbanking:psd2:ca2\", max_age=\"300\"";
        string[] challenges =
        [
            $"DPoP realm=\"open-banking\"{(byDpop ? error : "")}, algs=\"PS256 ES256\"",
            $"Bearer realm=\"open-banking\"{(byDpop ? "" : error)}",
        ];
        Assert.Equal(401, http.Response.StatusCode);
        Assert.Equal(challenges, http.Response.Headers.WWWAuthenticate.OfType<string>());
    }
}
