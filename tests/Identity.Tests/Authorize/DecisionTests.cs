using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Authorize;

[Collection(FrontTests.Name)]
public sealed class DecisionTests(FrontWorld world) : IDisposable
{
    private readonly TestBrowser browser = world.Customer.OpenBrowser(world.Host);

    private TestTpp Tpp => world.Tpp;

    [Fact]
    [Trait("Rule", "RAR-07")]
    [Trait("Rule", "RAR-08")]
    [Trait("Rule", "ID-06")]
    [Trait("Rule", "ISS-01")]
    [Trait("Rule", "F2-GEN-08")]
    public async Task An_approval_yields_a_code_and_the_code_the_tokens_of_that_consent()
    {
        var consent = await Tpp.CreateConsentAsync();
        var interaction = await ArriveAsync(consent, request => request.With("authorization_details", TestTpp.Details(consent)).With("max_age", "60"));
        Assert.IsType<InteractionState.SignInNeeded>(await browser.DescribeAsync(interaction));
        await browser.SignInAsync(interaction);
        var needed = Assert.IsType<InteractionState.DecisionNeeded>(await browser.DescribeAsync(interaction));
        Assert.Equal((world.Customer.CustomerId, "Budget App", consent, false), (needed.CustomerId, needed.Summary.ClientName, needed.Summary.ConsentId, needed.Summary.Continues));

        var back = await browser.ApproveAsync(interaction, world.Customer.AccountIds[0]);
        var parameters = Answer.Query(new Uri(back.Location));
        Assert.Equal(["code", "iss", "state"], parameters.Keys.Order(StringComparer.Ordinal));

        var tokens = await Tpp.RedeemAsync(parameters["code"]);
        Assert.Equal(200, tokens.Status);
        var detail = Assert.Single(tokens.Json.GetProperty("authorization_details").EnumerateArray());
        Assert.Equal(consent, detail.GetProperty("consent_id").GetString());
        Assert.Equal(world.Customer.AccountIds[0], Assert.Single(detail.GetProperty("accounts").EnumerateArray()).GetString());
        var claims = Kernel.Jose.Jws.Parse(tokens.Text("id_token")!).Failed(out var fault, out var token) ? throw new InvalidOperationException(fault.Reason) : token.Payload;
        Assert.Equal(("n-0S6_WzA2Mj", "urn:openbanking:psd2:sca"), (Kernel.Jose.Claims.Text(claims, "nonce"), Kernel.Jose.Claims.Text(claims, "acr")));
        Assert.NotNull(Kernel.Jose.Claims.Seconds(claims, "auth_time"));
        Assert.Equal(200, (await Tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!)).Status);
    }

    /// <summary>A number that JSON can write and the database cannot hold; it meant nothing at PAR, so it must mean nothing at the end.</summary>
    [Fact]
    [Trait("Rule", "ID-10")]
    [Trait("Rule", "OP-09")]
    public async Task A_wish_with_an_odd_value_does_not_stand_in_the_way_of_the_approval()
    {
        var consent = await Tpp.CreateConsentAsync();
        var interaction = await ArriveAsync(consent, request => request
            .With("authorization_details", TestTpp.Details(consent))
            .With("claims", """{"userinfo":{"acr":{"value":1e999999}},"id_token":{"auth_time":{"essential":true,"values":[1e999999]}}}"""));
        await browser.SignInAsync(interaction);
        var tokens = await Tpp.RedeemAsync(Answer.Query(new Uri((await browser.ApproveAsync(interaction)).Location))["code"]);
        Assert.Equal(200, tokens.Status);
        var person = await Tpp.GetAsync("/userinfo", tokens.Text("access_token")!);
        Assert.Equal((200, "urn:openbanking:psd2:sca"), (person.Status, person.Text("acr")));
    }

    [Fact]
    [Trait("Rule", "ID-23")]
    [Trait("Rule", "ISS-01")]
    public async Task A_refusal_goes_back_to_the_client_before_and_after_sign_in()
    {
        foreach (var signIn in new[] { false, true })
        {
            var interaction = await ArriveAsync(await Tpp.CreateConsentAsync());
            if (signIn) await browser.SignInAsync(interaction);
            var back = Assert.IsType<DecisionAnswer.Done>(await browser.DenyAsync(interaction)).Return;
            var parameters = Answer.Query(new Uri(back.Location));
            Assert.Equal(["error", "error_description", "iss", "state"], parameters.Keys.Order(StringComparer.Ordinal));
            Assert.Equal("access_denied", parameters["error"]);
            Assert.Equal(new DecisionAnswer.NotUsable("CO-09", 409), await browser.DenyAsync(interaction));
        }
    }

    [Fact]
    [Trait("Rule", "OA-45")]
    [Trait("Rule", "CO-04")]
    [Trait("Rule", "CON-03")]
    public async Task Another_browser_cannot_take_part()
    {
        var interaction = await ArriveAsync(await Tpp.CreateConsentAsync());
        using var foreign = world.SecondCustomer.OpenBrowser(world.Host);
        Assert.Equal(new InteractionState.NotUsable("OA-45"), await foreign.DescribeAsync(interaction));
        Assert.False(await foreign.SignInAsync(interaction));
        await browser.SignInAsync(interaction);
        foreign.SessionId = browser.SessionId;
        var document = await browser.DocumentAsync(interaction);
        Assert.Equal(new DecisionAnswer.NotUsable("OA-45", 400), await foreign.TryApproveAsync(interaction, document.Digest, world.Customer.AccountIds));
        Assert.Equal(new DecisionAnswer.NotUsable("OA-45", 400), await foreign.DenyAsync(interaction));
        await browser.ApproveAsync(interaction);
    }

    [Fact]
    [Trait("Rule", "CO-04")]
    public async Task Once_a_customer_has_signed_in_it_is_that_customers()
    {
        var interaction = await ArriveAsync(await Tpp.CreateConsentAsync());
        Assert.True(await browser.SignInAsync(interaction));
        Assert.False(await browser.SignInAsync(interaction, world.SecondCustomer));
    }

    [Fact]
    [Trait("Rule", "OA-46")]
    [Trait("Rule", "CON-03")]
    public async Task The_secret_changes_at_sign_in()
    {
        var interaction = await ArriveAsync(await Tpp.CreateConsentAsync());
        var before = browser.SecretOf(interaction);
        await browser.SignInAsync(interaction);
        Assert.NotEqual(before, browser.SecretOf(interaction));
        using var planted = world.Customer.OpenBrowser(world.Host);
        var state = await world.Host.InScopeAsync(services => ((MediatR.IMediator)services.GetService(typeof(MediatR.IMediator))!)
            .Send(new DescribeInteraction(new InteractionReference(interaction, before, browser.SessionId))));
        Assert.Equal(new InteractionState.NotUsable("OA-45"), state);
    }

    [Fact]
    [Trait("Rule", "OA-47")]
    [Trait("Rule", "CO-10")]
    [Trait("Rule", "CON-02")]
    public async Task Nothing_is_approved_without_a_sign_in_for_this_very_request()
    {
        var first = await ArriveAsync(await Tpp.CreateConsentAsync());
        var second = await ArriveAsync(await Tpp.CreateConsentAsync());
        await browser.SignInAsync(first);
        Assert.IsType<DecisionAnswer.SignInNeeded>(await browser.TryApproveAsync(second, "digest", world.Customer.AccountIds));
        Assert.IsType<InteractionState.SignInNeeded>(await browser.DescribeAsync(second));
        var session = browser.SessionId;
        browser.SessionId = Guid.CreateVersion7();
        Assert.IsType<DecisionAnswer.SignInNeeded>(await browser.TryApproveAsync(first, "digest", world.Customer.AccountIds));
        Assert.IsType<DecisionAnswer.SignInNeeded>(await browser.DenyAsync(first));
        browser.SessionId = session;
        await browser.ApproveAsync(first);
    }

    [Fact]
    [Trait("Rule", "CO-05")]
    [Trait("Rule", "A-1")]
    public async Task What_is_not_approved_as_shown_leaves_the_customer_the_choice()
    {
        var interaction = await ArriveAsync(await Tpp.CreateConsentAsync());
        await browser.SignInAsync(interaction);
        var document = await browser.DocumentAsync(interaction);
        Assert.IsType<DecisionAnswer.Changed>(await browser.TryApproveAsync(interaction, "another", world.Customer.AccountIds));
        Assert.Equal("A-1", Assert.IsType<DecisionAnswer.NotAcceptable>(await browser.TryApproveAsync(interaction, document.Digest, [])).Rule);
        Assert.Equal(new DecisionAnswer.Forbidden("CO-05"), await browser.TryApproveAsync(interaction, document.Digest, world.SecondCustomer.AccountIds));
        await browser.ApproveAsync(interaction);
    }

    [Fact]
    [Trait("Rule", "CO-06")]
    public async Task What_was_not_shown_is_not_taken_along()
    {
        var consent = await Tpp.CreateConsentAsync();
        var first = await ArriveAsync(consent);
        await browser.SignInAsync(first);
        Assert.IsType<DecisionAnswer.Done>(await browser.TryApproveAsync(first, (await browser.DocumentAsync(first)).Digest, [world.Customer.AccountIds[0]]));

        var again = await ArriveAsync(consent);
        await browser.SignInAsync(again);
        var digest = (await browser.DocumentAsync(again)).Digest;
        Assert.Equal("CO-06", Assert.IsType<DecisionAnswer.NotAcceptable>(await browser.TryApproveAsync(again, digest, world.Customer.AccountIds)).Rule);
        Assert.IsType<DecisionAnswer.Done>(await browser.TryApproveAsync(again, digest, [world.Customer.AccountIds[0]]));
    }

    [Fact]
    [Trait("Rule", "CO-08")]
    public async Task Of_twenty_decisions_at_one_moment_one_is_made()
    {
        for (var round = 0; round < 5; round++)
        {
            var interaction = await ArriveAsync(await Tpp.CreateConsentAsync());
            await browser.SignInAsync(interaction);
            var digest = (await browser.DocumentAsync(interaction)).Digest;
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(() =>
                number % 2 == 0 ? browser.TryApproveAsync(interaction, digest, world.Customer.AccountIds) : browser.DenyAsync(interaction))));
            Assert.Single(answers.OfType<DecisionAnswer.Done>());
            Assert.All(answers.Where(answer => answer is not DecisionAnswer.Done), answer => Assert.Equal(409, Assert.IsType<DecisionAnswer.NotUsable>(answer).Status));
        }
    }

    [Fact]
    [Trait("Rule", "CO-09")]
    [Trait("Rule", "OB-SEC-12")]
    public async Task A_consent_that_has_gone_another_way_cannot_be_approved_and_the_client_is_told()
    {
        var consent = await Tpp.CreateConsentAsync();
        var interaction = await ArriveAsync(consent);
        await browser.SignInAsync(interaction);
        var digest = (await browser.DocumentAsync(interaction)).Digest;
        await Tpp.ApiAsync(HttpMethod.Delete, $"/open-banking/v4.0/aisp/account-access-consents/{consent}", await Tpp.ClientTokenAsync());
        var ended = Assert.IsType<DecisionAnswer.Ended>(await browser.TryApproveAsync(interaction, digest, world.Customer.AccountIds));
        Assert.Equal(("CO-09", "access_denied"), (ended.Rule, Answer.Query(new Uri(ended.Return.Location))["error"]));

        // Told once; a second click finds nothing to decide.
        Assert.Equal(new DecisionAnswer.NotUsable("CO-09", 409), await browser.TryApproveAsync(interaction, digest, world.Customer.AccountIds));
    }

    [Fact]
    [Trait("Rule", "X-10")]
    [Trait("Rule", "PAR-16")]
    [Trait("Rule", "OB-SEC-12")]
    public async Task After_ten_minutes_the_customer_goes_back_with_an_error()
    {
        var clock = world.Host.Clock;
        try
        {
            clock.StopAt(clock.Now);
            var late = await ArriveAsync(await Tpp.CreateConsentAsync());
            var inTime = await ArriveAsync(await Tpp.CreateConsentAsync());
            clock.Advance(TimeSpan.FromSeconds(599));
            await browser.SignInAsync(inTime);
            await browser.ApproveAsync(inTime);
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.False(await browser.SignInAsync(late));
            var timedOut = Assert.IsType<InteractionState.TimedOut>(await browser.DescribeAsync(late));
            Assert.Equal("access_denied", Answer.Query(new Uri(timedOut.Return.Location))["error"]);
            Assert.Equal(new InteractionState.NotUsable("CO-09"), await browser.DescribeAsync(late));
        }
        finally
        {
            clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "OB-CON-4")]
    public async Task A_consent_that_its_customer_walked_away_from_ends_rejected()
    {
        var clock = world.Host.Clock;
        var abandoned = world.Host.Services.GetRequiredService<AbandonedInteractions>();
        try
        {
            clock.StopAt(clock.Now);
            var consent = await Tpp.CreateConsentAsync();
            var path = Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(consent)));
            await browser.ArriveAsync(path);
            clock.Advance(TimeSpan.FromSeconds(60));
            await browser.ArriveAsync(path);

            // The first browser's time is up, the second's is not: the customer may still be reading.
            clock.Advance(TimeSpan.FromSeconds(545));
            await abandoned.SweepAsync(CancellationToken.None);
            Assert.Equal("AWAU", await StatusAsync(consent));
            clock.Advance(TimeSpan.FromSeconds(55));
            Assert.True(await abandoned.SweepAsync(CancellationToken.None) >= 1);
            Assert.Equal("RJCT", await StatusAsync(consent));
            Assert.Equal(0, await abandoned.SweepAsync(CancellationToken.None));
        }
        finally
        {
            clock.Run();
        }

        async Task<string?> StatusAsync(string consent) =>
            (await Tpp.GetAsync($"/open-banking/v4.0/aisp/account-access-consents/{consent}", await Tpp.ClientTokenAsync()))
                .Json.GetProperty("Data").GetProperty("Status").GetString();
    }

    [Fact]
    [Trait("Rule", "X-11")]
    public async Task A_customer_without_accounts_goes_back_with_an_error()
    {
        var poor = await TestCustomer.CreateAsync(world.Host, accounts: 0);
        using var theirs = poor.OpenBrowser(world.Host);
        var interaction = await theirs.ArriveAsync(Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(await Tpp.CreateConsentAsync()))));
        await theirs.SignInAsync(interaction);
        Assert.Empty((await theirs.DocumentAsync(interaction)).Accounts);
        var back = Assert.IsType<DecisionAnswer.Done>(await theirs.DenyAsync(interaction)).Return;
        var parameters = Answer.Query(new Uri(back.Location));
        Assert.Equal(("access_denied", "the customer has no account to share"), (parameters["error"], parameters["error_description"]));
    }

    [Fact]
    [Trait("Rule", "OB-CON-12")]
    public async Task A_consent_that_was_approved_before_survives_a_declined_reauthentication_and_can_be_continued()
    {
        var consent = await Tpp.CreateConsentAsync();
        await Tpp.AuthoriseAsync(world.Customer, consent);
        var declined = await ArriveAsync(consent);
        await browser.SignInAsync(declined);
        Assert.True(Assert.IsType<InteractionState.DecisionNeeded>(await browser.DescribeAsync(declined)).Summary.Continues);
        Assert.IsType<DecisionAnswer.Done>(await browser.DenyAsync(declined));

        var again = await ArriveAsync(consent);
        await browser.SignInAsync(again);
        var code = Answer.Query(new Uri((await browser.ApproveAsync(again)).Location))["code"];
        Assert.Equal(200, (await Tpp.RedeemAsync(code)).Status);
    }

    [Fact]
    [Trait("Rule", "ID-17")]
    public async Task A_hint_of_another_customer_ends_with_login_required()
    {
        var tokens = await Tpp.RedeemAsync(await Tpp.AuthoriseAsync(world.SecondCustomer));
        var hint = tokens.Text("id_token");
        var interaction = await ArriveAsync(await Tpp.CreateConsentAsync(), request => request.With("id_token_hint", hint));
        await browser.SignInAsync(interaction);
        var back = await browser.ApproveAsync(interaction);
        Assert.Equal("login_required", Answer.Query(new Uri(back.Location))["error"]);

        using var theirs = world.SecondCustomer.OpenBrowser(world.Host);
        var path = Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(await Tpp.CreateConsentAsync()).With("id_token_hint", hint)));
        var good = await theirs.ArriveAsync(path);
        await theirs.SignInAsync(good);
        Assert.Contains("code=", (await theirs.ApproveAsync(good)).Location, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "X-9")]
    [Trait("Rule", "OA-42")]
    public async Task An_interaction_that_never_was_is_a_page()
    {
        Assert.Equal(new InteractionState.NotUsable("X-9"), await browser.DescribeAsync(TestTpp.NewId()));
        Assert.Equal(new DecisionAnswer.NotUsable("X-9", 400), await browser.DenyAsync(new string('a', 43)));
    }

    public void Dispose() => browser.Dispose();

    private async Task<string> ArriveAsync(string consent, Func<Form, Form>? change = null)
    {
        var request = TestTpp.AuthorizationRequest(consent);
        return await browser.ArriveAsync(Tpp.AuthorizePath(await Tpp.PushAsync(change is null ? request : change(request))));
    }
}
