using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>The threat level: one for all hosts, and every change with who, when and why.</summary>
public sealed class ThreatLevelTests
{
    [Fact]
    public async Task Raised_on_one_host_it_holds_on_the_other_at_the_next_decision()
    {
        await using var first = await TestHost.StartAsync();
        await using var second = await TestHost.StartAsync(options =>
        {
            options.Database = first.Database;
            options.Issuer = first.Issuer;
            options.Clock = first.Clock;
        });
        var code = await PortalBrowser.NewCustomerAsync(first, "ada");
        using var known = new PortalBrowser(second);
        Assert.True((await known.ActivateAsync("ada", code)).IsSuccess);
        using var quiet = new PortalBrowser(second, known.Authenticator);
        Assert.True((await quiet.SignInAsync()).IsSuccess);

        await PolicyHost.ChangeThreatAsync(first, raise: true);
        using var under = new PortalBrowser(second, known.Authenticator);
        var asked = await under.SignInAsync();
        Assert.True(asked.AsksAgain, asked.Text);
        Assert.True((await under.ConfirmAsync(asked)).IsSuccess);

        await PolicyHost.ChangeThreatAsync(second, raise: false);
        using var after = new PortalBrowser(first, known.Authenticator);
        Assert.True((await after.SignInAsync()).IsSuccess);
    }

    [Fact]
    public async Task It_has_two_ends_and_a_line_for_each_change()
    {
        await using var host = await TestHost.StartAsync();
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        Assert.False((await PolicyHost.ChangeThreatAsync(host, raise: false)).Changed);
        Assert.Equal(("raised", true), await ChangeAsync(host, raise: true, "phishing wave"));
        host.Clock.StopAt(start.AddMinutes(1));
        Assert.Equal(("high", true), await ChangeAsync(host, raise: true, "it goes on"));
        Assert.Equal(("high", false), await ChangeAsync(host, raise: true, "and on"));
        host.Clock.StopAt(start.AddMinutes(2));
        Assert.Equal(("raised", true), await ChangeAsync(host, raise: false, "calmer"));

        var shown = await host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new DescribeThreat()));
        Assert.Equal("raised", shown.Level);
        Assert.Equal(
            ["high raised operator calmer", "raised high operator it goes on", "normal raised operator phishing wave"],
            shown.Changes.Select(change => $"{change.From} {change.To} {change.By} {change.Why}"));
        Assert.Equal(start.AddMinutes(2), shown.Changes[0].At, TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, host.Log.Lines.Count(line => line.StartsWith($"Warning {DecisionLog.Category}: Threat level changed from", StringComparison.Ordinal)));
        Assert.Contains("changed from Normal to Raised by operator, because: phishing wave", host.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_who_raise_at_one_moment_each_moves_it_by_one()
    {
        await using var host = await TestHost.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PolicyHost.ChangeThreatAsync(host, raise: true)));
        Assert.Equal(2, answers.Count(answer => answer.Changed));
        Assert.Equal(2, await host.Database.ScalarAsync<long>("SELECT count(*) FROM identity.threat_changes"));
    }

    private static async Task<(string, bool)> ChangeAsync(TestHost host, bool raise, string why)
    {
        var answer = await PolicyHost.ChangeThreatAsync(host, raise, why);
        return (answer.Level, answer.Changed);
    }
}
