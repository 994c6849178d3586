using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Users;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>Activation codes: once, in time, guessed slowly and never locked for good.</summary>
public sealed class ActivationTests(PasskeyHost fixture) : IClassFixture<PasskeyHost>
{
    [Fact]
    [Trait("Rule", "PO-14")]
    public async Task A_code_is_good_once()
    {
        var (username, code) = await fixture.NewCustomerAsync(reusable: false);
        using var browser = new PortalBrowser(fixture.Host);
        Assert.True((await browser.ActivateAsync(username, code)).IsSuccess);
        fixture.IsRefused("PO-14", await browser.ActivateAsync(username, code));
    }

    [Fact]
    [Trait("Rule", "PO-14")]
    public async Task Of_many_that_race_with_one_code_one_gets_a_passkey()
    {
        var (username, code) = await fixture.NewCustomerAsync(reusable: false);
        var browsers = Enumerable.Range(0, 8).Select(_ => new PortalBrowser(fixture.Host)).ToList();
        var options = await Task.WhenAll(browsers.Select(browser => browser.RegistrationOptionsAsync(new { username, activationCode = code })));
        var answers = await Task.WhenAll(browsers.Select((browser, i) => browser.FinishRegistrationAsync(options[i])));
        Assert.Single(answers, answer => answer.IsSuccess);
        browsers.ForEach(browser => browser.Dispose());
    }

