using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// Ends what a customer has walked away from: an authorisation that was begun and not finished leaves its consent rejected, not
/// waiting for ever (OB-CON-4). A browser that comes back later is sent to the third party by the page itself; here nobody comes.
/// </summary>
internal sealed class AbandonedInteractions(IServiceScopeFactory scopes, TimeProvider clock, ILogger<AbandonedInteractions> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Ends those whose time is up, each in a transaction of its own; answers how many this host has ended.</summary>
    internal async Task<int> SweepAsync(CancellationToken ct)
    {
        var abandoned = await scopes.InUnitAsync(services => FindAsync(services.GetRequiredService<IdentityDb>(), ct), ct);
        return await BackgroundWork.EachAsync(abandoned, logger, hash => scopes.InUnitAsync(services => EndAsync(services, hash, ct), ct), ct);
    }

    /// <summary>Only where no browser has the same request open with time left.</summary>
    private Task<List<byte[]>> FindAsync(IdentityDb db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Interactions
            .Where(row => row.DecidedAt == null && row.DecideBefore <= now)
            .Where(row => db.PushedRequests.Any(request => request.Hash == row.PushedRequestHash && request.SpentAt == null))
            .Where(row => !db.Interactions.Any(other => other.PushedRequestHash == row.PushedRequestHash && other.DecideBefore > now))
            .OrderBy(row => row.DecideBefore)
            .Take(Batch)
            .Select(row => row.Hash)
            .ToListAsync(ct);
    }

    private static async Task<bool> EndAsync(IServiceProvider services, byte[] hash, CancellationToken ct)
    {
        var interaction = await services.GetRequiredService<IdentityDb>().Interactions.FirstOrDefaultAsync(row => row.Hash == hash, ct);
        if (interaction is null
            || await services.GetRequiredService<PushedRequests>().FindAsync(interaction.PushedRequestHash, ct) is not { } pushed
            || await services.GetRequiredService<ClientRegister>().FindAsync(interaction.ClientId, ct) is not { } client) return false;

        // Spending the request is the lock: of several hosts that sweep, and of the customer who comes at this moment, one ends it.
        var open = new OpenInteraction(interaction, pushed, AuthorizationRequest.FromJson(pushed.Parameters), client);
        return await services.GetRequiredService<Decisions>().TimeOutAsync(open, ct) is not null;
    }
}
