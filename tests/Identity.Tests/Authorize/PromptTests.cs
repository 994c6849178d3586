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

    /// <summary>What an API demands in its challenge goes into a new request as it is; the customer is asked again, and the new token says so.</summary>
    [Theory]
    [Trait("Rule", "STEP-04")]
    [Trait("Rule", "STEP-06")]
    [Trait("Rule", "ID-16")]
    [InlineData("60", null, "urn:openbanking:psd2:sca")]
    [InlineData("0", "urn:openbanking:psd2:sca", "urn:openbanking:psd2:sca")]
    [InlineData("60", "urn:unknown urn:openbanking:psd2:ca", "urn:openbanking:psd2:ca")]
    [InlineData(null, "urn:openbanking:psd2:ca", "urn:openbanking:psd2:ca")]
    public async Task A_request_for_a_fresher_or_stronger_authentication_has_the_customer_authenticate_again(string? maxAge, string? acrValues, string reached)
    {
        using var browser = world.Customer.OpenBrowser();
        var first = await AuthTimeAsync(browser);
        world.Host.Clock.Advance(TimeSpan.FromMinutes(2));

        var consent = await Tpp.CreateConsentAsync();
        var request = TestTpp.AuthorizationRequest(consent).With("claims", $$$$"""{"id_token":{"openbanking_intent_id":{"value":"{{{{consent}}}}"}}}""");
        if (maxAge is not null) request = request.With("max_age", maxAge);
        if (acrValues is not null) request = request.With("acr_values", acrValues);
        var interaction = await browser.ArriveAsync(Tpp.AuthorizePath(await Tpp.PushAsync(request)));
        Assert.IsType<InteractionState.SignInNeeded>(await browser.DescribeAsync(interaction)); // Though the session is alive.
        await browser.SignInAsync(interaction);
        var back = await browser.ApproveAsync(interaction);
        var tokens = await Tpp.RedeemAsync(Answer.Query(new Uri(back.Location))["code"]);
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(tokens.Text("id_token")!.Split('.')[1]));
        Assert.Equal(reached, claims.RootElement.GetProperty("acr").GetString());
        if (maxAge is not null) Assert.InRange(claims.RootElement.GetProperty("auth_time").GetInt64(), first + 120, first + 600);

        using var http = world.Host.CreateClient();
        using var metadata = JsonDocument.Parse(await http.GetStringAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Contains(metadata.RootElement.GetProperty("acr_values_supported").EnumerateArray(), value => value.GetString() == reached);
    }

    /// <summary>An essential context that nothing here reaches ends the request; the same as a mere wish, or with one that is reached, does not.</summary>
    [Theory]
    [Trait("Rule", "STEP-05")]
    [Trait("Rule", "ID-08")]
    [Trait("Rule", "ID-09")]
    [InlineData("""{"essential":true,"values":["urn:unknown","urn:other"]}""", true)]
    [InlineData("""{"essential":true,"values":["urn:unknown","urn:openbanking:psd2:sca"]}""", false)]
    [InlineData("""{"essential":false,"value":"urn:unknown"}""", false)]
    public async Task A_step_up_that_cannot_be_met_is_answered_to_the_client(string acr, bool unmet)
    {
        using var browser = world.Customer.OpenBrowser();
        var consent = await Tpp.CreateConsentAsync();
        var claims = $$$$"""{"id_token":{"openbanking_intent_id":{"value":"{{{{consent}}}}"},"acr":{{{{acr}}}}}}""";
        var answer = await browser.OpenAsync(Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(consent).With("claims", claims).With("max_age", "0"))));
        Assert.Equal((303, unmet ? "unmet_authentication_requirements" : null), (answer.Status, answer.Parameter("error")));
        if (unmet) Assert.Equal("ID-09", world.Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule);
        else Assert.NotNull(answer.Parameter("interaction"));
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
