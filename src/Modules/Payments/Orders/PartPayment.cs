using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Payments.Orders;

/// <summary>
/// One payment of an order that has several: of a standing order as it is made, of a file each in its place. It goes the way of an immediate
/// payment by itself and is shown in payment-details; the order says only how far all of them are.
/// </summary>
internal sealed class PartPayment
{
    public required string OrderId { get; init; }

    /// <summary>Its place, the first being 0; a place is paid once.</summary>
    public required int Number { get; init; }

    /// <summary>What the core bank calls its transfer.</summary>
    public string TransferId => IdOf(OrderId, Number);

    /// <summary>The payer's own reference to it, in a file.</summary>
    public string? EndToEnd { get; init; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required OrderStatus Status { get; init; }

    public string? ReasonCode { get; init; }

    public string? Rail { get; init; }

    public required DateTimeOffset StatusChangedAt { get; init; }

    public static string IdOf(string orderId, int number) => $"{orderId}-{number + 1}";
}

internal sealed class PartPaymentTable : IEntityTypeConfiguration<PartPayment>
{
    public void Configure(EntityTypeBuilder<PartPayment> builder)
    {
        builder.ToTable("part_payments").HasKey(part => new { part.OrderId, part.Number });
        builder.Property(part => part.OrderId).HasMaxLength(40);
        builder.Ignore(part => part.TransferId);
        builder.Property(part => part.EndToEnd).HasMaxLength(35);
        builder.Property(part => part.Amount).HasColumnType("numeric(18,5)");
        builder.Property(part => part.Currency).HasMaxLength(3);
        builder.Property(part => part.Status).HasConversion<string>().HasMaxLength(4);
        builder.Property(part => part.ReasonCode).HasMaxLength(4);
        builder.HasOne<PaymentOrder>().WithMany().HasForeignKey(part => part.OrderId);
    }
}
