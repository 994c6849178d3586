using System.Runtime.InteropServices;

namespace OpenBanking.Host.Reports;

/// <summary>
/// When an interface answered and when it failed, as much of it as its availability is worked out from later (OB-OPS-2): of each second
/// whether anything was answered in it, and around failures, which are rare, the moments themselves. All by when a request was received.
/// </summary>
internal sealed class AnswerLog
{
    public const long SecondLength = 1_000_000;

    /// <summary>So many takes after its last change a second is forgotten here.</summary>
    private const int Patience = 6;

    private readonly Lock gate = new();
    private readonly Dictionary<long, Second> seconds = [];
    private int failedInARow;
    private long lastKept;

    /// <param name="at">Microseconds since 1970, as all moments here.</param>
    public void Answered(long at)
    {
        lock (gate)
        {
            failedInARow = 0;
            var second = Of(at);
            if (second.First == 0 || at < second.First) second.First = at;
            else if (at <= second.Last) return;
            second.Last = Math.Max(second.Last, at);
            second.IsNew = true;
        }
    }

    public void Failed(long at)
    {
        lock (gate)
        {
            // Once it is down by what this host has seen, one failure a second tells as much as all of them.
            if (++failedInARow > Availability.Series && at / SecondLength == lastKept / SecondLength) return;
            lastKept = at;
            var second = Of(at);
            second.Fresh.Add(at);
            second.HasFailed = second.IsNew = true;
        }
    }

    /// <summary>What is new since the last call.</summary>
    public IReadOnlyList<LoggedSecond> Take()
    {
        lock (gate)
        {
            var taken = new List<LoggedSecond>();
            foreach (var (number, second) in seconds)
            {
                if (second.IsNew)
                {
                    taken.Add(new LoggedSecond(number, second.First, second.Last, second.HasFailed, [.. second.Fresh]));
                    second.Fresh.Clear();
                    (second.IsNew, second.Idle) = (false, 0);
                }
                else if (++second.Idle > Patience)
                {
                    seconds.Remove(number);
                }
            }

            return taken;
        }
    }

    private Second Of(long at)
    {
        ref var second = ref CollectionsMarshal.GetValueRefOrAddDefault(seconds, at / SecondLength, out _);
        return second ??= new Second();
    }

    private sealed class Second
    {
        public List<long> Fresh { get; } = new(capacity: 0);

        public long First { get; set; }

        public long Last { get; set; }

        public bool HasFailed { get; set; }

        public bool IsNew { get; set; }

        public int Idle { get; set; }
    }
}

/// <summary>What happened in one second.</summary>
/// <param name="First">The first request that was answered; 0 where none was.</param>
/// <param name="Last">The last one.</param>
/// <param name="HasFailed">Whether any has failed in it, now or before.</param>
/// <param name="Failures">Those that have failed and were not taken before.</param>
internal sealed record LoggedSecond(long Number, long First, long Last, bool HasFailed, IReadOnlyList<long> Failures);
