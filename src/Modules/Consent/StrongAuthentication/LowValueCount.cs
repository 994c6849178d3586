using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.StrongAuthentication;

/// <summary>
/// How many payments of low value a customer has made, and of how much together, since the customer last authenticated strongly for a payment
/// (OB-SCA-4). The standard lets a bank choose which of the two it holds to; here both count.
/// </summary>
internal sealed class LowValueCount
{
    /// <summary>In euros, as all amounts here.</summary>
    public const decimal MostOfOne = 30m;
    public const decimal MostTogether = 100m;
    public const int MostInARow = 5;

    public required string CustomerId { get; init; }

    public required int Count { get; init; }

    public required decimal Euros { get; init; }

    /// <summary>When the first of them was made.</summary>
    public required DateTimeOffset Since { get; init; }

    public static bool HasRoom(int count, decimal sum, decimal euros) => count < MostInARow && sum + euros <= MostTogether;
}

internal sealed class LowValueCountTable : IEntityTypeConfiguration<LowValueCount>
{
    public void Configure(EntityTypeBuilder<LowValueCount> builder)
    {
        builder.ToTable("low_value_counts").HasKey(count => count.CustomerId);
        builder.Property(count => count.Euros).HasColumnType("numeric(18,8)");
    }
}
