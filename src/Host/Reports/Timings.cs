namespace OpenBanking.Host.Reports;

/// <summary>How long requests took: the exact mean (OB-OPS-3), and how they spread over a few fixed bounds.</summary>
internal sealed class Timings
{
    /// <summary>In milliseconds; 750 is the target of the UK guideline. What took longer than the last is in a bucket of its own.</summary>
    public static readonly int[] Bounds = [5, 10, 25, 50, 100, 250, 500, 750, 1000, 2500, 5000, 10_000, 30_000];

    private readonly long[] counts = new long[Bounds.Length + 1];
    private long microseconds;

    public long Count { get; private set; }

    public decimal? MeanMilliseconds => Count == 0 ? null : Math.Round(microseconds / 1000m / Count, 1);

    public static int BucketOf(TimeSpan took)
    {
        var bucket = 0;
        while (bucket < Bounds.Length && took.TotalMilliseconds > Bounds[bucket]) bucket++;
        return bucket;
    }

    public void Add(int bucket, long times, long took)
    {
        counts[bucket] += times;
        microseconds += took;
        Count += times;
    }

    /// <summary>The time within which a share of the requests was answered, as if those of one bucket were spread evenly over it.</summary>
    public decimal? Percentile(decimal share)
    {
        if (Count == 0) return null;
        var wanted = share * Count;
        for (var (bucket, before) = (0, 0L); bucket < Bounds.Length; before += counts[bucket++])
        {
            if (before + counts[bucket] < wanted) continue;
            var from = bucket == 0 ? 0 : Bounds[bucket - 1];
            return Math.Round(from + ((Bounds[bucket] - from) * (wanted - before) / counts[bucket]), 1);
        }

        return Bounds[^1];
    }
}
