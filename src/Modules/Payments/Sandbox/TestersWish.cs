using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Payments.Sandbox;

/// <summary>What a tester wants to happen to the next payment; it is used up by that one.</summary>
internal sealed class TestersWish
{
    public const string Refuse = "refuse";
    public const string Lose = "lose";

    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public string? Value { get; init; }
}

internal sealed class TestersWishTable : IEntityTypeConfiguration<TestersWish>
{
    public void Configure(EntityTypeBuilder<TestersWish> builder)
    {
        builder.ToTable("testers_wishes").HasKey(wish => wish.Id);
        builder.Property(wish => wish.Name).HasMaxLength(10);
        builder.Property(wish => wish.Value).HasMaxLength(4);
    }
}
