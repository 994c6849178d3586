using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Takes the clients of organisations and software that the configuration names as revoked out of service at start, and those it no
/// longer names back in. They lose tokens and access at once, and their consents stay on record (OB-DCR-15).
/// </summary>
internal sealed class Revocations(IServiceScopeFactory scopes, IOptions<AuthorizationServerOptions> options) : IHostedService
{
    private const string ByConfiguration = "configuration";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        foreach (var directory in options.Value.AllDirectories)
        {
            var revoked = directory.Revoked?.ToArray() ?? [];
            await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE identity.clients c SET "SuspendedBy" = CASE WHEN r.listed THEN {ByConfiguration} END
                FROM (SELECT "ClientId", "OrganisationId" = ANY({revoked}) OR "SoftwareId" = ANY({revoked}) AS listed
                      FROM identity.registered_software WHERE "Directory" = {directory.Issuer}) r
                WHERE c."ClientId" = r."ClientId" AND (c."SuspendedBy" IS NULL AND r.listed OR c."SuspendedBy" = {ByConfiguration} AND NOT r.listed)
                """,
                cancellationToken);
        }

        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
