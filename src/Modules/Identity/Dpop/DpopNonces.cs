using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenBanking.Identity.Metadata;

namespace OpenBanking.Identity.Dpop;

/// <summary>
/// Nonces that no host has to remember: a keyed hash of the five minutes in which they are given out. The authorization server's and
/// the resource servers' have a key each, so neither is good at the other (DPOP-20).
/// </summary>
internal sealed class DpopNonces(ServerSecrets secrets, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>The longest time for which a nonce can be shown.</summary>
    public static readonly TimeSpan LongestUse = Lifetime + Grace;

    /// <summary>The nonce to use from now on.</summary>
    public async Task<string> CurrentAsync(DpopUse use, CancellationToken ct) => Of(await KeyAsync(use, ct), Bucket(time.GetUtcNow()));

    /// <summary>Whether a nonce is the current one or, for one more minute, the one before.</summary>
    public async Task<bool> IsGoodAsync(DpopUse use, string nonce, CancellationToken ct)
    {
        var key = await KeyAsync(use, ct);
        var now = time.GetUtcNow();
        return Same(nonce, Of(key, Bucket(now))) || Same(nonce, Of(key, Bucket(now - Grace)));
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

    private Task<byte[]> KeyAsync(DpopUse use, CancellationToken ct) => secrets.GetAsync(
        use == DpopUse.AuthorizationServer ? ServerSecrets.AuthorizationServerNonce : ServerSecrets.ResourceServerNonce, ct);
}
