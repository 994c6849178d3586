using System.Net;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Tests.Http;

public sealed class RequestCountsTests
{
    private readonly StandingClock clock = new();
    private readonly Dictionary<(string Sender, long Segment), int> shared = [];

    [Fact]
    [Trait("Rule", "HTTP-15")]
    [Trait("Rule", "OP-08")]
    public void As_many_as_the_limit_pass_in_a_window_and_one_more_does_not()
    {
        var counts = New();
        for (var count = 0; count < 3; count++)
        {
            Assert.True(counts.Admits("a", 3));
            clock.Now += TimeSpan.FromSeconds(1);
        }

        Assert.False(counts.Admits("a", 3));
        Assert.True(counts.Admits("b", 3));

        clock.Now = StandingClock.Start.AddSeconds(9.9);
        Assert.False(counts.Admits("a", 3));
        clock.Now = StandingClock.Start.AddSeconds(10);
        Assert.True(counts.Admits("a", 3)); // Only the first has left the window.
        Assert.False(counts.Admits("a", 3));
    }

    [Fact]
    public void Who_was_refused_a_thousand_times_is_let_in_when_the_window_has_passed()
    {
        var counts = New();
        Assert.True(counts.Admits("a", 1));
        for (var count = 0; count < 1000; count++) Assert.False(counts.Admits("a", 1));

        clock.Now += TimeSpan.FromSeconds(10);

        Assert.True(counts.Admits("a", 1));
    }

    [Fact]
    [Trait("Rule", "OP-08")]
    public void Several_hosts_count_together_once_they_have_exchanged_their_counts()
    {
        var (first, second) = (New(), New());
        for (var count = 0; count < 4; count++) Assert.True(first.Admits("a", 6));
        Assert.True(second.Admits("a", 6));

        Exchange(first, second);

        Assert.True(second.Admits("a", 6));
        Assert.False(second.Admits("a", 6));
        Assert.True(first.Admits("a", 6)); // It has not heard of the sixth yet.
        Exchange(first, second);
        Assert.False(first.Admits("a", 6));
    }

    [Fact]
    public void What_nobody_asked_for_lately_takes_no_room()
    {
        var counts = New();
        counts.Admits("a", 1);
        Assert.Equal([new RequestCount("a", StandingClock.Start.UtcTicks / TimeSpan.TicksPerSecond, 1)], counts.TakeNew());
        Assert.Empty(counts.TakeNew());

        clock.Now += TimeSpan.FromSeconds(10);
        Assert.Empty(counts.TakeNew());

        // It is gone: what others say of it is no longer kept.
        counts.Learn(new RequestCount("a", clock.Now.UtcTicks / TimeSpan.TicksPerSecond, 100));
        Assert.True(counts.Admits("a", 1));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:1:1::1", "2001:db8:1:1:ffff::2", true)]
    [InlineData("2001:db8:1:1::1", "2001:db8:1:2::1", false)]
    [Trait("Rule", "OP-08")]
    public void Addresses_that_one_peer_may_have_count_as_one(string first, string second, bool same)
    {
        var limits = new RequestLimits(New(), 1, 1);
        Assert.True(limits.AdmitsAddress(IPAddress.Parse(first)));
        Assert.Equal(!same, limits.AdmitsAddress(IPAddress.Parse(second)));
    }

    private RequestCounts New() => new(TimeSpan.FromSeconds(10), clock);

    /// <summary>What the database does for the hosts.</summary>
    private void Exchange(params RequestCounts[] hosts)
    {
        foreach (var count in hosts.SelectMany(host => host.TakeNew()))
            shared[(count.Sender, count.Segment)] = shared.GetValueOrDefault((count.Sender, count.Segment)) + count.Requests;
        foreach (var host in hosts)
        {
            foreach (var ((sender, segment), requests) in shared) host.Learn(new RequestCount(sender, segment, requests));
        }
    }

    private sealed class StandingClock : TimeProvider
    {
        public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public DateTimeOffset Now { get; set; } = Start;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
