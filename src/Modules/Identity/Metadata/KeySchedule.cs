using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Metadata;

/// <summary>When a signing key is made, signs, and leaves the key set (KEY-16). Times only, so that it can be read and tested by itself.</summary>
internal static class KeySchedule
{
    /// <summary>How long others may keep our key set (META-19).</summary>
    public static readonly TimeSpan PublicCacheLife = TimeSpan.FromMinutes(15);

    /// <summary>How often a host of ours reads the keys anew.</summary>
    public static readonly TimeSpan HostReads = TimeSpan.FromSeconds(30);

    /// <summary>How long a host that cannot read them may go by what it has read.</summary>
    public static readonly TimeSpan HostCacheLife = TimeSpan.FromMinutes(5);

    /// <summary>How far the clocks of our hosts may be apart.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    /// <summary>From publication to first use: every cache has turned over, ours and the clients'.</summary>
    public static readonly TimeSpan PublishedAhead = PublicCacheLife + HostCacheLife + Tolerance;

    /// <summary>From the next key's first use to the withdrawal of this one: what it signed last has expired (JO-28).</summary>
    public static readonly TimeSpan PublishedAfter = IdToken.Lifetime + Tolerance;

    /// <summary>What a rotation does with the keys of one algorithm.</summary>
    /// <param name="newest">When the newest key takes over; null where there is none.</param>
    /// <param name="period">How long a key signs; null makes the next one now.</param>
    /// <returns>When a new key is to sign from; null where none is due.</returns>
    public static DateTimeOffset? NextSignsFrom(DateTimeOffset? newest, TimeSpan? period, DateTimeOffset now)
    {
        // The very first key has no predecessor that could sign meanwhile, and nobody has an older set in a cache.
        if (newest is not { } since) return now;
        if (since > now) return null;
        return now >= since + (period ?? TimeSpan.Zero) ? now + PublishedAhead : null;
    }
}
