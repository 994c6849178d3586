using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.Ledger;

/// <summary>What a party is to an account; the holders stand first.</summary>
internal sealed class PartyLink
{
    public required string AccountId { get; init; }

    public required Guid PartyId { get; init; }

    public required int Position { get; init; }

    public required string Type { get; init; }

    public required string Role { get; init; }
}

/// <summary>Which product an account is.</summary>
internal sealed class AccountProductLink
{
    public required string AccountId { get; init; }

    public required string ProductId { get; init; }
}

internal sealed class BankPartyTable : IEntityTypeConfiguration<BankParty>
{
    public void Configure(EntityTypeBuilder<BankParty> builder)
    {
        builder.ToTable("parties").HasKey(party => party.Id);
        builder.Property(party => party.Name).HasMaxLength(350);
        builder.Property(party => party.FullLegalName).HasMaxLength(350);
        builder.HasIndex(party => party.CustomerId).IsUnique();
    }
}

internal sealed class PartyLinkTable : IEntityTypeConfiguration<PartyLink>
{
    public void Configure(EntityTypeBuilder<PartyLink> builder)
    {
        builder.ToTable("party_links").HasKey(link => new { link.AccountId, link.PartyId });
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(link => link.AccountId);
        builder.HasOne<BankParty>().WithMany().HasForeignKey(link => link.PartyId);
    }
}

internal sealed class BankProductTable : IEntityTypeConfiguration<BankProduct>
{
    public void Configure(EntityTypeBuilder<BankProduct> builder)
    {
        builder.ToTable("products").HasKey(product => product.Id);
        builder.Property(product => product.Id).HasMaxLength(40);
        builder.Property(product => product.Name).HasMaxLength(350);
        builder.Property(product => product.Description).HasMaxLength(350);
        builder.Property(product => product.Currency).HasMaxLength(3);
        builder.Property(product => product.MonthlyFee).HasColumnType("numeric(18,4)");
        builder.Property(product => product.Buffer).HasColumnType("numeric(18,4)");
        builder.Property(product => product.CreditRate).HasColumnType("numeric(7,4)");
        builder.Property(product => product.DebitRate).HasColumnType("numeric(7,4)");
    }
}

internal sealed class AccountProductTable : IEntityTypeConfiguration<AccountProductLink>
{
    public void Configure(EntityTypeBuilder<AccountProductLink> builder)
    {
        builder.ToTable("account_products").HasKey(link => link.AccountId);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(link => link.AccountId);
        builder.HasOne<BankProduct>().WithMany().HasForeignKey(link => link.ProductId);
    }
}

internal sealed class BankBeneficiaryTable : IEntityTypeConfiguration<BankBeneficiary>
{
    public void Configure(EntityTypeBuilder<BankBeneficiary> builder)
    {
        builder.ToTable("beneficiaries").HasKey(payee => payee.Id);
        builder.Property(payee => payee.Reference).HasMaxLength(35);
        builder.Property(payee => payee.PayeeName).HasMaxLength(350);
        builder.Property(payee => payee.PayeeIdentification).HasMaxLength(256);
        builder.HasIndex(payee => payee.CustomerId);
    }
}

internal sealed class BankStandingOrderTable : IEntityTypeConfiguration<BankStandingOrder>
{
    public void Configure(EntityTypeBuilder<BankStandingOrder> builder)
    {
        builder.ToTable("standing_orders").HasKey(order => order.Id);
        builder.Property(order => order.Reference).HasMaxLength(140);
        builder.Property(order => order.Frequency).HasMaxLength(4);
        builder.Property(order => order.PointInTime).HasMaxLength(2);
        builder.Property(order => order.Amount).HasColumnType("numeric(18,5)");
        builder.Property(order => order.Currency).HasMaxLength(3);
        builder.Property(order => order.Status).HasMaxLength(4);
        builder.Property(order => order.PayeeName).HasMaxLength(350);
        builder.Property(order => order.PayeeIdentification).HasMaxLength(256);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(order => order.AccountId);
        builder.HasIndex(order => order.AccountId);

        // What is due is found by this index and not by looking at every order.
        builder.HasIndex(order => order.NextAt).HasFilter("\"Status\" = 'ACTV'");
    }
}

