using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>A rate that the bank has agreed on with a customer; a payment names it (OB-INT-3).</summary>
internal sealed class ExchangeContract
{
    public required string Id { get; init; }

    /// <summary>The currency that one unit of is exchanged.</summary>
    public required string From { get; init; }

    public required string To { get; init; }

    public required decimal Rate { get; init; }
}

internal sealed class ExchangeContractTable : IEntityTypeConfiguration<ExchangeContract>
{
    public void Configure(EntityTypeBuilder<ExchangeContract> builder)
    {
        builder.ToTable("exchange_contracts").HasKey(contract => contract.Id);
        builder.Property(contract => contract.Id).HasMaxLength(256);
        builder.Property(contract => contract.From).HasMaxLength(3);
        builder.Property(contract => contract.To).HasMaxLength(3);
        builder.Property(contract => contract.Rate).HasColumnType("numeric(18,8)");
    }
}
