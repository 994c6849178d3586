using Microsoft.Extensions.Configuration;
using OpenBanking.Identity.Policies;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>Rules as settings: what they can change, and every mistake as one sentence that names the setting.</summary>
public sealed class PolicyRulesTests
{
    [Fact]
    public void Without_settings_the_default_rules_are_in_force()
    {
        var rules = Read();
        Assert.Empty(rules.Problems);
        Assert.Equal(DefaultRules.InOrder, rules.InOrder);
    }

    [Fact]
    public void A_default_rule_is_changed_word_by_word_and_keeps_its_place()
    {
        var rules = Read("Rules:NewDevice:Outcome=askagain", "Rules:NewDevice:At=SignIn, Approval", "Rules:UnusedPasskey:Unused=30.00:00:00", "Rules:NewPlace:Off=true");
        Assert.Empty(rules.Problems);
        var changed = rules.InOrder.Single(rule => rule.Name == "NewDevice");
        Assert.Equal((Verdict.AskAgain, Occasion.SignIn | Occasion.Approval, true), (changed.Verdict, changed.At, changed.NewDevice));
        Assert.Equal(TimeSpan.FromDays(30), rules.InOrder.Single(rule => rule.Name == "UnusedPasskey").Unused);
        Assert.DoesNotContain(rules.InOrder, rule => rule.Name == "NewPlace");
        Assert.Equal([.. DefaultRules.InOrder.Select(rule => rule.Name).Where(name => name != "NewPlace")], rules.InOrder.Select(rule => rule.Name));
    }

    [Fact]
    public void Rules_are_added_behind_the_default_ones()
    {
        var rules = Read(
            "CountryHeader=X-Country", "NetworkHeader=X-Asn", "From=127.0.0.1",
            "Rules:Abroad:At=SignIn", "Rules:Abroad:Outcome=Delay", "Rules:Abroad:Reason=You are abroad.", "Rules:Abroad:CountriesOtherThan=GB, ie", "Rules:Abroad:Wait=00:02:00",
            "Rules:Hosted:At=SignIn,Approval", "Rules:Hosted:Outcome=Refuse", "Rules:Hosted:Reason=No servers.", "Rules:Hosted:Networks=AS64496,AS64497", "Rules:Hosted:Advice=Use another network.");
        Assert.Empty(rules.Problems);
        Assert.Equal(["Abroad", "Hosted"], rules.InOrder.Skip(DefaultRules.InOrder.Length).Select(rule => rule.Name));
        var (abroad, hosted) = (rules.InOrder[^2], rules.InOrder[^1]);
        var signals = new Signals { At = Occasion.SignIn };
        Assert.False(abroad.Matches(signals)); // nobody has said where from
        Assert.False(abroad.Matches(signals with { Country = "IE" }));
        Assert.True(abroad.Matches(signals with { Country = "FR" }));
        Assert.False(abroad.Matches(signals with { Country = "FR", At = Occasion.Approval }));
        Assert.True(hosted.Matches(signals with { Network = "as64497" }));
        Assert.False(hosted.Matches(signals with { Network = "AS64498" }));
        Assert.False(hosted.Matches(signals));
    }

