using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.Ledger;

/// <summary>A movement of money: its legs add up to zero in each currency.</summary>
internal sealed class Entry
{
    public required Guid Id { get; init; }

    public required DateTimeOffset BookedAt { get; init; }

    public required string Text { get; init; }
}

/// <summary>One side of a movement.</summary>
internal sealed class Leg
{
    public required Guid EntryId { get; init; }

    public required short Number { get; init; }

    /// <summary>A customer's account by its id, or one of the bank's own, such as <c>bank:clearing:GBP</c>.</summary>
    public required string Account { get; init; }

    /// <summary>Positive adds to the account.</summary>
    public required decimal Amount { get; init; }

    public required string Currency { get; init; }
}

/// <summary>That a customer holds an account.</summary>
internal sealed class Holder
{
    public required string CustomerId { get; init; }

    public required string AccountId { get; init; }
}

internal sealed class EntryTable : IEntityTypeConfiguration<Entry>
{
    public void Configure(EntityTypeBuilder<Entry> builder)
    {
        builder.ToTable("entries").HasKey(entry => entry.Id);
        builder.Property(entry => entry.Text).HasMaxLength(500);
    }
}

internal sealed class LegTable : IEntityTypeConfiguration<Leg>
{
    public void Configure(EntityTypeBuilder<Leg> builder)
    {
        builder.ToTable("legs").HasKey(leg => new { leg.EntryId, leg.Number });
        builder.Property(leg => leg.Account).HasMaxLength(40);
        builder.Property(leg => leg.Amount).HasColumnType("numeric(18,5)");
        builder.Property(leg => leg.Currency).HasMaxLength(3);
        builder.HasOne<Entry>().WithMany().HasForeignKey(leg => leg.EntryId);
        builder.HasIndex(leg => leg.Account);
    }
}

internal sealed class HolderTable : IEntityTypeConfiguration<Holder>
{
    public void Configure(EntityTypeBuilder<Holder> builder)
    {
        builder.ToTable("holders").HasKey(holder => new { holder.CustomerId, holder.AccountId });
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(holder => holder.AccountId);
    }
}

internal sealed class BankAccountTable : IEntityTypeConfiguration<BankAccount>
{
    public void Configure(EntityTypeBuilder<BankAccount> builder)
    {
        builder.ToTable("accounts").HasKey(account => account.Id);
        builder.Property(account => account.Id).HasMaxLength(40);
        builder.Property(account => account.Name).HasMaxLength(70);
        builder.Property(account => account.Description).HasMaxLength(35);
        builder.Property(account => account.Currency).HasMaxLength(3);
        builder.Property(account => account.State).HasConversion<string>().HasMaxLength(10);
        builder.Property(account => account.CreditLimit).HasColumnType("numeric(18,5)");
        // Wider than an amount: sums of the largest amounts must fit (PY-12).
        builder.Property(account => account.Balance).HasColumnType("numeric(28,5)");
        builder.Property(account => account.Held).HasColumnType("numeric(28,5)").HasDefaultValue(0m);
        builder.ToTable(table => table.HasCheckConstraint("CK_accounts_held", "\"Held\" >= 0"));
        builder.HasIndex(account => new { account.Scheme, account.Identification }).IsUnique();
    }
}

internal sealed class BankTransactionTable : IEntityTypeConfiguration<BankTransaction>
{
    public void Configure(EntityTypeBuilder<BankTransaction> builder)
    {
        builder.ToTable("transactions").HasKey(transaction => transaction.Id);
        builder.Property(transaction => transaction.Amount).HasColumnType("numeric(18,5)");
        builder.Property(transaction => transaction.BalanceAfter).HasColumnType("numeric(28,5)");
        builder.Property(transaction => transaction.ExchangeAmount).HasColumnType("numeric(18,5)");
        builder.Property(transaction => transaction.ExchangeRate).HasColumnType("numeric(18,8)");
        builder.Property(transaction => transaction.Currency).HasMaxLength(3);
        builder.Property(transaction => transaction.Reference).HasMaxLength(210);
        builder.Property(transaction => transaction.Information).HasMaxLength(500);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(transaction => transaction.AccountId);
        builder.HasOne<Entry>().WithMany().HasForeignKey(transaction => transaction.EntryId);

        // One page of one account is one walk along this index.
        builder.HasIndex(transaction => new { transaction.AccountId, transaction.BookedAt, transaction.Id });
        builder.HasIndex(transaction => transaction.AccountId).HasDatabaseName("IX_transactions_pending").HasFilter("\"IsPending\"");
        builder.HasIndex(transaction => transaction.EntryId);
    }
}
