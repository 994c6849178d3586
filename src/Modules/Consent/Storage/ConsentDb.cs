using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OpenBanking.Consent.AccountAccess;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Storage;

/// <summary>The tables of this module, in the schema <c>consent</c>; each feature says beside its entity how it is stored.</summary>
internal sealed class ConsentDb : DbContext
{
    public const string Schema = "consent";

    public ConsentDb(DbContextOptions<ConsentDb> options)
        : base(options)
    {
        // The request's transaction is begun by the unit of work; EF must not begin one of its own inside it.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
    }

    public DbSet<AccountAccessConsent> AccountAccess => Set<AccountAccessConsent>();

    public DbSet<HistoryEntry> History => Set<HistoryEntry>();

    public DbSet<ApprovalEvidence> Evidence => Set<ApprovalEvidence>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(ConsentDb).Assembly);
    }
}

internal sealed class ConsentDbDesign : IDesignTimeDbContextFactory<ConsentDb>
{
    public ConsentDb CreateDbContext(string[] args) => new(ModuleDatabase.DesignTimeOptions<ConsentDb>(ConsentDb.Schema));
}
