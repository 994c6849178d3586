using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Takes the clients of organisations and software that the configuration names as revoked out of service at start, and those it no
/// longer names back in (OB-DCR-15).
/// </summary>
internal sealed class RevocationsFromSettings(IServiceScopeFactory scopes, IOptions<AuthorizationServerOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => scopes.InUnitAsync(
        async services =>
        {
            var revocations = services.GetRequiredService<Revocations>();
            foreach (var directory in options.Value.AllDirectories) await revocations.ApplyAsync(directory, cancellationToken);
        },
        cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
