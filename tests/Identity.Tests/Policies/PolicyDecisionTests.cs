using OpenBanking.Identity.Policies;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>The default rules, each from both sides of its edge, and how of several the strongest counts.</summary>
public sealed class PolicyDecisionTests
{
    private static readonly Signals SignIn = new() { At = Occasion.SignIn };
    private static readonly Signals Approval = new() { At = Occasion.Approval };
    private static readonly Signals Activation = new() { At = Occasion.Activation };
    private static readonly Signals Stranger = SignIn with { IsNewDevice = true };
    private static readonly Signals FarAway = Stranger with { Country = "FR", IsNewCountry = true };

    public static TheoryData<string, object, string> Edges => new()
    {
        { "nothing unusual", SignIn, "Allow -" },
        { "nothing unusual", Approval, "Allow -" },
        { "nothing unusual", Activation, "Allow -" },

        { "4 guesses", Activation with { AccountFailures = 4 }, "Allow -" },
        { "5 guesses", Activation with { AccountFailures = 5 }, "Delay WaitOfAccount" },
        { "19 guesses", Activation with { AccountFailures = 19 }, "Delay WaitOfAccount" },
        { "20 guesses", Activation with { AccountFailures = 20 }, "Refuse GuessesOfAccount" },
        { "99 from the address", Activation with { AddressFailures = 99 }, "Allow -" },
        { "100 from the address", Activation with { AddressFailures = 100 }, "Refuse GuessesOfAddress" },

        { "failures do not touch the passkey of a known device", SignIn with { AccountFailures = 1000, AddressFailures = 100_000 }, "Allow -" },
        { "99 from the address, new device", Stranger with { AddressFailures = 99 }, "Allow -" },
        { "100 from the address, new device", Stranger with { AddressFailures = 100 }, "Delay AddressUnderAttack" },
        { "4 with the name, new device", Stranger with { AccountFailures = 4 }, "Allow -" },
        { "5 with the name, new device", Stranger with { AccountFailures = 5 }, "AskAgain AccountUnderAttack" },

        { "new device", Stranger, "Allow -" },
        { "new device, raised", Stranger with { Threat = ThreatLevel.Raised }, "AskAgain NewDeviceUnderThreat" },
        { "known device, raised", SignIn with { Threat = ThreatLevel.Raised }, "Allow -" },
        { "new device, high", Stranger with { Threat = ThreatLevel.High }, "Delay NewDeviceUnderAttack" },
        { "known device, high", SignIn with { Threat = ThreatLevel.High }, "Allow -" },

        { "new place", FarAway, "AskAgain NewPlace" },
        { "known device far away", FarAway with { IsNewDevice = false }, "Allow -" },
        { "new place, raised", FarAway with { Threat = ThreatLevel.Raised }, "AskAgain NewDeviceUnderThreat" },
        { "new place, high", FarAway with { Threat = ThreatLevel.High }, "Refuse NewPlaceUnderAttack" },
        { "known device far away, high", FarAway with { Threat = ThreatLevel.High, IsNewDevice = false }, "Allow -" },

        { "unused for less than 180 days", SignIn with { Unused = TimeSpan.FromDays(180) - TimeSpan.FromTicks(1) }, "Allow -" },
        { "unused for 180 days", SignIn with { Unused = TimeSpan.FromDays(180) }, "AskAgain UnusedPasskey" },

        { "approval soon", Approval with { Unused = TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1) }, "Allow -" },
        { "approval late", Approval with { Unused = TimeSpan.FromMinutes(5) }, "AskAgain LateApproval" },
        { "approval, raised", Approval with { Threat = ThreatLevel.Raised }, "Allow -" },
        { "approval on a new device, raised", Approval with { Threat = ThreatLevel.Raised, IsNewDevice = true }, "AskAgain NewDeviceUnderThreat" },
        { "approval, high", Approval with { Threat = ThreatLevel.High }, "AskAgain ApprovalUnderAttack" },
        { "approval, high, confirmed", Approval with { Threat = ThreatLevel.High, HasConfirmed = true }, "Allow -" },
        { "approval at a new place, high, confirmed", FarAway with { At = Occasion.Approval, Threat = ThreatLevel.High, HasConfirmed = true }, "Refuse NewPlaceUnderAttack" },
    };

    [Theory]
    [Trait("Rule", "PO-13")]
    [MemberData(nameof(Edges), DisableDiscoveryEnumeration = true)]
    public void The_default_rules(string what, object signals, string expected)
    {
        var decision = Decide((Signals)signals);
        Assert.Equal((what, expected), (what, $"{decision.Verdict} {decision.Due?.Name ?? "-"}"));
    }

    [Fact]
    public void A_wait_that_is_over_leaves_the_weaker_rule()
    {
        var under = Stranger with { Threat = ThreatLevel.High };
        Assert.Equal("NewDeviceUnderAttack", Decide(under).Due?.Name);
        Assert.Equal(Verdict.Delay, Decide(under with { HasConfirmed = true }).Verdict);
        Assert.Equal("NewDeviceUnderThreat", Decide(under, left: TimeSpan.Zero).Due?.Name);
        Assert.Equal(Verdict.Allow, Decide(under with { HasConfirmed = true }, left: TimeSpan.Zero).Verdict);
    }

    [Fact]
    public void The_reason_says_what_was_unusual_also_where_it_was_allowed()
    {
        Assert.Equal("Nothing was unusual.", Decide(SignIn).Reason);
        Assert.Equal("It was the first sign-in from this device.", Decide(Stranger).Reason);
        Assert.Equal("There had been failed attempts with your username in the hour before.", Decide(SignIn with { AccountFailures = 1 }).Reason);
        Assert.EndsWith("You confirmed it with your passkey.", Decide(FarAway with { HasConfirmed = true }).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("You confirmed", Decide(Stranger with { HasConfirmed = true }).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_says_what_to_do()
    {
        Assert.EndsWith("Please use your passkey once more.", Decide(FarAway).Message, StringComparison.Ordinal);
        Assert.EndsWith("Please try again in 30 seconds.", Decide(Stranger with { Threat = ThreatLevel.High }).Message, StringComparison.Ordinal);
        Assert.EndsWith("or call us.", Decide(FarAway with { Threat = ThreatLevel.High }).Message, StringComparison.Ordinal);
        Assert.EndsWith("Please try again in an hour.", Decide(Activation with { AccountFailures = 20 }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.2, 1)]
    [InlineData(1, 1)]
    [InlineData(1.2, 2)]
    [InlineData(300, 300)]
    public void A_program_reads_whole_seconds_and_never_none(double left, int seconds) =>
        Assert.Equal(seconds, Decide(Activation with { AccountFailures = 5 }, TimeSpan.FromSeconds(left)).RetryAfterSeconds);

    [Theory]
    [InlineData(1, "1 second")]
    [InlineData(119, "119 seconds")]
    [InlineData(120, "2 minutes")]
    [InlineData(7199, "120 minutes")]
    [InlineData(7200, "2 hours")]
    [InlineData(172_799, "48 hours")]
    [InlineData(172_800, "2 days")]
    public void Spans_are_said_in_words(int seconds, string words) => Assert.Equal(words, Spans.Words(TimeSpan.FromSeconds(seconds)));

    private static PolicyDecision Decide(Signals signals, TimeSpan? left = null) =>
        PolicyDecision.Of(signals, DefaultRules.InOrder, rule => left ?? rule.WaitAfter(signals.AccountFailures), _ => null);
}
