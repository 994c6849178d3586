using System.Runtime.InteropServices;

namespace OpenBanking.Host.Reports;

/// <summary>A time in which an interface was not available.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Outage(DateTimeOffset From, DateTimeOffset To)
{
    public TimeSpan Length => To - From;

    public Outage? Within(Outage other)
    {
        var (from, to) = (From > other.From ? From : other.From, To < other.To ? To : other.To);
        return from < to ? new Outage(from, to) : null;
    }
}

/// <summary>
/// The rule by which an interface counts as down (OB-OPS-2): five requests in a row that failed, received within thirty seconds, whoever
/// sent them. It is down from the moment at which the first of them was received until the next that is answered.
/// </summary>
internal static class Availability
{
    public const int Series = 5;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <param name="failures">When the requests that failed were received, in order.</param>
    /// <param name="nextAnswered">When the first request after a moment was received that was answered; null where there is none.</param>
    /// <param name="now">Until when it is known.</param>
    public static IReadOnlyList<Outage> Outages(IReadOnlyList<DateTimeOffset> failures, Func<DateTimeOffset, DateTimeOffset?> nextAnswered, DateTimeOffset now)
    {
        var outages = new List<Outage>();
        var first = 0;
        DateTimeOffset? down = null;
        for (var at = 0; at < failures.Count; at++)
        {
            if (down is null && at - first + 1 >= Series && failures[at] - failures[at - Series + 1] <= Window) down = failures[at - Series + 1];
            var answered = nextAnswered(failures[at]);
            if (at + 1 < failures.Count && (answered is null || answered >= failures[at + 1])) continue;

            // Here the series ends: something was answered, or nothing has come since.
            if (down is { } since) outages.Add(new Outage(since, answered ?? (now > failures[at] ? now : failures[at])));
            (down, first) = (null, at + 1);
        }

        return outages;
    }

    /// <summary>Times that overlap or touch as one.</summary>
    public static IReadOnlyList<Outage> Union(IEnumerable<Outage> all)
    {
        var union = new List<Outage>();
        foreach (var one in all.OrderBy(outage => outage.From))
        {
            if (union.Count > 0 && one.From <= union[^1].To) union[^1] = union[^1] with { To = one.To > union[^1].To ? one.To : union[^1].To };
            else union.Add(one);
        }

        return union;
    }

    /// <summary>What of a time none of others covers.</summary>
    public static IEnumerable<Outage> Gaps(Outage whole, IEnumerable<Outage> covered)
    {
        var from = whole.From;
        foreach (var one in Union(covered))
        {
            if (one.From > from && from < whole.To) yield return new Outage(from, one.From < whole.To ? one.From : whole.To);
            if (one.To > from) from = one.To;
        }

        if (from < whole.To) yield return new Outage(from, whole.To);
    }
}
