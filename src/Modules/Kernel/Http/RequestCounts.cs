using System.Collections.Concurrent;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// How many requests everybody sent within a window that slides with the time. A request is counted in memory, because a write for
/// each would cost more than what it guards against; what came together here is exchanged with the other hosts in one statement
/// every so often. So a limit holds across hosts but for what arrives between two exchanges, and on each host it holds exactly,
/// also while the database is away.
/// </summary>
public sealed class RequestCounts
{
    /// <summary>A part of the window; the oldest one is let go of whole.</summary>
    private const int Segments = 10;

    private readonly ConcurrentDictionary<string, Counter> counters = new(StringComparer.Ordinal);
    private readonly TimeProvider clock;

    public RequestCounts(TimeSpan window, TimeProvider clock)
    {
        this.clock = clock;
        Window = window;
        SegmentLength = window / Segments;
    }

    public TimeSpan Window { get; }

    /// <summary>How long whoever is over the limit waits at least until something of it is free again.</summary>
    public TimeSpan SegmentLength { get; }

    /// <summary>The oldest segment that still counts; what is older may be thrown away.</summary>
    public long OldestSegment => Now - Segments + 1;

    private long Now => clock.GetUtcNow().UtcTicks / SegmentLength.Ticks;

    /// <summary>Counts a request, unless its sender has reached the limit. What is refused does not count, or who is refused would never be let in again.</summary>
    public bool Admits(string sender, int limit) => counters.GetOrAdd(sender, static _ => new Counter()).Admits(Now, limit);

    /// <summary>How many more of a sender's requests would be admitted now.</summary>
    public int Left(string sender, int limit) => counters.TryGetValue(sender, out var counter) ? counter.Left(Now, limit) : limit;

    /// <summary>What this host has counted since the last call.</summary>
    public IReadOnlyList<RequestCount> TakeNew()
    {
        var (now, taken) = (Now, new List<RequestCount>());
        foreach (var (sender, counter) in counters)
        {
            if (!counter.TakeNew(sender, now, taken)) counters.TryRemove(KeyValuePair.Create(sender, counter));
        }

        return taken;
    }

    /// <summary>What all hosts have counted of a sender in a segment, this one's last taken counts included.</summary>
    public void Learn(RequestCount total)
    {
        if (counters.TryGetValue(total.Sender, out var counter)) counter.Learn(total.Segment, total.Requests);
    }

    /// <summary>Of one sender: for each segment what is known of all hosts, and what nobody else has heard of yet.</summary>
    private sealed class Counter
    {
        private readonly long[] number = new long[Segments];
        private readonly int[] known = new int[Segments];
        private readonly int[] fresh = new int[Segments];

        public bool Admits(long now, int limit)
        {
            lock (number)
            {
                if (Sum(now) >= limit) return false;
                fresh[Of(now)]++;
                return true;
            }
        }

        public int Left(long now, int limit)
        {
            lock (number) return (int)Math.Max(0, limit - Sum(now));
        }

        /// <returns>False once nothing here counts any more.</returns>
        public bool TakeNew(string sender, long now, List<RequestCount> taken)
        {
            lock (number)
            {
                var counts = false;
                for (var at = 0; at < Segments; at++)
                {
                    if (number[at] <= now - Segments) continue;
                    counts = true;
                    if (fresh[at] == 0) continue;
                    taken.Add(new RequestCount(sender, number[at], fresh[at]));
                    known[at] += fresh[at];
                    fresh[at] = 0;
                }

                return counts;
            }
        }

        public void Learn(long segment, int requests)
        {
            lock (number) known[Of(segment)] = requests;
        }

        private long Sum(long now)
        {
            var sum = 0L;
            for (var at = 0; at < Segments; at++)
            {
                // Also what lies ahead, where another host's clock is: nobody gains by a clock that is off.
                if (number[at] > now - Segments) sum += known[at] + fresh[at];
            }

            return sum;
        }

        private int Of(long segment)
        {
            var at = (int)(segment % Segments);
            if (number[at] != segment) (number[at], known[at], fresh[at]) = (segment, 0, 0);
            return at;
        }
    }
}

/// <summary>How many requests a sender sent in one segment of time.</summary>
public sealed record RequestCount(string Sender, long Segment, int Requests);
