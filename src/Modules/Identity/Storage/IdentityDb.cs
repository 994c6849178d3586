using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Evidence;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Registration;
using OpenBanking.Identity.Token;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Storage;

/// <summary>The tables of this module, in the schema <c>identity</c>; each feature says beside its entity how it is stored.</summary>
internal sealed class IdentityDb(DbContextOptions<IdentityDb> options) : ModuleContext(options)
{
    public const string Schema = "identity";

    public DbSet<Client> Clients => Set<Client>();

    public DbSet<RegisteredSoftware> RegisteredSoftware => Set<RegisteredSoftware>();

    public DbSet<Revocation> Revocations => Set<Revocation>();

    public DbSet<PushedRequest> PushedRequests => Set<PushedRequest>();

    public DbSet<Interaction> Interactions => Set<Interaction>();

    public DbSet<AuthorizationCode> Codes => Set<AuthorizationCode>();

    public DbSet<Grant> Grants => Set<Grant>();

    public DbSet<ManagedGrant> ManagedGrants => Set<ManagedGrant>();

    public DbSet<AccessToken> AccessTokens => Set<AccessToken>();

    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();

    public DbSet<BackchannelRequest> BackchannelRequests => Set<BackchannelRequest>();

    public DbSet<SignedMessage> SignedMessages => Set<SignedMessage>();

    public DbSet<User> Users => Set<User>();

    public DbSet<Passkey> Passkeys => Set<Passkey>();

    public DbSet<PasskeyCeremony> Ceremonies => Set<PasskeyCeremony>();

    public DbSet<ActivationCode> ActivationCodes => Set<ActivationCode>();

    public DbSet<FailureCount> FailureCounts => Set<FailureCount>();

    public DbSet<KnownDevice> KnownDevices => Set<KnownDevice>();

    public DbSet<CurrentThreat> Threats => Set<CurrentThreat>();

    public DbSet<ThreatChange> ThreatChanges => Set<ThreatChange>();

    public DbSet<PortalSession> Sessions => Set<PortalSession>();

    public DbSet<SignIn> SignIns => Set<SignIn>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(IdentityDb).Assembly);
    }
}

internal sealed class IdentityDbDesign : IDesignTimeDbContextFactory<IdentityDb>
{
    public IdentityDb CreateDbContext(string[] args) => new(ModuleDatabase.DesignTimeOptions<IdentityDb>(IdentityDb.Schema));
}
