using System.Buffers.Text;
using System.Text.Json;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Authorize;

/// <summary>A customer who is signed in already is asked again all the same, whatever the third party wishes.</summary>
[Collection(FrontTests.Name)]
public sealed class PromptTests(FrontWorld world)
{
    private TestTpp Tpp => world.Tpp;

    [Theory]
    [Trait("Rule", "ID-14")]
    [Trait("Rule", "ID-15")]
    [Trait("Rule", "CO-10")]
    [InlineData(null)]
    [InlineData("login")]
    [InlineData("consent")]
    [InlineData("select_account")]
    [InlineData("login consent select_account")]
    public async Task Whoever_is_signed_in_signs_in_again_chooses_and_decides(string? prompt)
    {
        using var browser = world.Customer.OpenBrowser();
        await browser.SignInAsync(await browser.ArriveAsync(Tpp.AuthorizePath(await PushAsync(prompt))));
        Assert.NotNull(browser.SessionId);

        var interaction = await browser.ArriveAsync(Tpp.AuthorizePath(await PushAsync(prompt)));
        Assert.IsType<InteractionState.SignInNeeded>(await browser.DescribeAsync(interaction));

        // Also another customer may be chosen at this browser.
        await browser.SignInAsync(interaction, world.SecondCustomer);
        var needed = Assert.IsType<InteractionState.DecisionNeeded>(await browser.DescribeAsync(interaction));
        Assert.Equal(world.SecondCustomer.CustomerId, needed.CustomerId);
    }

    [Fact]
    [Trait("Rule", "ID-14")]
    [Trait("Rule", "ID-06")]
    [Trait("Rule", "STEP-04")]
    public async Task The_time_of_authentication_moves_with_each_request()
    {
        using var browser = world.Customer.OpenBrowser();
        var first = await AuthTimeAsync(browser);
        world.Host.Clock.Advance(TimeSpan.FromSeconds(7));
        Assert.InRange(await AuthTimeAsync(browser), first + 7, first + 60);
    }

    private async Task<long> AuthTimeAsync(TestBrowser browser)
    {
        var interaction = await browser.ArriveAsync(Tpp.AuthorizePath(await PushAsync("login", "100000")));
        await browser.SignInAsync(interaction);
        var back = await browser.ApproveAsync(interaction);
        var tokens = await Tpp.RedeemAsync(Answer.Query(new Uri(back.Location))["code"]);
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(tokens.Text("id_token")!.Split('.')[1]));
        return claims.RootElement.GetProperty("auth_time").GetInt64();
    }

    private async Task<string> PushAsync(string? prompt, string? maxAge = null)
    {
        var request = TestTpp.AuthorizationRequest(await Tpp.CreateConsentAsync());
        if (prompt is not null) request = request.With("prompt", prompt);
        return await Tpp.PushAsync(maxAge is null ? request : request.With("max_age", maxAge));
    }
}
