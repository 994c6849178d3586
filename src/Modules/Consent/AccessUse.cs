using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent;

/// <summary>How often a consent was used on one day, for its customer's dashboard; kept for <see cref="ConsentOptions.UsesKept"/>.</summary>
internal sealed class AccessUse
{
    public required string ConsentId { get; init; }

    /// <summary>In UTC: the day is the same on every host and for every reader.</summary>
    public required DateOnly Day { get; init; }

    public required int Times { get; init; }
}

internal sealed class AccessUseTable : IEntityTypeConfiguration<AccessUse>
{
    public void Configure(EntityTypeBuilder<AccessUse> builder)
    {
        builder.ToTable("uses").HasKey(use => new { use.ConsentId, use.Day });
        builder.Property(use => use.ConsentId).HasMaxLength(40);
        builder.HasIndex(use => use.Day);
    }
}
