using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.ResourceServer;

/// <summary>Where a proof is shown; nonces of the two are kept apart (DPOP-20).</summary>
public enum DpopUse
{
    AuthorizationServer,
    ResourceServer,
}

/// <summary>Where the keys of nonces come from: in the authorization server's process from what its hosts share, elsewhere from a key of one's own.</summary>
public interface INonceKeys
{
    /// <summary>The key of one use; the same on every host that serves one address.</summary>
    Task<byte[]> KeyAsync(DpopUse use, CancellationToken ct);
}

/// <summary>
/// Nonces that no host has to remember: a keyed hash of the five minutes in which they are given out. The authorization server's and
/// the resource servers' have a key each, so neither is good at the other (DPOP-20).
/// </summary>
public sealed class DpopNonces(INonceKeys keys, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>Another host's clock may already be in the next five minutes (OP-20).</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(30);

    /// <summary>The longest time for which a nonce can be shown.</summary>
    public static readonly TimeSpan LongestUse = Early + Lifetime + Grace;

    /// <summary>The nonce to use from now on.</summary>
    public async Task<string> CurrentAsync(DpopUse use, CancellationToken ct) => Of(await keys.KeyAsync(use, ct), Bucket(time.GetUtcNow()));

    /// <summary>Whether a nonce is the current one, for one more minute the one before, or half a minute early the next.</summary>
    public async Task<bool> IsGoodAsync(DpopUse use, string nonce, CancellationToken ct)
    {
        var key = await keys.KeyAsync(use, ct);
        var now = time.GetUtcNow();
        return Same(nonce, Of(key, Bucket(now))) || Same(nonce, Of(key, Bucket(now - Grace))) || Same(nonce, Of(key, Bucket(now + Early)));
    }

    private static long Bucket(DateTimeOffset at) => at.ToUnixTimeSeconds() / (long)Lifetime.TotalSeconds;

    private static string Of(byte[] key, long bucket)
    {
        Span<byte> input = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(input, bucket);
        return Base64Url.EncodeToString(HMACSHA256.HashData(key, input));
    }

    private static bool Same(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
