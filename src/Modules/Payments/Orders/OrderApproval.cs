using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Payments.Orders;

/// <summary>How far an order is that several must approve, by the codes of the standard (OB-PIS-26, OB-DEC-4).</summary>
internal enum MultiAuthorisation
{
    /// <summary>Somebody has yet to approve.</summary>
    AWAF,
    AUTH,
    RJCT,
}

/// <summary>That one of those who must has approved an order. Whoever does so twice counts once: there is no second row.</summary>
internal sealed class OrderApproval
{
    public required string OrderId { get; init; }

    public required string CustomerId { get; init; }

    public required DateTimeOffset At { get; init; }
}

internal sealed class OrderApprovalTable : IEntityTypeConfiguration<OrderApproval>
{
    public void Configure(EntityTypeBuilder<OrderApproval> builder)
    {
        builder.ToTable("order_approvals").HasKey(approval => new { approval.OrderId, approval.CustomerId });
        builder.Property(approval => approval.OrderId).HasMaxLength(40);
        builder.HasOne<PaymentOrder>().WithMany().HasForeignKey(approval => approval.OrderId);
    }
}