    [Fact]
    [Trait("Rule", "PO-14")]
    public async Task In_the_sandbox_a_code_may_be_used_again()
    {
        var (username, code) = await fixture.NewCustomerAsync();
        using var first = new PortalBrowser(fixture.Host);
        using var second = new PortalBrowser(fixture.Host);
        Assert.True((await first.ActivateAsync(username, code)).IsSuccess);
        Assert.True((await second.ActivateAsync(username.ToUpperInvariant(), code.Replace("-", " ", StringComparison.Ordinal).ToLowerInvariant())).IsSuccess);
        Assert.True((await first.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-14")]
    public async Task An_activation_ends_every_open_session()
    {
        var (username, code) = await fixture.NewCustomerAsync();
        using var browser = new PortalBrowser(fixture.Host);
        await browser.ActivateAsync(username, code);
        await browser.SignInAsync();
        Assert.Equal(200, (int)(await browser.GetAsync("/passkeys")).StatusCode);

        using var second = new PortalBrowser(fixture.Host);
        Assert.True((await second.ActivateAsync(username, code)).IsSuccess);
        Assert.Equal(303, (int)(await browser.GetAsync("/passkeys")).StatusCode);
        await browser.SignInAsync();
        Assert.Contains("created with an activation code", await browser.PageAsync("/signins"), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "PO-14")]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task A_code_lives_fourteen_days(int secondsFromEnd, bool good)
    {
        await using var host = await TestHost.StartAsync();
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        host.Clock.StopAt(start + TimeSpan.FromDays(14) + TimeSpan.FromSeconds(secondsFromEnd));
        using var browser = new PortalBrowser(host);
        Assert.Equal(good, (await browser.ActivateAsync("ada", code)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-14")]
    public async Task A_new_code_replaces_the_old_one()
    {
        var (username, old) = await fixture.NewCustomerAsync();
        var code = await PortalBrowser.NewCustomerAsync(fixture.Host, username);
        using var browser = new PortalBrowser(fixture.Host);
        fixture.IsRefused("PO-14", await browser.ActivateAsync(username, old));
        Assert.True((await browser.ActivateAsync(username, code)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-12")]
    public async Task A_wrong_code_an_unknown_name_and_a_used_code_look_alike()
    {
        var (username, _) = await fixture.NewCustomerAsync();
        var (used, code) = await fixture.NewCustomerAsync(reusable: false);
        using var browser = new PortalBrowser(fixture.Host);
        await browser.ActivateAsync(used, code);
        foreach (var (name, guess) in new[] { (username, "0000-0000-0000-0000"), ("nobody", "0000-0000-0000-0000"), (used, code), (username, "") })
            fixture.IsRefused("PO-14", await browser.ActivateAsync(name, guess));
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    [Trait("Rule", "OB-SCA-1")]
    public async Task Guesses_at_one_account_are_slowed_down_and_the_owner_still_gets_in()
    {
        await using var host = await TestHost.StartAsync();
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var owner = new PortalBrowser(host);
        Assert.True((await owner.ActivateAsync("ada", code)).IsSuccess);

        using var attacker = new PortalBrowser(host);
        for (var second = 0; second < 60; second++)
        {
            await attacker.ActivateAsync("ada", "0000-0000-0000-0000");
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        // Five without a wait, then after 1, 2, 4, 8, 16 and 32 seconds: looked at, not merely answered.
        Assert.InRange(host.Refusals.Count(refusal => refusal.Rule == "PO-14"), 9, 11);
        Assert.True(host.Refusals.Count(refusal => refusal.Rule == "PO-13") > 40);

        // The right code waits too, but not for good; a passkey does not wait at all.
        Assert.True((await owner.SignInAsync()).IsSuccess);
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True((await attacker.ActivateAsync("ada", code)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    [Trait("Reliability", "R33")]
    public async Task Guesses_at_one_moment_are_judged_one_after_the_other()
    {
        await using var host = await TestHost.StartAsync();
        await PortalBrowser.NewCustomerAsync(host, "ada");
        host.Clock.StopAt(host.Clock.Now);
        var attackers = Enumerable.Range(0, 40).Select(_ => new PortalBrowser(host)).ToList();
        foreach (var attacker in attackers) await attacker.TokenAsync();
        await Task.WhenAll(attackers.Select(attacker => attacker.ActivateAsync("ada", "0000-0000-0000-0000")));

        Assert.Equal(DefaultRules.GuessesWithoutWait, host.Refusals.Count(refusal => refusal.Rule == "PO-14"));
        Assert.Equal(40 - DefaultRules.GuessesWithoutWait, host.Refusals.Count(refusal => refusal.Rule == "PO-13"));
        foreach (var attacker in attackers) attacker.Dispose();
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task At_most_twenty_guesses_an_account_and_hour_are_looked_at()
    {
        await using var host = await TestHost.StartAsync(options => options.Settings["Policies:Rules:GuessesOfAddress:AddressFailures"] = "1000");
        await PortalBrowser.NewCustomerAsync(host, "ada");
        using var attacker = new PortalBrowser(host);
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        for (var minute = 0; minute < 59; minute++)
        {
            // The window is the hour after the first guess, however the guesses are spread.
            host.Clock.StopAt(start + TimeSpan.FromSeconds(60 * minute));
            for (var i = 0; i < 3; i++) await attacker.ActivateAsync("ada", "0000-0000-0000-0000");
        }

        Assert.InRange(host.Refusals.Count(refusal => refusal.Rule == "PO-14"), 15, DefaultRules.MostGuesses);
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task Guesses_from_one_address_at_many_accounts_are_limited()
    {
        await using var host = await TestHost.StartAsync(options => options.Settings["Policies:Rules:GuessesOfAddress:AddressFailures"] = "10");
        using var attacker = new PortalBrowser(host);
        for (var i = 0; i < 15; i++) await attacker.ActivateAsync($"name{i}", "0000-0000-0000-0000");
        Assert.Equal(10, host.Refusals.Count(refusal => refusal.Rule == "PO-14"));
        Assert.Equal(5, host.Refusals.Count(refusal => refusal.Rule == "PO-13"));
    }

    [Theory]
    [Trait("Rule", "PO-13")]
    [InlineData(5, 1)]
    [InlineData(6, 2)]
    [InlineData(13, 256)]
    [InlineData(14, 300)]
    [InlineData(1000, 300)]
    public void The_wait_doubles_and_has_an_end(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), DefaultRules.InOrder.Single(rule => rule.Name == "WaitOfAccount").WaitAfter(failures));

    [Fact]
    public void A_new_code_has_sixteen_characters_in_groups_and_none_that_is_misread()
    {
        var codes = Enumerable.Range(0, 200).Select(_ => ActivationCode.New()).ToList();
        Assert.All(codes, code => Assert.Matches(@"\A([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\z", code));
        Assert.Equal(codes.Count, codes.Distinct().Count());
        var user = Guid.CreateVersion7();
        Assert.Equal(ActivationCode.HashOf(user, "0123-ABCD-1111-0000"), ActivationCode.HashOf(user, " o123 abcd iL1I OOoo"));
    }
}
