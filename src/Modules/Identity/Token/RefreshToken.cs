using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Token;

/// <summary>
/// An opaque refresh token: bound to its client and its grant, never rotated (F2-GEN-04, REF-09), so that none is ever an old one (F2-GEN-05). It lives as its grant lives, so
/// to revoke it is to revoke the grant (REV-04).
/// </summary>
internal sealed class RefreshToken
{
    public required byte[] Hash { get; init; }

    public required string ClientId { get; init; }

    public required Guid GrantId { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The consent's end; null is ongoing.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

internal sealed class RefreshTokenTable : IEntityTypeConfiguration<RefreshToken>
{
    public void Configure(EntityTypeBuilder<RefreshToken> builder)
    {
        builder.ToTable("refresh_tokens").HasKey(token => token.Hash);
        builder.HasIndex(token => token.GrantId);
        builder.HasIndex(token => token.ExpiresAt);
    }
}
