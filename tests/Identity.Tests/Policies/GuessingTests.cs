using System.Diagnostics;
using System.Globalization;
using OpenBanking.Identity.Policies;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>R33 and R34 in small form: guessing behind a proxy, and whether an answer tells who is a customer.</summary>
public sealed class GuessingTests
{
    private const string Wrong = "0000-0000-0000-0000";

    [Fact]
    [Trait("Reliability", "R33")]
    [Trait("Rule", "PO-13")]
    [Trait("Rule", "OB-SCA-1")]
    public async Task One_account_from_many_addresses_gets_twenty_guesses_an_hour_and_its_owner_in()
    {
        await using var host = await TestHost.StartAsync(options => PolicyHost.Choose(options));
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var owner = new PortalBrowser(host);
        PolicyHost.From(owner, address: "203.0.113.1");
        Assert.True((await owner.ActivateAsync("ada", code)).IsSuccess);

        var start = host.Clock.Now;
        using var attacker = new PortalBrowser(host);
        attacker.Token = await attacker.TokenAsync();
        for (var i = 0; i < 300; i++)
        {
            host.Clock.StopAt(start.AddSeconds(i * 11)); // 300 within the hour
            PolicyHost.From(attacker, address: string.Create(CultureInfo.InvariantCulture, $"198.51.100.{i % 200}"));
            await attacker.ActivateAsync("ada", Wrong);
            if (i % 50 == 49) Assert.True((await owner.SignInAsync()).IsSuccess);
        }

        // Judged, not merely answered; and by the account, since no address has more than two.
        Assert.InRange(host.Refusals.Count(refusal => refusal.Rule == "PO-14"), 15, DefaultRules.MostGuesses);
        Assert.Equal(300, host.Refusals.Count);

        // Never for good: an hour after the first guess the right code counts again, whatever came in between.
        host.Clock.StopAt(start + FailureCounts.Window + TimeSpan.FromSeconds(1));
        using var second = new PortalBrowser(host);
        PolicyHost.From(second, address: "203.0.113.1");
        Assert.True((await second.ActivateAsync("ada", code)).IsSuccess);
        Assert.True((await second.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Reliability", "R33")]
    [Trait("Rule", "PO-13")]
    public async Task Many_accounts_from_one_address_are_stopped_there_and_nowhere_else()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            PolicyHost.Choose(options);
            options.Settings["Policies:Rules:GuessesOfAddress:AddressFailures"] = "100"; // as outside the sandbox
        });
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var attacker = new PortalBrowser(host);
        PolicyHost.From(attacker, address: "198.51.100.1");
        attacker.Token = await attacker.TokenAsync();
        for (var i = 0; i < 200; i++) await attacker.ActivateAsync(string.Create(CultureInfo.InvariantCulture, $"name{i}"), Wrong);
        Assert.Equal(100, host.Refusals.Count(refusal => refusal.Rule == "PO-14"));
        Assert.Equal(100, host.Refusals.Count(refusal => refusal.Rule == "PO-13"));

        using var owner = new PortalBrowser(host);
        PolicyHost.From(owner, address: "198.51.100.2");
        Assert.True((await owner.ActivateAsync("ada", code)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task Held_back_a_guess_is_told_when_to_try_again_and_nothing_else()
    {
        await using var host = await TestHost.StartAsync();
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        await PortalBrowser.NewCustomerAsync(host, "ada");
        using var attacker = new PortalBrowser(host);
        for (var i = 0; i < DefaultRules.GuessesWithoutWait; i++) Assert.Equal("""{"error":"passkey_failed"}""", (await attacker.ActivateAsync("ada", Wrong)).Text);
        foreach (var name in new[] { "ada", "nobody" })
        {
            for (var i = 0; name == "nobody" && i < DefaultRules.GuessesWithoutWait; i++) await attacker.ActivateAsync(name, Wrong);
            var held = await attacker.ActivateAsync(name, Wrong);
            Assert.Equal((429, TimeSpan.FromSeconds(1)), ((int)held.Status, held.RetryAfter));
            Assert.Equal("""{"error":"try_later","message":"There were several failed attempts with this username. Please try again in 1 second."}""", held.Text);
            Assert.Equal(("try_later", "PO-13"), (host.Log.LastRefusal?.Code, host.Log.LastRefusal?.Rule));
        }
    }

    /// <summary>Who has the name reads of it afterwards: one line in a while, however many guesses.</summary>
    [Fact]
    [Trait("Rule", "PO-13")]
    [Trait("Rule", "PO-14")]
    public async Task A_held_activation_is_a_line_in_the_history_of_its_owner()
    {
        await using var host = await TestHost.StartAsync();
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var attacker = new PortalBrowser(host);
        for (var i = 0; i < DefaultRules.GuessesWithoutWait; i++) await attacker.ActivateAsync("ada", Wrong);
        for (var i = 0; i < 3; i++) Assert.Equal(429, (int)(await attacker.ActivateAsync("Ada", Wrong)).Status);
        Assert.Equal(1L, await HeldAsync());
        host.Clock.StopAt(start.AddMinutes(10).AddSeconds(1));
        await attacker.ActivateAsync("ada", Wrong); // Its wait is over, so it is judged, and the next one waits again.
        Assert.Equal(429, (int)(await attacker.ActivateAsync("ada", Wrong)).Status);
        Assert.Equal(2L, await HeldAsync());

        host.Clock.StopAt(start.AddHours(2));
        using var owner = new PortalBrowser(host);
        Assert.True((await owner.ActivateAsync("ada", code)).IsSuccess);
        Assert.True((await owner.SignInAsync()).IsSuccess);
        var history = await owner.PageAsync("/signins");
        Assert.Contains("Activation codes were tried; put off", history, StringComparison.Ordinal);
        Assert.Contains("There were several failed attempts with this username.", history, StringComparison.Ordinal);

        Task<long> HeldAsync() => host.Database.ScalarAsync<long>("""SELECT count(*) FROM identity.sign_ins WHERE "Outcome" = 'ActivationHeld'""");
    }

    [Fact]
    [Trait("Reliability", "R33")]
    [Trait("Rule", "PO-13")]
    public async Task Two_hosts_count_as_one()
    {
        await using var first = await TestHost.StartAsync();
        await using var second = await TestHost.StartAsync(options =>
        {
            options.Database = first.Database;
            options.Issuer = first.Issuer;
            options.Clock = first.Clock;
        });
        await PortalBrowser.NewCustomerAsync(first, "ada");
        first.Clock.StopAt(first.Clock.Now);
        var attackers = Enumerable.Range(0, 30).Select(i => new PortalBrowser(i % 2 == 0 ? first : second)).ToList();
        foreach (var attacker in attackers) attacker.Token = await attacker.TokenAsync();
        await Task.WhenAll(attackers.Select(attacker => attacker.ActivateAsync("ada", Wrong)));

        var refusals = first.Refusals.Concat(second.Refusals).ToList();
        Assert.Equal(DefaultRules.GuessesWithoutWait, refusals.Count(refusal => refusal.Rule == "PO-14"));
        Assert.Equal(30 - DefaultRules.GuessesWithoutWait, refusals.Count(refusal => refusal.Rule == "PO-13"));
        attackers.ForEach(attacker => attacker.Dispose());
    }

    /// <summary>The same form for a name that is a customer's and one that is nobody's, in turns, so that both meet the same load.</summary>
    [Theory]
    [Trait("Reliability", "R34")]
    [Trait("Rule", "PO-12")]
    [Trait("Rule", "PK-15")]
    [InlineData("activation")]
    [InlineData("sign-in")]
    public async Task Known_and_unknown_names_cannot_be_told_apart(string form)
    {
        const int Pairs = 200;
        await using var host = await TestHost.StartAsync();
        for (var i = 0; i < Pairs + 20; i++) await PortalBrowser.NewCustomerAsync(host, string.Create(CultureInfo.InvariantCulture, $"known{i:000}"));
        using var browser = new PortalBrowser(host);
        browser.Token = await browser.TokenAsync();

        // What chance says on a busy machine it does not say three times; what the code says it does.
        var told = new List<string>();
        for (var round = 0; round < 3; round++)
        {
            var (known, unknown) = (new List<double>(), new List<double>());
            for (var i = 0; i < Pairs + 20; i++)
            {
                var number = i.ToString("000", CultureInfo.InvariantCulture);
                var first = i % 2 == 0 ? "known" : "other";
                var one = await TimedAsync(browser, form, first + number);
                var two = await TimedAsync(browser, form, (first == "known" ? "other" : "known") + number);
                Assert.Equal(one.Shape, two.Shape);
                if (i < 20) continue; // warming up
                (first == "known" ? known : unknown).Add(one.Milliseconds);
                (first == "known" ? unknown : known).Add(two.Milliseconds);
            }

            var (difference, z) = (Math.Abs((Median(known) / Median(unknown)) - 1), RankZ(known, unknown));

            // The ranks of the pairs decide (p > 0.01): a median of times moves with whatever else the machine does.
            if (Math.Abs(z) < 2.576) return;
            told.Add(string.Create(CultureInfo.InvariantCulture, $"medians differ by {difference:P1}, z = {z:F2}"));
            host.Clock.Advance(FailureCounts.Window + TimeSpan.FromSeconds(1));
        }

        Assert.Fail(string.Join("; ", told));
    }

    private static async Task<(string Shape, double Milliseconds)> TimedAsync(PortalBrowser browser, string form, string username)
    {
        var watch = Stopwatch.StartNew();
        var answer = form == "activation"
            ? await browser.RegistrationOptionsAsync(new { username, activationCode = Wrong })
            : await browser.SignInOptionsAsync(username);
        var text = answer.IsSuccess ? string.Create(CultureInfo.InvariantCulture, $"{answer.Text.Length} characters") : answer.Text; // the challenge differs
        return ($"{answer.Status} {text} {answer.RetryAfter}", watch.Elapsed.TotalMilliseconds);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Mann-Whitney's U as a standard normal value.</summary>
    private static double RankZ(List<double> one, List<double> other)
    {
        var ranked = one.Select(value => (value, isOne: true)).Concat(other.Select(value => (value, isOne: false))).OrderBy(pair => pair.value).ToList();
        var sum = ranked.Select((pair, i) => pair.isOne ? i + 1.0 : 0).Sum();
        double n = one.Count, m = other.Count;
        return (sum - (n * (n + m + 1) / 2)) / Math.Sqrt(n * m * (n + m + 1) / 12);
    }
}
