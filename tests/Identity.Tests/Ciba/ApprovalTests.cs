using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>What is approved in the portal is approved there and for that alone.</summary>
[Collection(CibaTests.Name)]
public sealed class ApprovalTests(CibaWorld world) : IAsyncLifetime
{
    private TestTpp Tpp => world.Tpp;

    public async ValueTask InitializeAsync() => await world.BeSignedInAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private PortalBrowser Portal => world.Portal;

    [Fact]
    [Trait("Rule", "CIBA-13")]
    [Trait("Rule", "PO-04")]
    public async Task The_page_shows_who_asks_for_what_and_the_message_as_it_is()
    {
        var id = await world.IdOfAsync(await Tpp.AskAsync((await world.GoodAsync()).With("binding_message", "<b>Kασσα</b> 7  4711")));
        var list = await Portal.PageAsync("/requests");
        var page = await Portal.PageAsync($"/requests/{id:D}");
        foreach (var text in new[] { list, page }) Assert.Contains("&lt;b&gt;Kασσα&lt;/b&gt; 7  4711<", System.Web.HttpUtility.HtmlDecode(text).Replace("<b>Kασσα</b>", "&lt;b&gt;Kασσα&lt;/b&gt;", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("<b>K", page, StringComparison.Ordinal);
        foreach (var part in new[] { "Budget App asks to see data of your accounts", "Did you start this?", "Which accounts?", "ongoing, until you cancel it" })
            Assert.Contains(part, page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "C-1")]
    public async Task The_list_says_of_each_request_what_kind_of_thing_it_asks_for()
    {
        using var issuer = await TestTpp.RegisterAsync(world.Host, change: metadata =>
        {
            TestTpp.OnTheBackchannel()(metadata);
            metadata["client_name"] = "Card Issuer";
            metadata["software_roles"] = new JsonArray("CBPII");
        });
        var number = await world.Host.Database.ScalarAsync<string>("""SELECT "Identification" FROM accounts.accounts WHERE "Id" = $1""", world.Customer.AccountIds[0]);
        var body = $$$$"""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"{{{{number}}}}"}}}""";
        var created = await issuer.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/cbpii/funds-confirmation-consents", await issuer.ClientTokenAsync("fundsconfirmations"), body);
        var consent = created.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var funds = await issuer.AskAsync(TestTpp.BackchannelRequest(consent, world.Customer)
            .With("scope", "openid fundsconfirmations").With("authorization_details", $$"""[{"type":"funds_confirmation","consent_id":"{{consent}}"}]"""));
        var data = await Tpp.AskAsync(await world.GoodAsync());

        var list = await Portal.PageAsync("/requests");
        Assert.Contains("Card Issuer asks to check whether you have enough money.", list, StringComparison.Ordinal);
        Assert.Contains("Budget App asks to see data of your accounts.", list, StringComparison.Ordinal);
        Assert.DoesNotContain("Card Issuer asks to see", list, StringComparison.Ordinal);
        await world.DeclineAsync(data);
        await world.DeclineAsync(funds);
    }

    [Fact]
    [Trait("Rule", "CO-19")]
    public async Task A_request_is_its_customers_alone()
    {
        var id = await world.IdOfAsync(await Tpp.AskAsync(await world.GoodAsync()));
        var unknown = await Answer.OfAsync(await world.SecondPortal.GetAsync($"/requests/{Guid.CreateVersion7():D}"));
        var foreign = await Answer.OfAsync(await world.SecondPortal.GetAsync($"/requests/{id:D}"));
        Assert.Equal((404, "CO-19"), (foreign.Status, world.RuleOf(foreign)));
        Assert.Equal((404, "CO-19"), (unknown.Status, world.RuleOf(unknown)));
        Assert.DoesNotContain(id, await world.SecondPortal.WaitingRequestsAsync());

        // Neither no nor yes can be said by another, not even with what the owner's page shows.
        var form = await Portal.RequestFormAsync(id);
        var token = await world.SecondPortal.TokenAsync("/requests");
        var declined = await Answer.OfAsync(await world.SecondPortal.PostFormAsync($"/requests/{id:D}", ("__RequestVerificationToken", token), ("decision", "decline")));
        Assert.Equal((404, "CO-19"), (declined.Status, world.RuleOf(declined)));
        var approved = await world.SecondPortal.SendRequestFormAsync(form with { Token = token }, await world.SecondPortal.UsePasskeyAsync(form));
        Assert.Equal((404, "CO-19"), (approved.Status, world.RuleOf(approved)));
        Assert.Equal(303, (await Portal.ApproveRequestAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "CO-10")]
    [Trait("Rule", "PK-06")]
    public async Task Being_signed_in_approves_nothing()
    {
        var id = await world.IdOfAsync(await Tpp.AskAsync(await world.GoodAsync()));
        var form = await Portal.RequestFormAsync(id);
        await RefusedAsync(Portal.SendRequestFormAsync(form, ("", "")), "PK-08");
        await RefusedAsync(Portal.SendRequestFormAsync(form, ("made-up", "{}")), "PK-06");

        // Without a session there is no ceremony either.
        using var stranger = new PortalBrowser(world.Host);
        var options = await stranger.PostAsync("/passkeys/approval/options", new { request = id, digest = form.Digest, choice = form.Accounts });
        Assert.False(options.IsSuccess);
        Assert.Contains(world.Host.Refusals, refusal => refusal.Rule == "CO-10");
        Assert.Equal(303, (await Portal.ApproveRequestAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "PK-17")]
    [Trait("Rule", "PK-06")]
    [Trait("Rule", "CIBA-32")]
    public async Task A_passkey_used_for_one_thing_approves_no_other()
    {
        var first = await world.IdOfAsync(await Tpp.AskAsync(await world.GoodAsync()));
        var second = await world.IdOfAsync(await Tpp.AskAsync(await world.GoodAsync()));
        var (form, other) = (await Portal.RequestFormAsync(first), await Portal.RequestFormAsync(second));

        // Another request, other accounts, another document.
        await RefusedAsync(Portal.SendRequestFormAsync(other, await Portal.UsePasskeyAsync(form)), "PK-17");
        await RefusedAsync(Portal.SendRequestFormAsync(form with { Accounts = [form.Accounts[0]] }, await Portal.UsePasskeyAsync(form)), "PK-17");
        await RefusedAsync(Portal.SendRequestFormAsync(form with { Digest = other.Digest }, await Portal.UsePasskeyAsync(form)), "PK-17");

        // What was used for a sign-in, and a sign-in with what was used here.
        var signIn = await Portal.SignInOptionsAsync();
        await RefusedAsync(Portal.SendRequestFormAsync(form, (signIn.Ceremony!, Credential(signIn))), "PK-06");
        var approval = await Portal.PostAsync("/passkeys/approval/options", new { request = first, digest = form.Digest, choice = form.Accounts });
        Assert.False((await Portal.FinishSignInAsync(approval)).IsSuccess);
        Assert.Equal("PK-06", world.Host.Refusals[^1].Rule);

        // Twice.
        var passkey = await Portal.UsePasskeyAsync(form);
        Assert.Equal(303, (await Portal.SendRequestFormAsync(form, passkey)).Status);
        await RefusedAsync(Portal.SendRequestFormAsync(other, passkey), "PK-06");
        Assert.Equal(303, (await Portal.ApproveRequestAsync(second)).Status);
    }

    [Fact]
    [Trait("Rule", "PK-07")]
    [Trait("Rule", "PK-01")]
    [Trait("Rule", "PK-02")]
    [Trait("Rule", "PK-09")]
    public async Task The_assertion_is_judged_as_at_a_sign_in()
    {
        var id = await world.IdOfAsync(await Tpp.AskAsync(await world.GoodAsync()));
        var form = await Portal.RequestFormAsync(id);
        await RefusedAsync(Portal.SendRequestFormAsync(form, await Portal.UsePasskeyAsync(form, new Tampering { Flags = 0x01 })), "PK-01");
        await RefusedAsync(Portal.SendRequestFormAsync(form, await Portal.UsePasskeyAsync(form, new Tampering { Origin = "https://evil.example" })), "PK-02");

        // The second customer's passkey, in the first one's browser.
        var (own, foreign) = (Portal.Authenticator, world.SecondPortal.Authenticator);
        Portal.Authenticator = foreign;
        await RefusedAsync(Portal.SendRequestFormAsync(form, await Portal.UsePasskeyAsync(form)), "PK-07");
        Portal.Authenticator = own;
        Assert.Equal(303, (await Portal.ApproveRequestAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "OA-42")]
    [Trait("Rule", "CO-10")]
    [Trait("Rule", "OA-47")]
    public async Task The_browsers_way_and_the_portals_do_not_finish_each_other()
    {
        var consent = await Tpp.CreateConsentAsync();
        var asked = await Tpp.AskAsync(TestTpp.BackchannelRequest(consent, world.Customer));
        var id = await world.IdOfAsync(asked);
        var interaction = await Portal.ArriveAsync(Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(consent))));

        // Signed in to the portal, a passkey used for the portal's request: the interaction still asks for its own sign-in.
        var form = await Portal.RequestFormAsync(id);
        var passkey = await Portal.UsePasskeyAsync(form);
        var posted = await Portal.DecideAsync(form with { Interaction = interaction });
        Assert.Equal((303, (string?)null), (posted.Status, posted.Code));
        Assert.Equal(400, (int)(await Portal.GetAsync($"/approve?interaction={id:D}")).StatusCode);
        Assert.Equal(404, (int)(await Portal.GetAsync($"/requests/{interaction}")).StatusCode);
        Assert.Equal("authorization_pending", (await Tpp.PollAsync(asked)).Error);

        // Finished in the browser, the request of the portal waits on and is a continuation now.
        Assert.True((await Portal.SignInAsync(interaction: interaction)).IsSuccess);
        Assert.Equal("slow_down", (await Tpp.PollAsync(asked)).Error);
        Assert.NotNull((await Portal.DecideAsync(await Portal.ApprovalAsync(interaction))).Code);
        world.Host.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("authorization_pending", (await Tpp.PollAsync(asked)).Error);

        // What was shown before is not what is there now.
        var late = await Portal.SendRequestFormAsync(form with { Token = await Portal.TokenAsync("/requests") }, passkey);
        Assert.Equal(409, late.Status);
        Assert.Equal(303, (await Portal.ApproveRequestAsync(id)).Status);
        Assert.Equal(200, (await Tpp.PollAsync(asked)).Status);
    }

    [Fact]
    [Trait("Rule", "CO-07")]
    [Trait("Rule", "CO-05")]
    [Trait("Rule", "A-1")]
    public async Task What_is_not_approved_as_shown_leaves_the_customer_the_choice()
    {
        var id = await world.IdOfAsync(await Tpp.AskAsync(await world.GoodAsync()));
        var form = await Portal.RequestFormAsync(id);
        var changed = form with { Digest = new string('A', 43) };
        Assert.Equal(409, (await Portal.SendRequestFormAsync(changed, await Portal.UsePasskeyAsync(changed))).Status);
        var foreign = form with { Accounts = [world.SecondCustomer.AccountIds[0]] };
        var answer = await Portal.SendRequestFormAsync(foreign, await Portal.UsePasskeyAsync(foreign));
        Assert.Equal((403, "CO-05"), (answer.Status, world.RuleOf(answer)));
        var none = await Portal.SendRequestFormAsync(form with { Accounts = [] }, ("", ""));
        Assert.Equal(400, none.Status);
        Assert.Contains("Choose at least one account.", none.Body, StringComparison.Ordinal);
        Assert.Equal(303, (await Portal.ApproveRequestAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "CO-08")]
    [Trait("Rule", "CO-09")]
    public async Task Of_several_decisions_at_one_moment_one_is_made()
    {
        var asked = await Tpp.AskAsync(await world.GoodAsync());
        var id = await world.IdOfAsync(asked);
        var form = await Portal.RequestFormAsync(id);
        var passkeys = new List<(string, string)>();
        for (var i = 0; i < 10; i++) passkeys.Add(await Portal.UsePasskeyAsync(form));
        var answers = await Task.WhenAll(passkeys.Select(passkey => Task.Run(() => Portal.SendRequestFormAsync(form, passkey))));
        Assert.Equal(1, answers.Count(answer => answer.Status == 303));
        Assert.All(answers.Where(answer => answer.Status != 303), answer => Assert.Equal(409, answer.Status));

        var late = await Answer.OfAsync(await Portal.PostFormAsync($"/requests/{id:D}", ("__RequestVerificationToken", form.Token), ("decision", "decline")));
        Assert.Equal((409, "CO-08"), (late.Status, world.RuleOf(late)));
        var again = await Portal.SendRequestFormAsync(form, ("x", "{}"));
        Assert.Equal((409, "CO-09"), (again.Status, world.RuleOf(again)));
        Assert.Equal(200, (await Tpp.PollAsync(asked)).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-36")]
    public async Task A_customer_can_switch_requests_off()
    {
        await SwitchAsync("no");
        await world.RefusedAsync(Tpp.BackchannelAsync(await world.GoodAsync()), 403, "access_denied", "CIBA-36");
        await SwitchAsync("yes");
        Assert.Equal(200, (await Tpp.BackchannelAsync(await world.GoodAsync())).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-36")]
    public async Task Strangers_are_not_prompted_and_nobody_is_worn_down()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            options.Settings["Identity:BackchannelFirstContact"] = "false";
            options.Settings["RateLimits:BackchannelWaitingPerCustomer"] = "2";
            options.Settings["RateLimits:BackchannelPerCustomerAndClientAndHour"] = "3";
        });
        using var tpp = await TestTpp.RegisterAsync(host, change: TestTpp.OnTheBackchannel());
        var customer = await TestCustomer.CreateAsync(host);
        using var portal = await customer.SignInAsync();

        // The answer for a stranger is the one for nobody.
        var stranger = await tpp.BackchannelAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer));
        var nobody = await tpp.BackchannelAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer).With("login_hint", "nobody"));
        Assert.Equal((400, "unknown_user_id", stranger.Body), (stranger.Status, stranger.Error, nobody.Body));
        Assert.Equal(["CIBA-36", "CIBA-10"], host.Refusals.Select(refusal => refusal.Rule));

        await tpp.AuthoriseAsync(customer);
        var requests = new List<string>();
        for (var i = 0; i < 2; i++) requests.Add(await tpp.AskAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer)));
        await TooManyAsync();
        var waiting = await portal.WaitingRequestsAsync();
        Assert.Equal(2, waiting.Count);
        Assert.Contains("2<span class=\"unseen\"> waiting", await portal.PageAsync("/"), StringComparison.Ordinal);
        foreach (var id in waiting) await portal.DeclineRequestAsync(id);
        await tpp.AskAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer));
        await TooManyAsync();
        host.Clock.Advance(TimeSpan.FromHours(1));
        await tpp.AskAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer));

        async Task TooManyAsync()
        {
            var answer = await tpp.BackchannelAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer));
            Assert.Equal((429, "CIBA-36", "300"), (answer.Status, host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule, answer.Header("Retry-After")));
        }
    }

    private async Task SwitchAsync(string take) =>
        Assert.Equal(303, (int)(await Portal.SubmitAsync("/requests", "/requests/taking", ("take", take))).StatusCode);

    private string Credential(PasskeyAnswer options) => System.Text.Json.JsonSerializer.Serialize(Portal.Authenticator.Get(options.PublicKey, Portal.Origin));

    private async Task RefusedAsync(Task<Answer> decision, string rule)
    {
        var answer = await decision;
        Assert.Equal((400, rule), (answer.Status, world.RuleOf(answer)));
        Assert.Contains("nothing was approved", answer.Body, StringComparison.Ordinal);
    }
}
