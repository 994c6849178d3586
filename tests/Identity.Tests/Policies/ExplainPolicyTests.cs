using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>"What would happen if", by the same rules as a real decision.</summary>
public sealed class ExplainPolicyTests(PolicyHost fixture) : IClassFixture<PolicyHost>
{
    [Theory]
    [InlineData("", "Outcome: allow.")]
    [InlineData("at=activation account-failures=4", "Outcome: allow.")]
    [InlineData("at=activation account-failures=7", "Outcome: delay for 4 seconds, by WaitOfAccount.")]
    [InlineData("at=activation account-failures=20", "Outcome: refuse for at most 60 minutes, by GuessesOfAccount.")]
    [InlineData("device=new threat=raised", "Outcome: ask again, by NewDeviceUnderThreat.")]
    [InlineData("device=new threat=raised confirmed=yes", "Outcome: allow.")]
    [InlineData("device=new threat=high", "Outcome: delay for 30 seconds, by NewDeviceUnderAttack.")]
    [InlineData("AT=SignIn device=NEW threat=high country=fr country-is=new", "Outcome: refuse, by NewPlaceUnderAttack.")]
    [InlineData("unused=180d", "Outcome: ask again, by UnusedPasskey.")]
    [InlineData("unused=179d", "Outcome: allow.")]
    [InlineData("at=approval unused=5m", "Outcome: ask again, by LateApproval.")]
    [InlineData("at=approval unused=299s", "Outcome: allow.")]
    [InlineData("at=approval network=AS64501", "Outcome: refuse, by Closed.")]
    [InlineData("at=signin network=AS64501", "Outcome: allow.")]
    public async Task Says_the_outcome(string question, string outcome)
    {
        var explained = await AskAsync(question.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Null(explained.Problem);
        Assert.Contains(outcome, explained.Lines);
    }

    [Fact]
    public async Task Says_by_which_signals_and_rules_and_what_the_customer_reads()
    {
        var lines = (await AskAsync("device=new", "threat=high", "account-failures=5")).Lines;
        Assert.Equal("Signals: at=signin threat=High account-failures=5 address-failures=0 device=new country=- network=- unused=- confirmed=False", lines[0]);
        Assert.Contains("decides  NewDeviceUnderAttack   Delay     new device: yes, threat high: yes", lines);
        Assert.Contains("matches  AccountUnderAttack     AskAgain  account failures 5 of 5: yes, new device: yes", lines);
        Assert.Contains("-        NewPlaceUnderAttack    Refuse    new device: yes, new country: no, threat high: yes", lines);
        Assert.DoesNotContain(lines, line => line.Contains("GuessesOfAccount", StringComparison.Ordinal)); // of another occasion
        Assert.Contains("The customer reads: Attacks on our customers are going on, and this device is new. Please try again in 30 seconds.", lines);
        Assert.Contains("The history says: Attacks on our customers are going on, and this device is new.", lines);
    }

    [Fact]
    public async Task Without_a_threat_level_it_takes_the_present_one()
    {
        await using var raised = await fixture.ThreatAsync(1);
        Assert.Contains("Outcome: ask again, by NewDeviceUnderThreat.", (await AskAsync("device=new")).Lines);
        Assert.Contains("Outcome: allow.", (await AskAsync("device=new", "threat=normal")).Lines);
    }

    [Theory]
    [InlineData("ada", "Signals are given as name=value; there are at, threat, account-failures, address-failures, device, country, country-is, network, unused, confirmed.")]
    [InlineData("weather=bad", "Signals are given as name=value; there are at, threat,")]
    [InlineData("device=old", "device must be new or known.")]
    [InlineData("at=signout", "at must be signin, approval or activation.")]
    [InlineData("threat=1", "threat must be normal, raised or high.")]
    [InlineData("account-failures=-1", "account-failures must be a whole number.")]
    [InlineData("country=FRA", "country must be two letters.")]
    [InlineData("unused=long", "unused must be a time such as 90s, 10m, 3h or 200d.")]
    public async Task A_question_that_is_none_is_answered_in_one_sentence(string question, string sentence)
    {
        var explained = await AskAsync(question);
        Assert.StartsWith(sentence, explained.Problem, StringComparison.Ordinal);
        Assert.Empty(explained.Lines);
    }

    private Task<PolicyExplanation> AskAsync(params string[] question) =>
        fixture.Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new ExplainPolicy(question)));
}
