using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.Ledger;

/// <summary>How far a transfer is. It goes forward only, each step by one conditional write.</summary>
internal enum TransferState
{
    /// <summary>Set aside on the payer's account.</summary>
    Held,

    /// <summary>Moved.</summary>
    Posted,

    /// <summary>Given back without being moved.</summary>
    Released,

    /// <summary>Moved and brought back.</summary>
    Returned,
}

/// <summary>A transfer that a customer has ordered. Its name is the asker's, so whoever asks again finds it.</summary>
internal sealed class Transfer
{
    public required string Id { get; init; }

    /// <summary>The consent under which it was ordered.</summary>
    public required string Under { get; init; }

    public required string AccountId { get; init; }

    public required decimal Amount { get; init; }

    public required decimal Charge { get; init; }

    public required string Currency { get; init; }

    /// <summary>What the payee gets, where that is in another currency.</summary>
    public decimal? ExchangedAmount { get; init; }

    public string? ExchangedCurrency { get; init; }

    /// <summary>The payee's account, where it is kept here.</summary>
    public string? PayeeAccountId { get; init; }

    public required string PayeeScheme { get; init; }

    public required string PayeeIdentification { get; init; }

    public required string PayeeName { get; init; }

    public required string Reference { get; init; }

    /// <summary>What the scheme is told of how it came about.</summary>
    public required string Marker { get; init; }

    public required TransferState State { get; init; }

    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset StateChangedAt { get; init; }

    /// <summary>The scheme it left by; null within the bank and until it is posted.</summary>
    public string? Rail { get; init; }
}

internal sealed class TransferTable : IEntityTypeConfiguration<Transfer>
{
    public void Configure(EntityTypeBuilder<Transfer> builder)
    {
        builder.ToTable("transfers", table => table.HasCheckConstraint("CK_transfers_amounts", "\"Amount\" > 0 AND \"Charge\" >= 0")).HasKey(transfer => transfer.Id);
        builder.Property(transfer => transfer.Id).HasMaxLength(60);
        builder.Property(transfer => transfer.Under).HasMaxLength(128);
        builder.Property(transfer => transfer.Amount).HasColumnType("numeric(18,5)");
        builder.Property(transfer => transfer.Charge).HasColumnType("numeric(18,5)");
        builder.Property(transfer => transfer.Currency).HasMaxLength(3);
        builder.Property(transfer => transfer.Marker).HasMaxLength(1).HasDefaultValue(TransferOrder.OpenBanking);
        builder.Property(transfer => transfer.ExchangedAmount).HasColumnType("numeric(18,5)");
        builder.Property(transfer => transfer.ExchangedCurrency).HasMaxLength(3);
        builder.Property(transfer => transfer.State).HasConversion<string>().HasMaxLength(10);
        builder.Property(transfer => transfer.PayeeName).HasMaxLength(350);
        builder.Property(transfer => transfer.PayeeIdentification).HasMaxLength(256);
        builder.Property(transfer => transfer.Reference).HasMaxLength(210);
        builder.HasIndex(transfer => transfer.Under);
        builder.HasIndex(transfer => transfer.AccountId).HasFilter("\"State\" = 'Held'");
    }
}
