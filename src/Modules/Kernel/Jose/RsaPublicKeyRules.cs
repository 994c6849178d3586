using System.Numerics;

namespace OpenBanking.Kernel.Jose;

/// <summary>What an RSA public key must be before anything is verified with it. .NET imports every key that breaks these rules.</summary>
internal static class RsaPublicKeyRules
{
    public const int MinBits = 2048;
    private const int MaxBits = 8192;

    /// <summary>
    /// Everybody uses 65537. Less is e = 1, which signs nothing, or e = 3, the food of forgeries; beyond 64 bits a single check
    /// costs what a signature costs, and the checks are ours to pay.
    /// </summary>
    private const int MinExponent = 65537;
    private const int MaxExponentBytes = 8;

    /// <summary>The primes under the keys of CVE-2017-15361, and for each the remainders that such a modulus can leave.</summary>
    private static readonly (int Prime, HashSet<int> Remainders)[] Roca = [.. SmallPrimes(167).Select(prime => (prime, PowersOf65537(prime)))];

    public static JoseFault? FirstBroken(byte[] n, byte[] e)
    {
        // A leading zero would give one key two texts, and two thumbprints.
        if (n.Length == 0 || e.Length == 0 || n[0] == 0 || e[0] == 0) return new JoseFault("KEY-09", "an RSA number is empty or has a leading zero");
        var modulus = new BigInteger(n, isUnsigned: true, isBigEndian: true);
        var bits = modulus.GetBitLength();
        if (bits < MinBits) return new JoseFault("KEY-05", "the RSA key is too small");
        if (bits > MaxBits) return new JoseFault("KEY-05", "the RSA key is too large");
        if (e.Length > MaxExponentBytes || new BigInteger(e, isUnsigned: true, isBigEndian: true) < MinExponent || (e[^1] & 1) == 0)
            return new JoseFault("JO-12", "the RSA exponent is not fit for use");

        var remainders = Roca.Select(row => (int)(modulus % row.Prime)).ToArray();
        if (remainders.Contains(0)) return new JoseFault("JO-12", "the RSA modulus has a small factor");
        return remainders.Zip(Roca).All(pair => pair.Second.Remainders.Contains(pair.First))
            ? new JoseFault("JO-12", "the RSA key has the weakness named ROCA")
            : null;
    }

    // Primes of the broken generator are k·M + (65537^a mod M), M being the product of the first primes: so is their product, modulo each of them.
    private static HashSet<int> PowersOf65537(int prime)
    {
        var powers = new HashSet<int>();
        for (var power = 1; powers.Add(power);) power = power * (65537 % prime) % prime;
        return powers;
    }

    private static IEnumerable<int> SmallPrimes(int last) =>
        Enumerable.Range(2, last - 1).Where(number => Enumerable.Range(2, number - 2).All(divisor => number % divisor != 0));
}
