using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Users;

/// <summary>A customer signed in to the portal in one browser. The list is the server's: an ended session is over on every host (PO-07).</summary>
internal sealed class PortalSession
{
    /// <summary>Without a request for so long, it ends (OB-SCA-1).</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(5);

    /// <summary>So long at most, whatever happens; ours.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    /// <summary>Changes to passkeys need a sign-in that is not older (PO-15).</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    public required Guid Id { get; init; }

    /// <summary>SHA-256 of the cookie's value.</summary>
    public required byte[] Hash { get; init; }

    public required Guid UserId { get; init; }

    public required Guid PasskeyId { get; init; }

    public required DateTimeOffset AuthenticatedAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When it ends by itself if nobody uses it.</summary>
    public DateTimeOffset EndsAt => LastSeenAt + IdleLimit < AuthenticatedAt + Lifetime ? LastSeenAt + IdleLimit : AuthenticatedAt + Lifetime;
}

internal sealed class PortalSessionTable : IEntityTypeConfiguration<PortalSession>
{
    public void Configure(EntityTypeBuilder<PortalSession> builder)
    {
        builder.ToTable("portal_sessions").HasKey(session => session.Id);
        builder.Ignore(session => session.EndsAt);
        builder.HasIndex(session => session.Hash).IsUnique();
        builder.HasIndex(session => session.UserId);
        builder.HasIndex(session => session.LastSeenAt);
    }
}
