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
internal sealed partial class AbandonedInteractions(IServiceScopeFactory scopes, TimeProvider clock, ILogger<AbandonedInteractions> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure);
            }
        }
    }

    /// <summary>Ends those whose time is up, each in a transaction of its own; answers how many this host has ended.</summary>
    internal async Task<int> SweepAsync(CancellationToken ct)
    {
        var ended = 0;
        foreach (var hash in await FindAsync(ct))
        {
            try
            {
                if (await EndAsync(hash, ct)) ended++;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                Log.Failed(logger, failure); // One that cannot be ended must not keep the others waiting.
            }
        }

        return ended;
    }

    /// <summary>Only where no browser has the same request open with time left.</summary>
    private async Task<List<byte[]>> FindAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var now = clock.GetUtcNow();
        var found = await db.Interactions
            .Where(row => row.DecidedAt == null && row.DecideBefore <= now)
            .Where(row => db.PushedRequests.Any(request => request.Hash == row.PushedRequestHash && request.SpentAt == null))
            .Where(row => !db.Interactions.Any(other => other.PushedRequestHash == row.PushedRequestHash && other.DecideBefore > now))
            .OrderBy(row => row.DecideBefore)
            .Take(Batch)
            .Select(row => row.Hash)
            .ToListAsync(ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        return found;
    }

    private async Task<bool> EndAsync(byte[] hash, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var interaction = await services.GetRequiredService<IdentityDb>().Interactions.FirstOrDefaultAsync(row => row.Hash == hash, ct);
        if (interaction is null
            || await services.GetRequiredService<PushedRequests>().FindAsync(interaction.PushedRequestHash, ct) is not { } pushed
            || await services.GetRequiredService<ClientRegister>().FindAsync(interaction.ClientId, ct) is not { } client) return false;

        // Spending the request is the lock: of several hosts that sweep, and of the customer who comes at this moment, one ends it.
        var open = new OpenInteraction(interaction, pushed, AuthorizationRequest.FromJson(pushed.Parameters), client);
        var back = await services.GetRequiredService<Decisions>().TimeOutAsync(open, ct);
        await services.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        return back is not null;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Abandoned authorisations could not be ended; the next try comes in a minute")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
