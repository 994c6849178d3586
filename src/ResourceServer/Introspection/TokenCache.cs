using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace OpenBanking.ResourceServer.Introspection;

/// <summary>
/// Answers on live tokens, for as long as the resource server is willing not to hear of a revocation: never beyond the token's own end,
/// and found only by the token's hash (RS-17). Answers on others are not kept, so that a token works from the moment it is made.
/// </summary>
internal sealed class TokenCache(IOptions<IntrospectionOptions> options)
{
    /// <summary>Beyond it nothing is added: a full cache costs calls, not memory.</summary>
    internal const int Capacity = 10_000;

    private readonly ConcurrentDictionary<string, (VerifiedToken Token, DateTimeOffset Until)> known = new(StringComparer.Ordinal);

    public VerifiedToken? Find(byte[] hash, DateTimeOffset now)
    {
        if (options.Value.Cache == TimeSpan.Zero || !known.TryGetValue(Convert.ToHexString(hash), out var entry)) return null;
        if (now < entry.Until) return entry.Token;
        known.TryRemove(Convert.ToHexString(hash), out _);
        return null;
    }

    public void Keep(byte[] hash, VerifiedToken token, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        if (options.Value.Cache == TimeSpan.Zero) return;
        if (known.Count >= Capacity)
        {
            foreach (var (old, entry) in known)
            {
                if (entry.Until <= now) known.TryRemove(old, out _);
            }

            if (known.Count >= Capacity) return;
        }

        var until = now + options.Value.Cache;
        known[Convert.ToHexString(hash)] = (token, until < expiresAt ? until : expiresAt);
    }
}
