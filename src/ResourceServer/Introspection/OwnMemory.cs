using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace OpenBanking.ResourceServer.Introspection;

/// <summary>
/// The proofs that this process has seen. One that is full refuses what it cannot remember: nothing that still counts is pushed out
/// (DP-17). Several processes at one address need a memory that they share, and bring their own <see cref="IProofMemory"/>.
/// </summary>
internal sealed class OwnProofMemory(TimeProvider time) : IProofMemory
{
    internal const int Capacity = 200_000;
    private readonly ConcurrentDictionary<string, DateTimeOffset> spent = new(StringComparer.Ordinal);

    public Task<bool> IsFirstProofAsync(string thumbprint, string htu, string jti, DateTimeOffset until, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (spent.Count >= Capacity)
        {
            foreach (var (key, end) in spent)
            {
                if (end <= now) spent.TryRemove(key, out _);
            }

            if (spent.Count >= Capacity) return Task.FromResult(false);
        }

        // No thumbprint and no address has a line break, so no two lists of parts read the same.
        var proof = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{thumbprint}\n{htu}\n{jti}")));
        if (spent.TryAdd(proof, until)) return Task.FromResult(true);
        return Task.FromResult(spent.TryGetValue(proof, out var known) && known <= now && spent.TryUpdate(proof, until, known));
    }
}

/// <summary>The key of a resource server's nonces: made at start, or one that its processes share.</summary>
internal sealed class OwnNonceKey(IOptions<ResourceServerOptions> options) : INonceKeys
{
    private readonly byte[] key = options.Value.NonceKey ?? RandomNumberGenerator.GetBytes(32);

    public Task<byte[]> KeyAsync(DpopUse use, CancellationToken ct) => Task.FromResult(key);
}