internal sealed class BankDirectDebitTable : IEntityTypeConfiguration<BankDirectDebit>
{
    public void Configure(EntityTypeBuilder<BankDirectDebit> builder)
    {
        builder.ToTable("direct_debits").HasKey(debit => debit.Id);
        builder.Property(debit => debit.Name).HasMaxLength(70);
        builder.Property(debit => debit.Mandate).HasMaxLength(35);
        builder.Property(debit => debit.Frequency).HasMaxLength(4);
        builder.Property(debit => debit.Status).HasMaxLength(4);
        builder.Property(debit => debit.LastAmount).HasColumnType("numeric(18,5)");
        builder.Property(debit => debit.Currency).HasMaxLength(3);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(debit => debit.AccountId);
        builder.HasIndex(debit => debit.AccountId);
    }
}

internal sealed class BankScheduledPaymentTable : IEntityTypeConfiguration<BankScheduledPayment>
{
    public void Configure(EntityTypeBuilder<BankScheduledPayment> builder)
    {
        builder.ToTable("scheduled_payments").HasKey(payment => payment.Id);
        builder.Property(payment => payment.Reference).HasMaxLength(35);
        builder.Property(payment => payment.OwnReference).HasMaxLength(35);
        builder.Property(payment => payment.Amount).HasColumnType("numeric(18,5)");
        builder.Property(payment => payment.Currency).HasMaxLength(3);
        builder.Property(payment => payment.PayeeName).HasMaxLength(350);
        builder.Property(payment => payment.PayeeIdentification).HasMaxLength(256);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(payment => payment.AccountId);
        builder.HasIndex(payment => new { payment.AccountId, payment.DueAt });
        builder.HasIndex(payment => payment.DueAt);
    }
}

internal sealed class BankOfferTable : IEntityTypeConfiguration<BankOffer>
{
    public void Configure(EntityTypeBuilder<BankOffer> builder)
    {
        builder.ToTable("offers").HasKey(offer => offer.Id);
        builder.Property(offer => offer.Type).HasMaxLength(20);
        builder.Property(offer => offer.Description).HasMaxLength(500);
        builder.Property(offer => offer.Term).HasMaxLength(500);
        builder.Property(offer => offer.Rate).HasColumnType("numeric(7,4)");
        builder.Property(offer => offer.Amount).HasColumnType("numeric(18,5)");
        builder.Property(offer => offer.Fee).HasColumnType("numeric(18,5)");
        builder.Property(offer => offer.Currency).HasMaxLength(3);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(offer => offer.AccountId);
        builder.HasIndex(offer => new { offer.AccountId, offer.Until });
    }
}

internal sealed class BankStatementTable : IEntityTypeConfiguration<BankStatement>
{
    public void Configure(EntityTypeBuilder<BankStatement> builder)
    {
        builder.ToTable("statements").HasKey(statement => statement.Id);
        builder.Property(statement => statement.Reference).HasMaxLength(35);
        builder.Property(statement => statement.Currency).HasMaxLength(3);
        foreach (var amount in (string[])[
            nameof(BankStatement.Opening), nameof(BankStatement.Closing), nameof(BankStatement.Credits), nameof(BankStatement.Debits),
            nameof(BankStatement.Fees), nameof(BankStatement.Interest)])
        {
            builder.Property<decimal>(amount).HasColumnType("numeric(18,5)");
        }

        builder.Property(statement => statement.CardLimit).HasColumnType("numeric(18,5)");
        builder.Ignore(statement => statement.Next);
        builder.HasOne<BankAccount>().WithMany().HasForeignKey(statement => statement.AccountId);

        // One statement a period, however many hosts issue at one moment; and a page is a walk along it.
        builder.HasIndex(statement => new { statement.AccountId, statement.EndAt }).IsUnique();
    }
}
