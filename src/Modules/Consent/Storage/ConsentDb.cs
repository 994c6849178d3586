using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OpenBanking.Consent.Events;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Storage;

/// <summary>The tables of this module, in the schema <c>consent</c>; each feature says beside its entity how it is stored.</summary>
internal sealed class ConsentDb(DbContextOptions<ConsentDb> options) : ModuleContext(options)
{
    public const string Schema = "consent";

    public DbSet<ConsentRecord> Consents => Set<ConsentRecord>();

    public DbSet<HistoryEntry> History => Set<HistoryEntry>();

    public DbSet<ApprovalEvidence> Evidence => Set<ApprovalEvidence>();

    public DbSet<AccessUse> Uses => Set<AccessUse>();

    public DbSet<DismissedNotice> DismissedNotices => Set<DismissedNotice>();

    public DbSet<PaymentConsents.ExchangeContract> ExchangeContracts => Set<PaymentConsents.ExchangeContract>();

    public DbSet<PaymentConsents.Files.StoredFile> Files => Set<PaymentConsents.Files.StoredFile>();

    public DbSet<StrongAuthentication.LowValueCount> LowValueCounts => Set<StrongAuthentication.LowValueCount>();

    public DbSet<EventRecord> Events => Set<EventRecord>();

    public DbSet<EventSubscription> EventSubscriptions => Set<EventSubscription>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(ConsentDb).Assembly);
        modelBuilder.ApplyConfiguration(new IdempotencyTable());
    }
}

internal sealed class ConsentDbDesign : IDesignTimeDbContextFactory<ConsentDb>
{
    public ConsentDb CreateDbContext(string[] args) => new(ModuleDatabase.DesignTimeOptions<ConsentDb>(ConsentDb.Schema));
}
