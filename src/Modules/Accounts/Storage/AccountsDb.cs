using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.FundsConfirmation;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Storage;

/// <summary>The tables of this module, in the schema <c>accounts</c>; each feature says beside its entity how it is stored.</summary>
internal sealed class AccountsDb(DbContextOptions<AccountsDb> options) : ModuleContext(options)
{
    public const string Schema = "accounts";

    public DbSet<BankAccount> Accounts => Set<BankAccount>();

    public DbSet<BankTransaction> Transactions => Set<BankTransaction>();

    public DbSet<Holder> Holders => Set<Holder>();

    public DbSet<Entry> Entries => Set<Entry>();

    public DbSet<Leg> Legs => Set<Leg>();

    public DbSet<Transfer> Transfers => Set<Transfer>();

    public DbSet<BankStandingOrder> StandingOrders => Set<BankStandingOrder>();

    public DbSet<FundsCheck> FundsChecks => Set<FundsCheck>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(AccountsDb).Assembly);
    }
}

internal sealed class AccountsDbDesign : IDesignTimeDbContextFactory<AccountsDb>
{
    public AccountsDb CreateDbContext(string[] args) => new(ModuleDatabase.DesignTimeOptions<AccountsDb>(AccountsDb.Schema));
}
