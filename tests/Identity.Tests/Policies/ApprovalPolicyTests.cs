using System.Net;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>Each outcome at an approval, by the portal's pages.</summary>
public sealed class ApprovalPolicyTests(PolicyHost fixture) : IClassFixture<PolicyHost>
{
    private TestHost Host => fixture.Host;

    [Fact]
    public async Task Allowed_it_is_a_line_in_the_history()
    {
        var (browser, interaction) = await AtApprovalAsync();
        using var own = browser;
        Assert.NotNull((await browser.DecideAsync(await browser.ApprovalAsync(interaction))).Code);
        Assert.Equal("Approved Allow -", await fixture.LastDecisionAsync(browser));
        Assert.Contains("Approval for", await browser.PageAsync("/signins"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OA-47")]
    [Trait("Rule", "CO-10")]
    public async Task Asked_again_the_passkey_right_there_and_nothing_else_leads_to_the_approval()
    {
        var (browser, interaction) = await AtApprovalAsync();
        using var own = browser;
        await UsedBeforeAsync(browser, TimeSpan.FromHours(2));
        await using var high = await fixture.ThreatAsync(2);
        var form = await browser.ApprovalAsync(interaction);
        var chosen = form.Accounts[1];

        // The same form, as often as one likes: the server keeps the step.
        for (var i = 0; i < 2; i++)
        {
            using var answer = await PostAsync(browser, form, chosen);
            Assert.Equal((HttpStatusCode.SeeOther, $"/signin?interaction={interaction}"), (answer.StatusCode, answer.Header("Location")));
        }

        Assert.Equal("ApprovalAskedAgain AskAgain ApprovalUnderAttack", await fixture.LastDecisionAsync(browser));
        using (var page = await browser.GetAsync($"/approve?interaction={interaction}")) Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
        var signIn = await browser.PageAsync($"/signin?interaction={interaction}");
        Assert.Contains("Confirm that it is you", signIn, StringComparison.Ordinal);
        Assert.Contains("each approval needs your passkey", signIn, StringComparison.Ordinal);

        Host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await browser.SignInAsync(interaction: interaction)).IsSuccess);
        var shown = await browser.PageAsync($"/approve?interaction={interaction}");
        Assert.Contains($"value=\"{chosen}\" checked", shown, StringComparison.Ordinal);
        Assert.DoesNotContain($"value=\"{form.Accounts[0]}\" checked", shown, StringComparison.Ordinal);
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(interaction), accounts: [chosen]);
        Assert.NotNull(decision.Code);
        Assert.Equal("Approved Allow -", await fixture.LastDecisionAsync(browser));
        Assert.Contains("so each approval needs your passkey. You confirmed it with your passkey.", await browser.PageAsync("/signins"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asked_again_the_customer_may_also_cancel()
    {
        var (browser, interaction) = await AtApprovalAsync();
        using var own = browser;
        await using var high = await fixture.ThreatAsync(2);
        var form = await browser.ApprovalAsync(interaction);
        using (await PostAsync(browser, form, form.Accounts[0]))
        {
            using var answer = await browser.SubmitAsync($"/signin?interaction={interaction}", "/approve", ("interaction", interaction), ("decision", "cancel"));
            Assert.Contains("error=access_denied", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(299, true)]
    [InlineData(300, false)]
    public async Task An_approval_long_after_the_passkey_asks_again(int seconds, bool approved)
    {
        var start = Host.Clock.Now;
        try
        {
            Host.Clock.StopAt(start);
            var (browser, interaction) = await AtApprovalAsync();
            using var own = browser;

            // Looking at the page keeps the session alive, but is no proof of anything.
            Host.Clock.StopAt(start.AddSeconds(200));
            var form = await browser.ApprovalAsync(interaction);
            Host.Clock.StopAt(start.AddSeconds(seconds));
            using var answer = await PostAsync(browser, form, form.Accounts[0]);
            Assert.Equal(approved ? HttpStatusCode.OK : HttpStatusCode.SeeOther, answer.StatusCode);
            Assert.Equal(approved ? "Approved Allow -" : "ApprovalAskedAgain AskAgain LateApproval", await fixture.LastDecisionAsync(browser));
        }
        finally
        {
            Host.Clock.Run();
        }
    }

    [Fact]
    public async Task Put_off_it_is_a_page_that_comes_back_and_the_request_stays_open()
    {
        var start = Host.Clock.Now;
        try
        {
            Host.Clock.StopAt(start);
            var (browser, interaction) = await AtApprovalAsync();
            using var own = browser;
            PolicyHost.From(browser, network: "AS64500");
            Host.Clock.StopAt(start.AddSeconds(1));
            var form = await browser.ApprovalAsync(interaction);
            using (var answer = await PostAsync(browser, form, form.Accounts[0]))
            {
                var page = await answer.Content.ReadAsStringAsync();
                Assert.Equal((HttpStatusCode.TooManyRequests, "30"), (answer.StatusCode, answer.Header("Retry-After")));
                Assert.Equal($"30; url=/approve?interaction={interaction}", answer.Header("Refresh"));
                Assert.Contains("Your network is under watch. Please try again in 30 seconds.", page, StringComparison.Ordinal);
                Assert.Equal(("page", "policy Slow"), (Host.Log.LastRefusal?.Code, Host.Log.LastRefusal?.Rule));
                Assert.Equal("ApprovalDelayed Delay Slow", await fixture.LastDecisionAsync(browser));
            }

            Host.Clock.StopAt(start.AddSeconds(30));
            using (var answer = await PostAsync(browser, form, form.Accounts[0])) Assert.Equal("1", answer.Header("Retry-After"));
            Host.Clock.StopAt(start.AddSeconds(31));
            Assert.NotNull((await browser.DecideAsync(await browser.ApprovalAsync(interaction))).Code);
        }
        finally
        {
            Host.Clock.Run();
        }
    }

    [Fact]
    public async Task Refused_it_is_a_page_that_says_what_to_do_and_the_request_stays_open()
    {
        var (browser, interaction) = await AtApprovalAsync();
        using var own = browser;
        PolicyHost.From(browser, network: "AS64501");
        var form = await browser.ApprovalAsync(interaction);
        using (var answer = await PostAsync(browser, form, form.Accounts[0]))
        {
            var page = await answer.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("Your network is under watch. Please try again later, or call us.", page, StringComparison.Ordinal);
            Assert.Contains($"href=\"/approve?interaction={interaction}\"", page, StringComparison.Ordinal);
            Assert.Equal("policy Closed", Host.Log.LastRefusal?.Rule);
            Assert.Equal("ApprovalRefused Refuse Closed", await fixture.LastDecisionAsync(browser));
        }

        PolicyHost.From(browser);
        Assert.NotNull((await browser.DecideAsync(await browser.ApprovalAsync(interaction))).Code);
    }

    /// <summary>What came without a browser is approved under the same policy, and waits on while it is held.</summary>
    [Theory]
    [InlineData("AS64500", 429, "policy Slow", "ApprovalDelayed Delay Slow", "Please try again in 30 seconds.")]
    [InlineData("AS64501", 403, "policy Closed", "ApprovalRefused Refuse Closed", "Please try again later, or call us.")]
    [Trait("Rule", "CIBA-32")]
    public async Task A_waiting_request_is_held_too_and_stays_open(string network, int status, string rule, string line, string advice)
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: TestTpp.OnTheBackchannel());
        var (customer, browser) = await NewAsync();
        using var own = browser;
        Assert.True((await browser.SignInAsync()).IsSuccess);
        var asked = await tpp.AskAsync(TestTpp.BackchannelRequest(await tpp.CreateConsentAsync(), customer));
        var id = Assert.Single(await browser.WaitingRequestsAsync());

        PolicyHost.From(browser, network: network);
        var held = await browser.ApproveRequestAsync(id);
        Assert.Equal((status, rule), (held.Status, Host.Log.RefusalOf(held.Header("x-fapi-interaction-id")!)?.Rule));
        Assert.Contains(advice, held.Body, StringComparison.Ordinal);
        Assert.Contains($"href=\"/requests/{id:D}\"", held.Body, StringComparison.Ordinal);
        Assert.Equal(status == 429 ? "30" : null, held.Header("Retry-After"));
        Assert.Equal(line, await fixture.LastDecisionAsync(browser));
        Assert.Equal("authorization_pending", (await tpp.PollAsync(asked)).Error);

        PolicyHost.From(browser);
        Assert.Equal(303, (await browser.ApproveRequestAsync(id)).Status);
        Host.Clock.Advance(TimeSpan.FromSeconds(10)); // A client that polls too soon is told so.
        Assert.Equal(200, (await tpp.PollAsync(asked)).Status);
    }

    /// <summary>The sign-in that an approval needs makes its device known; that alone does not make it an old acquaintance.</summary>
    [Theory]
    [InlineData(59, "ApprovalAskedAgain AskAgain NewDeviceUnderThreat")]
    [InlineData(61, "Approved Allow -")]
    public async Task At_an_approval_a_device_is_new_for_an_hour(int minutes, string expected)
    {
        var (browser, interaction) = await AtApprovalAsync();
        using var own = browser;
        await UsedBeforeAsync(browser, TimeSpan.FromMinutes(minutes));
        await using var raised = await fixture.ThreatAsync(1);
        var form = await browser.ApprovalAsync(interaction);
        using var answer = await PostAsync(browser, form, form.Accounts[0]);
        Assert.Equal(expected, await fixture.LastDecisionAsync(browser));
    }

    private Task<int> UsedBeforeAsync(PortalBrowser browser, TimeSpan before) => Host.Database.ExecuteAsync(
        """UPDATE identity.known_devices SET "FirstSeenAt" = "FirstSeenAt" - $2 WHERE "UserId" = $1""", PolicyHost.UserOf(browser), before);

    private async Task<(PortalBrowser Browser, string Interaction)> AtApprovalAsync()
    {
        var (_, browser) = await NewAsync();
        return (browser, await browser.ArriveAndSignInAsync(await fixture.RequestAsync()));
    }

    private async Task<(TestCustomer Customer, PortalBrowser Browser)> NewAsync()
    {
        var customer = await TestCustomer.CreateAsync(Host);
        var username = await Host.Database.ScalarAsync<string>("""SELECT "Username" FROM identity.users WHERE "Id" = $1""", customer.UserId) ?? "";
        var code = await PortalBrowser.NewCustomerAsync(Host, username, customer.CustomerId);
        var browser = new PortalBrowser(Host);
        Assert.True((await browser.ActivateAsync(username, code)).IsSuccess);
        return (customer, browser);
    }

    private static Task<HttpResponseMessage> PostAsync(PortalBrowser browser, ApprovalForm form, string account) => browser.PostFormAsync(
        "/approve", ("__RequestVerificationToken", form.Token), ("interaction", form.Interaction), ("digest", form.Digest), ("decision", "approve"), ("account", account));
}
