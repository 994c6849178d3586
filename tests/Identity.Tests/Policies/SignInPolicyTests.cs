using System.Net;
using OpenBanking.Identity.Policies;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>Each outcome at a sign-in, as a browser meets it.</summary>
public sealed class SignInPolicyTests(PolicyHost fixture) : IClassFixture<PolicyHost>
{
    private TestHost Host => fixture.Host;

    [Fact]
    public async Task Allowed_on_a_quiet_day_and_the_history_says_what_was_new()
    {
        using var known = await fixture.KnownAsync();
        Assert.Equal("SignedIn Allow -", await fixture.LastDecisionAsync(known));
        Assert.Contains("Nothing was unusual.", await known.PageAsync("/signins"), StringComparison.Ordinal);

        using var other = fixture.NewDevice(known);
        Assert.True((await other.SignInAsync()).IsSuccess);
        Assert.Contains("It was the first sign-in from this device.", await other.PageAsync("/signins"), StringComparison.Ordinal);

        Assert.True((await other.SignInAsync()).IsSuccess);
        var matched = await Host.Database.ScalarAsync<string>(
            """SELECT string_agg("Decision"->>'matched', ' ' ORDER BY "Id") FROM identity.sign_ins WHERE "UserId" = $1 AND "Outcome" = 'SignedIn'""", PolicyHost.UserOf(known));
        Assert.Equal("""[] ["NewDevice"] []""", matched);
    }

