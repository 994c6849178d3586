using OpenBanking.Identity.Metadata;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Tests.Metadata;

public sealed class KeyScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Period = TimeSpan.FromDays(90);

    [Fact]
    [Trait("Rule", "KEY-16")]
    public void The_first_key_signs_at_once() => Assert.Equal(Now, KeySchedule.NextSignsFrom(null, Period, Now));

    [Theory]
    [Trait("Rule", "KEY-16")]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void A_key_is_succeeded_when_it_has_signed_for_its_period(int seconds, bool due)
    {
        var next = KeySchedule.NextSignsFrom(Now - Period, Period, Now.AddSeconds(seconds));

        Assert.Equal(due ? Now + KeySchedule.PublishedAhead : null, next);
    }

    [Fact]
    [Trait("Rule", "KEY-16")]
    public void A_command_succeeds_a_young_key_but_not_one_that_does_not_sign_yet()
    {
        Assert.NotNull(KeySchedule.NextSignsFrom(Now, period: null, Now));
        Assert.Null(KeySchedule.NextSignsFrom(Now.AddSeconds(1), period: null, Now));
    }

    [Fact]
    [Trait("Rule", "KEY-16")]
    public void Publication_outlasts_every_cache_before_and_every_token_after()
    {
        Assert.True(KeySchedule.PublishedAhead > KeySchedule.PublicCacheLife + KeySchedule.HostCacheLife);
        Assert.True(KeySchedule.PublishedAfter > IdToken.Lifetime);
    }
}
