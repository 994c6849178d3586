using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Metadata;

/// <summary>A signing key of the server. Its private half is encrypted by Data Protection; the row goes when the key is retired.</summary>
internal sealed class StoredSigningKey
{
    /// <summary>RFC 7638 thumbprint, so no two keys share one (KEY-13).</summary>
    public required string KeyId { get; init; }

    public required string Algorithm { get; init; }

    /// <summary>PKCS#8, encrypted.</summary>
    public required byte[] ProtectedKey { get; init; }

    /// <summary>When it takes over; it is published from the moment its row is there (KEY-16).</summary>
    public required DateTimeOffset SignsFrom { get; init; }

    /// <summary>When the last JWT it signed has expired; null while it is the newest.</summary>
    public DateTimeOffset? PublishedUntil { get; init; }
}

internal sealed class StoredSigningKeyTable : IEntityTypeConfiguration<StoredSigningKey>
{
    public void Configure(EntityTypeBuilder<StoredSigningKey> builder) => builder.ToTable("signing_keys").HasKey(key => key.KeyId);
}
