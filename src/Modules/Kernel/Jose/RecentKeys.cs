using System.Collections.Concurrent;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// Keys that proofs were made with a moment ago, by the exact text in which they came. A client sends one key with every request, and to import it
/// costs twice what the check of its signature costs. Bounded: when the young half is full it becomes the old half, and the old half goes.
/// Whoever floods it with keys of his own makes others pay the import again, and nothing else.
/// </summary>
internal sealed class RecentKeys(int capacity)
{
    private readonly Lock turn = new();
    private ConcurrentDictionary<string, JsonWebKey> young = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, JsonWebKey> old = new(StringComparer.Ordinal);

    public int Count => young.Count + old.Count;

    public JsonWebKey? Find(string text)
    {
        if (young.TryGetValue(text, out var key)) return key;
        if (!old.TryGetValue(text, out key)) return null;
        Keep(text, key);
        return key;
    }

    /// <summary>Remembers a key. Only for one whose signature has just been verified.</summary>
    public void Keep(string text, JsonWebKey key)
    {
        lock (turn)
        {
            if (young.Count >= capacity / 2) (old, young) = (young, new ConcurrentDictionary<string, JsonWebKey>(StringComparer.Ordinal));
            young[text] = key;
        }
    }
}
