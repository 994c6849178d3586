using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Payments.Orders;

/// <summary>
/// What a third party has had paid and what became of it: one record for orders of every type, so that statuses, history, execution and
/// the customer's list are the same for all. Everything ordered is fixed at its creation.
/// </summary>
internal sealed class PaymentOrder
{
    private const int RandomLength = 32;

    /// <summary>Opaque, 128 random bits behind the prefix of its type (OB-GEN-13, OB-PIS-9); also what the core bank calls the transfer.</summary>
    public required string Id { get; init; }

    public OrderType Type => OrderType.OfId(Id) ?? throw new InvalidOperationException("An order is stored under an id of no type.");

    public required string ConsentId { get; init; }

    /// <summary>It has used its consent up; a unique index holds to that (OB-PIS-5).</summary>
    public required bool IsOnlyOne { get; init; }

    public required string ClientId { get; init; }

    public required string CustomerId { get; init; }

    public required string AccountId { get; init; }

    public required OrderStatus Status { get; init; }

    public string? ReasonCode { get; init; }

    public string? ReasonText { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset StatusChangedAt { get; init; }

    /// <summary>As it was sent (OB-GEN-7): an object with <c>Data</c> and <c>Risk</c>.</summary>
    public required string Request { get; init; }

    /// <summary>What the bank has said to the consent: charges, times; JSON, null where it said nothing.</summary>
    public string? Quoted { get; init; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required string PayeeName { get; init; }

    /// <summary>The scheme that takes it out of the bank; null for a payee's account here.</summary>
    public string? Rail { get; init; }

    public required string PayerScheme { get; init; }

    public required string PayerIdentification { get; init; }

    public required string PayerName { get; init; }

    /// <summary>The third party asked for the payer's account, for a refund (OB-PIS-16).</summary>
    public required bool GivesRefundAccount { get; init; }

    /// <summary>When something is to be done for it; null where nothing is.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>How far the approvals are; null where the one who has consented is enough.</summary>
    public MultiAuthorisation? Approvals { get; init; }

    /// <summary>How many must approve, the one who has consented among them.</summary>
    public int? ApprovalsRequired { get; init; }

    public int? ApprovalsReceived { get; init; }

    public DateTimeOffset? ApprovalsChangedAt { get; init; }

    /// <summary>When it ends without them.</summary>
    public DateTimeOffset? ApproveBefore { get; init; }

    /// <summary>What a passkey that is used for an approval names it by.</summary>
    public Guid Subject => Guid.ParseExact(Id[^RandomLength..], "N");

    public static string NewId(OrderType type) => type.IdPrefix + System.Security.Cryptography.RandomNumberGenerator.GetHexString(RandomLength, lowercase: true);

    /// <summary>Anything else cannot exist and is not asked for (CO-24).</summary>
    public static bool IsWellFormed(string id) =>
        OrderType.OfId(id) is { } type && id.Length == type.IdPrefix.Length + RandomLength && id[type.IdPrefix.Length..].All(char.IsAsciiHexDigitLower);
}

internal sealed class PaymentOrderTable : IEntityTypeConfiguration<PaymentOrder>
{
    public void Configure(EntityTypeBuilder<PaymentOrder> builder)
    {
        builder.ToTable("orders").HasKey(order => order.Id);
        builder.Property(order => order.Id).HasMaxLength(40);
        builder.Ignore(order => order.Type);
        builder.Ignore(order => order.Subject);
        builder.Property(order => order.Approvals).HasConversion<string>().HasMaxLength(4);
        builder.Property(order => order.ConsentId).HasMaxLength(40);
        builder.Property(order => order.Status).HasConversion<string>().HasMaxLength(4);
        builder.Property(order => order.ReasonCode).HasMaxLength(4);
        builder.Property(order => order.Request).HasColumnType("json");
        builder.Property(order => order.Quoted).HasColumnType("json");
        builder.Property(order => order.Amount).HasColumnType("numeric(18,5)");
        builder.Property(order => order.Currency).HasMaxLength(3);

        // Beside the conditional write of the consent, so that neither alone has to be trusted (OB-PIS-5).
        builder.HasIndex(order => order.ConsentId).IsUnique().HasDatabaseName("IX_orders_only").HasFilter("\"IsOnlyOne\"");
        builder.HasIndex(order => new { order.ConsentId, order.CreatedAt });
        builder.HasIndex(order => new { order.CustomerId, order.CreatedAt });
        builder.HasIndex(order => order.DueAt).HasFilter("\"DueAt\" IS NOT NULL");

        // What waits for those who may act on an account.
        builder.HasIndex(order => order.AccountId).HasFilter("\"Approvals\" = 'AWAF'");
    }
}

/// <summary>A step in an order's life: when, from what to what, why, and who caused it (OB-PST-6). Written once, never changed.</summary>
internal sealed class OrderChange
{
    /// <summary>Version 7, so changes lie in the order of their writing.</summary>
    public required Guid Id { get; init; }

    public required string OrderId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Null at creation.</summary>
    public required OrderStatus? From { get; init; }

    public required OrderStatus To { get; init; }

    public string? ReasonCode { get; init; }

    public string? Reason { get; init; }

    /// <summary><c>third party</c>, <c>bank</c>, <c>scheme</c> or <c>customer</c>.</summary>
    public required string By { get; init; }
}

internal sealed class OrderChangeTable : IEntityTypeConfiguration<OrderChange>
{
    public void Configure(EntityTypeBuilder<OrderChange> builder)
    {
        builder.ToTable("order_changes").HasKey(change => change.Id);
        builder.Property(change => change.OrderId).HasMaxLength(40);
        builder.Property(change => change.From).HasConversion<string>().HasMaxLength(4);
        builder.Property(change => change.To).HasConversion<string>().HasMaxLength(4);
        builder.Property(change => change.By).HasMaxLength(20);
        builder.HasIndex(change => new { change.OrderId, change.Id });
    }
}
