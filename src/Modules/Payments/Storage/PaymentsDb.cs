using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Sandbox;

namespace OpenBanking.Payments.Storage;

/// <summary>The tables of this module, in the schema <c>payments</c>; each feature says beside its entity how it is stored.</summary>
internal sealed class PaymentsDb(DbContextOptions<PaymentsDb> options) : ModuleContext(options)
{
    public const string Schema = "payments";

    public DbSet<PaymentOrder> Orders => Set<PaymentOrder>();

    public DbSet<PartPayment> Parts => Set<PartPayment>();

    public DbSet<OrderApproval> Approvals => Set<OrderApproval>();

    public DbSet<OrderChange> Changes => Set<OrderChange>();

    public DbSet<TestersWish> Wishes => Set<TestersWish>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(PaymentsDb).Assembly);
        modelBuilder.ApplyConfiguration(new IdempotencyTable());
    }
}

internal sealed class PaymentsDbDesign : IDesignTimeDbContextFactory<PaymentsDb>
{
    public PaymentsDb CreateDbContext(string[] args) => new(ModuleDatabase.DesignTimeOptions<PaymentsDb>(PaymentsDb.Schema));
}
