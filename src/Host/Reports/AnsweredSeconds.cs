using System.Numerics;
using System.Runtime.InteropServices;

namespace OpenBanking.Host.Reports;

/// <summary>In which seconds of a minute a host answered something, a bit each.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnsweredMinute(long Minute, Guid Host, long Seconds);

/// <summary>Which were the first and the last request that a host received in a second and answered, where others of that second failed on it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnsweredMoments(long Second, Guid Host, long First, long Last);

/// <summary>When something was answered, as exactly as it is stored.</summary>
internal sealed class AnsweredSeconds
{
    private readonly List<(long Minute, long Seconds)> minutes = [];
    private readonly ILookup<long, AnsweredMinute> hosts;
    private readonly Dictionary<(long Second, Guid Host), AnsweredMoments> moments;

    public AnsweredSeconds(IEnumerable<AnsweredMinute> minutes, IEnumerable<AnsweredMoments> moments)
    {
        hosts = minutes.ToLookup(minute => minute.Minute);
        this.minutes.AddRange(hosts.OrderBy(minute => minute.Key).Select(minute => (minute.Key, minute.Aggregate(0L, (all, one) => all | one.Seconds))));
        this.moments = moments.ToDictionary(moment => (moment.Second, moment.Host));
    }

    /// <summary>When the first request was received after a moment that was answered; null where none is known.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) => Next(moment.ToUnixMicroseconds()) is { } at ? UnixMicroseconds.Moment(at) : null;

    private long? Next(long moment)
    {
        var second = moment / AnswerLog.SecondLength;
        if (InSecond(second, moment) is { } soon) return soon;
        var at = minutes.BinarySearch((second / 60, 0));
        for (at = at < 0 ? ~at : at; at < minutes.Count; at++)
        {
            var (minute, seconds) = minutes[at];
            var later = minute > second / 60 ? seconds : seconds & (-2L << (int)(second % 60));
            if (later != 0) return InSecond((minute * 60) + BitOperations.TrailingZeroCount(later), moment);
        }

        return null;
    }

    /// <summary>
    /// Between the first and the last of a second there may be others: where a moment lies between, the next is thought to be at once.
    /// So is one of a host on which nothing failed in that second: it may have answered at any moment of it.
    /// </summary>
    private long? InSecond(long second, long after)
    {
        long? next = null;
        foreach (var host in hosts[second / 60])
        {
            if ((host.Seconds >> (int)(second % 60) & 1) == 0) continue;
            var (first, last) = moments.TryGetValue((second, host.Host), out var exact) ? (exact.First, exact.Last) : (second * AnswerLog.SecondLength, long.MaxValue);
            long? one = first > after ? first : last > after ? after + 1 : null;
            if (one is not null && (next is null || one < next)) next = one;
        }

        return next;
    }
}
