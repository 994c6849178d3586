using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.PaymentConsents.Files;

/// <summary>The file of a consent, byte for byte as it came.</summary>
internal sealed class StoredFile
{
    public required string ConsentId { get; init; }

    public required string MediaType { get; init; }

    public required byte[] Content { get; init; }
}

internal sealed class StoredFileTable : IEntityTypeConfiguration<StoredFile>
{
    public void Configure(EntityTypeBuilder<StoredFile> builder)
    {
        builder.ToTable("payment_files").HasKey(file => file.ConsentId);
        builder.Property(file => file.ConsentId).HasMaxLength(40);
        builder.Property(file => file.MediaType).HasMaxLength(100);
    }
}
