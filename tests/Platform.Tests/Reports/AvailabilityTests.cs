using OpenBanking.Host.Reports;

namespace OpenBanking.Platform.Tests.Reports;

/// <summary>The rule of the five failures, from both sides of each of its edges, and how well it is served by what hosts keep.</summary>
[Trait("Rule", "OB-OPS-2")]
public sealed class AvailabilityTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid One = Guid.CreateVersion7();
    private static readonly Guid Other = Guid.CreateVersion7();

    [Fact]
    public void Four_failures_are_no_outage_and_five_are_from_the_first_until_the_next_answer()
    {
        Assert.Empty(Outages([0, 1, 2, 3], [10]));
        Assert.Equal([(0, 10)], Outages([0, 1, 2, 3, 4], [10]));
        Assert.Equal([(0, 10)], Outages([0, 1, 2, 3, 4, 5, 9], [10, 11, 12]));
    }

    [Fact]
    public void Five_failures_count_when_all_were_received_within_thirty_seconds()
    {
        Assert.Equal([(0, 60)], Outages([0, 7, 14, 21, 30], [60]));
        Assert.Empty(Outages([0, 7, 14, 21, 30.000001], [60]));

        // The first is too old, the five after it are not.
        Assert.Equal([(7, 60)], Outages([0, 7, 14, 21, 31, 36], [60]));
    }

    [Fact]
    public void An_answer_between_them_begins_the_series_anew()
    {
        Assert.Empty(Outages([0, 1, 2, 3, 4, 5, 6, 7], [3.5, 10]));
        Assert.Equal([(4, 10)], Outages([0, 1, 2, 3, 4, 5, 6, 7, 8], [3.5, 10]));
        Assert.Equal([(0, 5), (20, 30)], Outages([0, 1, 2, 3, 4, 20, 21, 22, 23, 24], [5, 30]));
    }

    [Fact]
    public void What_has_not_ended_lasts_until_now()
    {
        Assert.Equal([(0, 100)], Outages([0, 1, 2, 3, 4], []));
        Assert.Equal([(10, 100)], Outages([0, 1, 2, 10, 11, 12, 13, 14], [5]));
    }

    [Fact]
    public void Times_without_any_host_are_what_no_run_covers()
    {
        var whole = Between(0, 100);
        Assert.Equal([Between(0, 10), Between(50, 60), Between(90, 100)], Availability.Gaps(whole, [Between(60, 90), Between(10, 40), Between(30, 50)]));
        Assert.Empty(Availability.Gaps(whole, [Between(-5, 50), Between(50, 200)]));
        Assert.Equal([whole], Availability.Gaps(whole, []));
        Assert.Equal([Between(0, 30), Between(40, 50)], Availability.Union([Between(40, 50), Between(0, 20), Between(20, 30), Between(5, 6)]));
        Assert.Equal(Between(5, 10), Between(0, 10).Within(Between(5, 20)));
        Assert.Null(Between(0, 10).Within(Between(10, 20)));
    }

    [Fact]
    public void What_a_host_keeps_of_its_seconds_tells_the_order_within_them()
    {
        // An answer, then five failures in the same second, and the next answer some seconds later.
        Assert.Equal([(0.2, 4)], Outages(Logged(One, answered: [0.1, 4, 4.5], failed: [0.2, 0.3, 0.4, 0.5, 0.6])));

        // An answer between two failures of one second.
        Assert.Empty(Outages(Logged(One, answered: [0.35, 4], failed: [0.2, 0.3, 0.4, 0.5, 0.6])));
        Assert.Empty(Outages(Logged(One, answered: [0.05, 0.35, 0.65, 4], failed: [0.2, 0.3, 0.4, 0.5, 0.6])));

        // Over the end of a second and of a minute; of a second without failures it is known that something was answered, and no more.
        Assert.Equal([(59.2, 61)], Outages(Logged(One, answered: [58, 61.1], failed: [59.2, 59.4, 59.9, 60.1, 60.3])));
        Assert.Empty(Outages(Logged(One, answered: [58, 59.95, 61.1], failed: [59.2, 59.4, 59.9, 60.1, 60.3])));

        // The next answer after hours.
        Assert.Equal([(0, 20_000)], Outages(Logged(One, answered: [20_000], failed: [0, 1, 2, 3, 4])));
    }

    [Fact]
    public void What_one_host_answers_interrupts_the_failures_of_the_other()
    {
        var failing = Logged(One, answered: [30], failed: [0.1, 1.1, 2.1, 3.1, 4.1, 5.1, 6.1, 7.1]);
        Assert.Equal([(0.1, 30)], Outages(failing));
        Assert.Equal([(0.1, 20)], Outages(failing, Logged(Other, answered: [20], failed: [])));
        Assert.Empty(Outages(failing, Logged(Other, answered: [3.9], failed: [])));

        // Four and one make five, by whichever host they came.
        Assert.Equal([(0, 9)], Outages(Logged(One, answered: [], failed: [0, 1, 2, 3]), Logged(Other, answered: [9], failed: [4])));
        Assert.Empty(Outages(Logged(One, answered: [], failed: [0, 1, 2, 3]), Logged(Other, answered: [3.5, 9], failed: [4])));
    }

    [Fact]
    public void A_long_outage_under_load_is_kept_in_few_rows()
    {
        var failed = Enumerable.Range(0, 10_000).Select(count => count / 100.0).ToArray();
        var logged = Logged(One, answered: [100], failed);
        Assert.InRange(logged.SelectMany(one => one.Second.Failures).Count(), 100, 110);
        Assert.Equal([(0, 100)], Outages(logged));
    }

    private static Outage Between(double from, double to) => new(Noon.AddSeconds(from), Noon.AddSeconds(to));

    private static (double From, double To)[] Outages(double[] failed, double[] answered) => Plain(Availability.Outages(
        [.. failed.Select(at => Noon.AddSeconds(at))],
        after => answered.Select(at => (DateTimeOffset?)Noon.AddSeconds(at)).FirstOrDefault(at => at > after),
        Noon.AddSeconds(100)));

    /// <summary>By way of what is stored.</summary>
    private static (double From, double To)[] Outages(params (Guid Host, LoggedSecond Second)[][] logs)
    {
        var all = logs.SelectMany(log => log).ToList();
        var minutes = all.Where(one => one.Second.First > 0)
            .GroupBy(one => (Minute: one.Second.Number / 60, one.Host))
            .Select(group => new AnsweredMinute(group.Key.Minute, group.Key.Host, group.Aggregate(0L, (bits, one) => bits | (1L << (int)(one.Second.Number % 60)))));
        var moments = all.Where(one => one.Second.First > 0 && one.Second.HasFailed).Select(one => new AnsweredMoments(one.Second.Number, one.Host, one.Second.First, one.Second.Last));
        var answered = new AnsweredSeconds(minutes, moments);
        return Plain(Availability.Outages(
            [.. all.SelectMany(one => one.Second.Failures).Order().Select(UnixMicroseconds.Moment)], answered.NextAfter, Noon.AddSeconds(30_000)));
    }

    private static (double From, double To)[] Plain(IEnumerable<Outage> outages) =>
        [.. outages.Select(outage => (Math.Round((outage.From - Noon).TotalSeconds, 6), Math.Round((outage.To - Noon).TotalSeconds, 6)))];

    private static (Guid Host, LoggedSecond Second)[] Logged(Guid host, double[] answered, double[] failed)
    {
        var log = new AnswerLog();
        foreach (var (at, isAnswer) in answered.Select(at => (at, true)).Concat(failed.Select(at => (at, false))).OrderBy(one => one.at))
        {
            var moment = Noon.AddSeconds(at).ToUnixMicroseconds();
            if (isAnswer) log.Answered(moment);
            else log.Failed(moment);
        }

        return [.. log.Take().Select(second => (host, second))];
    }
}
