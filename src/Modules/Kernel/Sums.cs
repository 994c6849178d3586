using System.Collections.Concurrent;

namespace OpenBanking.Kernel;

/// <summary>Sums by key that many add to and one takes away, such that nothing is lost or counted twice between the two.</summary>
public sealed class Sums<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Sum> sums = new();

    public void Add(TKey key, long amount = 0) => sums.GetOrAdd(key, static _ => new Sum()).Add(amount);

    /// <summary>What was added since the last call.</summary>
    /// <param name="isOver">Whether nothing will be added to a key any more; it is then forgotten.</param>
    public IReadOnlyList<(TKey Key, long Times, long Amount)> Take(Predicate<TKey> isOver)
    {
        var taken = new List<(TKey, long, long)>();
        foreach (var (key, sum) in sums)
        {
            if (isOver(key)) sums.TryRemove(KeyValuePair.Create(key, sum));
            var (times, amount) = sum.Take();
            if (times > 0) taken.Add((key, times, amount));
        }

        return taken;
    }

    private sealed class Sum
    {
        private readonly Lock gate = new();
        private long times;
        private long amount;

        public void Add(long more)
        {
            lock (gate)
            {
                times++;
                amount += more;
            }
        }

        public (long Times, long Amount) Take()
        {
            lock (gate)
            {
                var taken = (times, amount);
                (times, amount) = (0, 0);
                return taken;
            }
        }
    }
}