    [Theory]
    [InlineData("Policies__Rule is no setting; there are CountryHeader, NetworkHeader and Rules.", "Rule:X:At=SignIn")]
    [InlineData("Policies__Rules__NewDevice must be followed by one of At, Outcome", "Rules:NewDevice=Refuse")]
    [InlineData("Policies__Rules__NewDevice__Outcme is no part of a rule; there are At, Outcome", "Rules:NewDevice:Outcme=Refuse")]
    [InlineData("Policies__Rules__NewDevice__Outcome must be Allow, AskAgain, Delay or Refuse.", "Rules:NewDevice:Outcome=Forbid")]
    [InlineData("Policies__Rules__NewDevice__Outcome must be Allow, AskAgain, Delay or Refuse.", "Rules:NewDevice:Outcome=3")]
    [InlineData("Policies__Rules__NewDevice__At must be one or more of Activation, SignIn and Approval, with commas between.", "Rules:NewDevice:At=Always")]
    [InlineData("Policies__Rules__NewDevice__NewDevice must be true or false.", "Rules:NewDevice:NewDevice=maybe")]
    [InlineData("Policies__Rules__NewDevice__Off must be true or false.", "Rules:NewDevice:Off=maybe")]
    [InlineData("Policies__Rules__AccountUnderAttack__AccountFailures must be a whole number from 1 to 1000000000.", "Rules:AccountUnderAttack:AccountFailures=0")]
    [InlineData("Policies__Rules__UnusedPasskey__Unused must be a time above zero, such as 180.00:00:00 for 180 days.", "Rules:UnusedPasskey:Unused=long")]
    [InlineData("Policies__Rules__NewDeviceUnderAttack__Threat must be Normal, Raised or High.", "Rules:NewDeviceUnderAttack:Threat=Huge")]
    [InlineData("Policies__Rules__NewDeviceUnderAttack: no wait may be longer than an hour.", "Rules:NewDeviceUnderAttack:Wait=01:00:01")]
    [InlineData("Policies__Rules__Mine__Reason is missing.", "Rules:Mine:At=SignIn", "Rules:Mine:Outcome=Delay", "Rules:Mine:NewDevice=true")]
    [InlineData("Policies__Rules__Mine must have a condition, or it would hold for everybody.", "Rules:Mine:At=SignIn", "Rules:Mine:Outcome=Refuse", "Rules:Mine:Reason=No.")]
    [InlineData("Policies__Rules__Mine__Outcome must not be Refuse for failed attempts on known devices: a stranger could lock the owner out; use Delay or AskAgain.", "Rules:Mine:At=SignIn", "Rules:Mine:Outcome=Refuse", "Rules:Mine:Reason=No.", "Rules:Mine:AccountFailures=3")]
    [InlineData("Policies__Rules__Mine__Outcome must not be AskAgain at an activation, where there is no passkey yet.", "Rules:Mine:At=Activation", "Rules:Mine:Outcome=AskAgain", "Rules:Mine:Reason=No.", "Rules:Mine:AccountFailures=3")]
    [InlineData("Policies__Rules__Mine__At must not be Activation: nothing is known of a customer yet whose name anybody may have typed.", "Rules:Mine:At=Activation", "Rules:Mine:Outcome=Delay", "Rules:Mine:Reason=No.", "Rules:Mine:NewDevice=true")]
    [InlineData("Policies__Rules__Mine looks at the country, which needs Policies__CountryHeader.", "Rules:Mine:At=SignIn", "Rules:Mine:Outcome=Refuse", "Rules:Mine:Reason=No.", "Rules:Mine:Countries=FR")]
    [InlineData("Policies__Rules__Mine__Countries must be codes of two letters with commas between, such as GB,IE.", "Rules:Mine:At=SignIn", "Rules:Mine:Outcome=Refuse", "Rules:Mine:Reason=No.", "Rules:Mine:Countries=France")]
    [InlineData("Policies__Rules__Mine__Networks needs Policies__NetworkHeader.", "Rules:Mine:At=SignIn", "Rules:Mine:Outcome=Refuse", "Rules:Mine:Reason=No.", "Rules:Mine:Networks=AS1")]
    [InlineData("Policies__CountryHeader needs Forwarded__From: only a listed proxy is believed.", "CountryHeader=X-Country")]
    [InlineData("Policies__CountryHeader must be the name of a header.", "CountryHeader=X Country")]
    public void A_mistake_is_one_sentence_that_names_the_setting(string sentence, params string[] settings)
    {
        var problem = Assert.Single(Read(settings).Problems);
        Assert.StartsWith(sentence, problem, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "PO-13")]
    [Trait("Rule", "OB-SCA-1")]
    [InlineData(true, "Rules:GuessesOfAccount:AccountFailures=20")]
    [InlineData(true, "Rules:GuessesOfAccount:AccountFailures=10", "Rules:WaitOfAccount:AccountFailures=3")]
    [InlineData(false, "Rules:GuessesOfAccount:AccountFailures=21")]
    [InlineData(false, "Rules:GuessesOfAccount:Outcome=Allow")]
    [InlineData(false, "Rules:GuessesOfAccount:Off=true")]
    [InlineData(false, "Rules:GuessesOfAccount:Threat=High")]
    [InlineData(false, "Rules:GuessesOfAccount:At=SignIn", "Rules:GuessesOfAccount:NewDevice=true")]
    [InlineData(false, "Rules:WaitOfAccount:AccountFailures=6")]
    [InlineData(false, "Rules:WaitOfAccount:Off=true")]
    [InlineData(false, "Rules:WaitOfAccount:Wait=00:00:00.5")]
    [InlineData(false, "Rules:WaitOfAccount:LongestWait=00:00:01")]
    public void The_limits_to_guessing_can_only_be_made_stricter(bool good, params string[] settings) => Assert.Equal(good, Read(settings).Problems.Count == 0);

    private static PolicyRules Read(params string[] settings)
    {
        var pairs = settings.Select(setting => setting.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0] == "From" ? "Forwarded:From" : "Policies:" + pair[0], (string?)pair[1]));
        var rules = new PolicyRules();
        rules.Read(new ConfigurationBuilder().AddInMemoryCollection(pairs).Build());
        return rules;
    }
}
