using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Accounts.FundsConfirmation;

/// <summary>A card issuer's question and what it was told, or why nothing: the customer sees each (D-9, OB-CBP-10). Written once, never changed.</summary>
internal sealed class FundsCheck
{
    /// <summary>Version 7, so checks lie in the order of their asking.</summary>
    public required Guid Id { get; init; }

    public required string ConsentId { get; init; }

    public required string ClientId { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Reference { get; init; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    /// <summary>Null where it was not answered.</summary>
    public required bool? Answer { get; init; }

    /// <summary>Why it was not answered, in words for the customer.</summary>
    public string? WhyNone { get; init; }
}

internal sealed class FundsCheckTable : IEntityTypeConfiguration<FundsCheck>
{
    public void Configure(EntityTypeBuilder<FundsCheck> builder)
    {
        builder.ToTable("funds_checks").HasKey(check => check.Id);
        builder.Property(check => check.ConsentId).HasMaxLength(40);
        builder.Property(check => check.Reference).HasMaxLength(35);
        builder.Property(check => check.Currency).HasMaxLength(3);
        builder.HasIndex(check => new { check.ConsentId, check.Id });

        // An issuer's reference is answered once (OB-CBP-6).
        builder.HasIndex(check => new { check.ClientId, check.Reference }).IsUnique().HasFilter("\"Answer\" IS NOT NULL");
    }
}
