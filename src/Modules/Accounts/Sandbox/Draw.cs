using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>
/// Chance that repeats itself: SplitMix64, begun from a name, so that the sandbox bank's customers live the same two years on every
/// machine. Not for secrets.
/// </summary>
internal sealed class Draw(string name)
{
    private ulong state = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A whole number from <paramref name="least"/> up to, and never, <paramref name="limit"/>.</summary>
    public int Between(int least, int limit) => least + (int)(Next() % (ulong)(limit - least));

    public bool Chance(int percent) => Between(0, 100) < percent;

    public T Of<T>(IReadOnlyList<T> items) => items[Between(0, items.Count)];

    /// <summary>An amount in whole pence, more often small than large.</summary>
    public decimal Amount(decimal least, decimal most)
    {
        var span = (int)((most - least) * 100);
        var pence = Math.Min(Between(0, span + 1), Between(0, span + 1));
        return least + (pence / 100m);
    }

    public Guid Id()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Next());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Next());
        return new Guid(bytes, bigEndian: true);
    }
}
