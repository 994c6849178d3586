using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Storage;

/// <summary>The tables of this module, in the schema <c>identity</c>; each feature says beside its entity how it is stored.</summary>
internal sealed class IdentityDb : DbContext
{
    public const string Schema = "identity";

    public IdentityDb(DbContextOptions<IdentityDb> options)
        : base(options)
    {
        // The request's transaction is begun by the unit of work; EF must not begin one of its own inside it.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(IdentityDb).Assembly);
    }
}

internal sealed class IdentityDbDesign : IDesignTimeDbContextFactory<IdentityDb>
{
    public IdentityDb CreateDbContext(string[] args) => new(ModuleDatabase.DesignTimeOptions<IdentityDb>(IdentityDb.Schema));
}