    [Fact]
    public async Task Asked_again_a_new_device_gets_in_with_the_passkey_once_more()
    {
        using var known = await fixture.KnownAsync();
        await using var raised = await fixture.ThreatAsync(1);
        Assert.True((await known.SignInAsync()).IsSuccess); // who is known bears no burden

        using var other = fixture.NewDevice(known);
        var asked = await other.SignInAsync();
        Assert.True(asked.AsksAgain, asked.Text);
        Assert.Equal("There are more attacks on our customers than usual, and this device is new. Please use your passkey once more.", asked.Message);
        Assert.False(PolicyHost.IsSignedIn(other, Host));
        Assert.Equal("AskedAgain AskAgain NewDeviceUnderThreat", await fixture.LastDecisionAsync(other));

        Assert.True((await other.ConfirmAsync(asked)).IsSuccess);
        Assert.True(PolicyHost.IsSignedIn(other, Host));
        var page = await other.PageAsync("/signins");
        Assert.Contains("Asked for the passkey once more", page, StringComparison.Ordinal);
        Assert.Contains("this device is new. You confirmed it with your passkey.", page, StringComparison.Ordinal);
        Assert.True((await other.SignInAsync()).IsSuccess); // it is known now
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    [Trait("Rule", "PK-07")]
    public async Task A_confirmation_is_of_the_same_customer_in_the_same_browser_and_once()
    {
        using var known = await fixture.KnownAsync();
        using var somebody = await fixture.KnownAsync();
        await using var raised = await fixture.ThreatAsync(1);

        using var other = fixture.NewDevice(known);
        var asked = await other.SignInAsync();
        other.Authenticator = somebody.Authenticator;
        Refused("PK-07", await other.ConfirmAsync(asked));
        other.Authenticator = known.Authenticator;
        Refused("PK-06", await other.ConfirmAsync(asked));

        asked = await other.SignInAsync();
        using var third = fixture.NewDevice(known);
        await third.SignInOptionsAsync();
        Refused("PK-06", await third.ConfirmAsync(asked));

        asked = await other.SignInAsync();
        Assert.True((await other.ConfirmAsync(asked)).IsSuccess);
        Refused("PK-06", await other.ConfirmAsync(asked));
    }

    [Fact]
    [Trait("Rule", "CO-04")]
    public async Task A_confirmation_goes_on_with_the_request_that_it_was_asked_for()
    {
        using var known = await fixture.KnownAsync();
        await using var raised = await fixture.ThreatAsync(1);
        using var other = fixture.NewDevice(known);
        var interaction = await other.ArriveAsync(await fixture.RequestAsync());
        var asked = await other.SignInAsync(interaction: interaction);
        Assert.True(asked.AsksAgain, asked.Text);

        Refused("PK-06", await other.ConfirmAsync(asked)); // without the request it was asked for
        asked = await other.SignInAsync(interaction: interaction);
        var done = await other.ConfirmAsync(asked, interaction);
        Assert.Equal($"/approve?interaction={interaction}", done.Next);
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task Put_off_a_new_device_gets_in_after_the_wait_which_no_further_try_prolongs()
    {
        using var known = await fixture.KnownAsync();
        await using var high = await fixture.ThreatAsync(2);
        Assert.True((await known.SignInAsync()).IsSuccess);

        using var other = fixture.NewDevice(known);
        var start = Host.Clock.Now;
        try
        {
            Host.Clock.StopAt(start);
            var held = await other.SignInAsync();
            Held(held, HttpStatusCode.TooManyRequests, "try_later", "policy NewDeviceUnderAttack", seconds: 30);
            Assert.Equal("Attacks on our customers are going on, and this device is new. Please try again in 30 seconds.", held.Message);
            Assert.Equal("Delayed Delay NewDeviceUnderAttack", await fixture.LastDecisionAsync(other));

            Host.Clock.StopAt(start.AddSeconds(29));
            Held(await other.SignInAsync(), HttpStatusCode.TooManyRequests, "try_later", "policy NewDeviceUnderAttack", seconds: 1);
            Assert.False(PolicyHost.IsSignedIn(other, Host));

            // The wait over, what is left is the weaker rule: the passkey once more.
            Host.Clock.StopAt(start.AddSeconds(30));
            var asked = await other.SignInAsync();
            Assert.True(asked.AsksAgain, asked.Text);
            Assert.True((await other.ConfirmAsync(asked)).IsSuccess);
        }
        finally
        {
            Host.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task A_wait_is_of_one_device_and_forgotten_in_time()
    {
        using var known = await fixture.KnownAsync();
        await using var high = await fixture.ThreatAsync(2);
        using var other = fixture.NewDevice(known);
        using var third = fixture.NewDevice(known);
        var start = Host.Clock.Now;
        try
        {
            Host.Clock.StopAt(start);
            Assert.Equal(HttpStatusCode.TooManyRequests, (await other.SignInAsync()).Status);
            Host.Clock.StopAt(start.AddSeconds(30));
            Held(await third.SignInAsync(), HttpStatusCode.TooManyRequests, "try_later", "policy NewDeviceUnderAttack", seconds: 30);

            Host.Clock.StopAt(start + TimeSpan.FromSeconds(30) + PolicyWaits.ServedFor - TimeSpan.FromSeconds(1));
            Assert.True((await other.SignInAsync()).AsksAgain);
            Host.Clock.StopAt(start + TimeSpan.FromSeconds(30) + PolicyWaits.ServedFor);
            Held(await other.SignInAsync(), HttpStatusCode.TooManyRequests, "try_later", "policy NewDeviceUnderAttack", seconds: 30);
        }
        finally
        {
            Host.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task Refused_at_a_new_place_the_owner_gets_in_with_a_known_device_and_sees_why()
    {
        using var known = await fixture.KnownAsync("GB");
        using var other = fixture.NewDevice(known, "FR");
        await using (await fixture.ThreatAsync(2))
        {
            var held = await other.SignInAsync();
            Held(held, HttpStatusCode.Forbidden, "not_now", "policy NewPlaceUnderAttack", seconds: null);
            Assert.EndsWith("Please use a device that you have used here before, try again later, or call us.", held.Message, StringComparison.Ordinal);
            Assert.False(PolicyHost.IsSignedIn(other, Host));
            Assert.Equal("Refused Refuse NewPlaceUnderAttack", await fixture.LastDecisionAsync(other));

            Assert.True((await known.SignInAsync()).IsSuccess);
            var page = await known.PageAsync("/signins");
            Assert.Contains("Sign-in refused", page, StringComparison.Ordinal);
            Assert.Contains("you come from a new device in a country that is new for you.", page, StringComparison.Ordinal);
            Assert.Contains("in France", page, StringComparison.Ordinal);
            Assert.Contains("in the United Kingdom", page, StringComparison.Ordinal);
        }

        // Lowered, it is a question only.
        var asked = await other.SignInAsync();
        Assert.True(asked.AsksAgain, asked.Text);
        Assert.True((await other.ConfirmAsync(asked)).IsSuccess);
        Assert.True((await other.SignInAsync()).IsSuccess);
    }

    [Fact]
    public async Task A_country_is_new_only_to_who_has_signed_in_from_known_ones()
    {
        using var unknown = await fixture.KnownAsync();
        using var first = fixture.NewDevice(unknown, "FR");
        Assert.True((await first.SignInAsync()).IsSuccess);
        using var second = fixture.NewDevice(unknown, "fr");
        Assert.True((await second.SignInAsync()).IsSuccess);
        using var third = fixture.NewDevice(unknown, "DE");
        Assert.True((await third.SignInAsync()).AsksAgain);
    }

    [Theory]
    [InlineData("GB", "GB")]
    [InlineData("gb", "GB")]
    [InlineData("GBR", null)]
    [InlineData("<b", null)]
    public async Task What_the_proxy_says_is_taken_where_it_is_a_country(string said, string? taken)
    {
        using var browser = await fixture.KnownAsync(said);
        Assert.Equal(taken ?? "", await Host.Database.ScalarAsync<string>(
            """SELECT COALESCE("Country", '') FROM identity.sign_ins WHERE "UserId" = $1 AND "Outcome" = 'SignedIn'""", PolicyHost.UserOf(browser)));
    }

    [Fact]
    [Trait("Rule", "OP-08")]
    [Trait("Rule", "FWD-02")]
    public async Task What_a_caller_says_of_itself_is_not_believed()
    {
        await using var host = await TestHost.StartAsync(options => PolicyHost.Choose(options, proxies: "192.0.2.1"));
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var browser = new PortalBrowser(host);
        PolicyHost.From(browser, address: "203.0.113.5", country: "GB", network: "AS64501");
        await browser.ActivateAsync("ada", code);
        Assert.True((await browser.SignInAsync()).IsSuccess);
        Assert.Equal("-", await host.Database.ScalarAsync<string>(
            """SELECT COALESCE("Country", '') || '-' || COALESCE("Decision"->'signals'->>'network', '') FROM identity.sign_ins WHERE "Outcome" = 'SignedIn'"""));
        Assert.DoesNotContain("203.0.113.5", host.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task Failed_tries_at_an_account_ask_new_devices_again_and_leave_known_ones_alone()
    {
        using var known = await fixture.KnownAsync();
        using var attacker = fixture.NewDevice(known);
        for (var i = 0; i < DefaultRules.GuessesWithoutWait; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await attacker.SignInAsync(tampering: new Tampering { Flags = SoftwareAuthenticator.UserPresent })).Status);

        using var device = fixture.NewDevice(known);
        Assert.True((await device.SignInAsync()).AsksAgain);
        Assert.Equal("AskedAgain AskAgain AccountUnderAttack", await fixture.LastDecisionAsync(device));
        Assert.True((await known.SignInAsync()).IsSuccess);
        Assert.Contains("There had been failed attempts with your username in the hour before.", await known.PageAsync("/signins"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task Failed_tries_from_an_address_put_off_new_devices_there_and_nobody_elsewhere()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            PolicyHost.Choose(options);
            options.Settings["Policies:Rules:AddressUnderAttack:AddressFailures"] = "3";
        });
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var known = new PortalBrowser(host);
        PolicyHost.From(known, address: "198.51.100.7");
        await known.ActivateAsync("ada", code);

        // Credential stuffing: passkeys that nobody here has.
        using var attacker = new PortalBrowser(host, new SoftwareAuthenticator { UserHandle = "01900000-0000-7000-8000-000000000000" });
        PolicyHost.From(attacker, address: "198.51.100.7");
        var neighbours = new List<PortalBrowser>();
        foreach (var allowed in new[] { true, true, true, false })
        {
            var neighbour = new PortalBrowser(host, known.Authenticator);
            neighbours.Add(neighbour);
            PolicyHost.From(neighbour, address: "198.51.100.7");
            var answer = await neighbour.SignInAsync();
            Assert.Equal(allowed, answer.IsSuccess);
            if (!allowed) Assert.Equal(TimeSpan.FromSeconds(10), answer.RetryAfter);
            if (allowed) Assert.Equal(HttpStatusCode.BadRequest, (await attacker.SignInAsync()).Status);
        }

        Assert.True((await known.SignInAsync()).IsSuccess);
        using var elsewhere = new PortalBrowser(host, known.Authenticator);
        PolicyHost.From(elsewhere, address: "198.51.100.8");
        Assert.True((await elsewhere.SignInAsync()).IsSuccess);
        neighbours.ForEach(neighbour => neighbour.Dispose());
    }

    [Theory]
    [InlineData(179, false)]
    [InlineData(180, true)]
    public async Task A_passkey_that_was_long_unused_is_asked_for_again(int days, bool again)
    {
        await using var host = await TestHost.StartAsync();
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var browser = new PortalBrowser(host);
        await browser.ActivateAsync("ada", code);
        await browser.SignInAsync();
        host.Clock.StopAt(start.AddDays(days));
        var answer = await browser.SignInAsync();
        Assert.Equal((again, !again), (answer.AsksAgain, answer.IsSuccess));
        if (again) Assert.True((await browser.ConfirmAsync(answer)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-08")]
    public async Task The_device_cookie_opens_nothing_and_is_stored_as_a_hash_of_each_customer()
    {
        using var browser = new PortalBrowser(Host);
        using (var page = await browser.GetAsync("/signin")) Assert.DoesNotContain("device", page.Header("Set-Cookie") ?? "", StringComparison.Ordinal);
        Assert.Null(browser.Cookies.GetCookies(Host.Main)[KnownDevices.Cookie]);

        var (ada, adasCode) = await fixture.NewCustomerAsync();
        var (bob, bobsCode) = await fixture.NewCustomerAsync();
        await browser.ActivateAsync(ada, adasCode);
        await browser.SignInAsync();
        var cookie = browser.Cookies.GetCookies(Host.Main)[KnownDevices.Cookie]!;
        Assert.True(cookie is { Secure: true, HttpOnly: true, Path: "/" });
        Assert.DoesNotContain(cookie.Value, Host.Log.Text, StringComparison.Ordinal);

        var first = PolicyHost.UserOf(browser);
        browser.Authenticator = new SoftwareAuthenticator();
        await browser.ActivateAsync(bob, bobsCode);
        await browser.SignInAsync();
        Assert.Equal(cookie.Value, browser.Cookies.GetCookies(Host.Main)[KnownDevices.Cookie]!.Value);
        Assert.Equal(2, await Host.Database.ScalarAsync<long>(
            """SELECT count(DISTINCT "Hash") FROM identity.known_devices WHERE "UserId" IN ($1, $2)""", first, PolicyHost.UserOf(browser)));
    }

    [Fact]
    public async Task Each_decision_is_one_line_in_the_security_log_with_its_signals()
    {
        using var known = await fixture.KnownAsync("GB");
        var user = PolicyHost.UserOf(known).ToString("D");
        var line = Assert.Single(Host.Log.Lines, line => line.Contains(DecisionLog.Category, StringComparison.Ordinal) && line.Contains(user, StringComparison.Ordinal));
        Assert.StartsWith("Information", line, StringComparison.Ordinal);
        Assert.Contains("Decided Allow at SignIn by - of -", line, StringComparison.Ordinal);
        Assert.Contains("threat=Normal account-failures=0 address-failures=", line, StringComparison.Ordinal);
        Assert.Contains("device=known country=GB network=- unused=", line, StringComparison.Ordinal);
    }

    private void Refused(string rule, PasskeyAnswer answer)
    {
        Assert.Equal((HttpStatusCode.BadRequest, """{"error":"passkey_failed"}"""), (answer.Status, answer.Text));
        Assert.Equal(rule, Host.Log.LastRefusal?.Rule);
    }

    private void Held(PasskeyAnswer answer, HttpStatusCode status, string error, string rule, int? seconds)
    {
        Assert.Equal((status, error), (answer.Status, answer.Json.GetProperty("error").GetString()));
        Assert.Equal(seconds, (int?)answer.RetryAfter?.TotalSeconds);
        Assert.Equal((error, rule), (Host.Log.LastRefusal?.Code, Host.Log.LastRefusal?.Rule));
    }
}
