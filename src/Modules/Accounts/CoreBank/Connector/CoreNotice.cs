using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>What the core has told without being asked, once each.</summary>
internal sealed class CoreNotice
{
    /// <summary>As the core has named it.</summary>
    public required Guid Id { get; init; }

    public required CoreNoticeKind Kind { get; init; }

    public required string AccountId { get; init; }

    /// <summary>When it happened, as the core says.</summary>
    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }
}

internal enum CoreNoticeKind
{
    AccountClosed,
    AccountSwitched,
    TransactionBooked,
}

internal sealed class CoreNoticeTable : IEntityTypeConfiguration<CoreNotice>
{
    public void Configure(EntityTypeBuilder<CoreNotice> builder)
    {
        builder.ToTable("core_notices").HasKey(notice => notice.Id);
        builder.Property(notice => notice.Kind).HasConversion<string>().HasMaxLength(20);
        builder.Property(notice => notice.AccountId).HasMaxLength(40);
        builder.HasIndex(notice => notice.ReceivedAt);
    }
}
