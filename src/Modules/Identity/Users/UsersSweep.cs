using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Users;

/// <summary>Deletes what has run out: ceremonies, sessions and guess counts. Nothing is decided by their absence, only room is made.</summary>
internal sealed partial class UsersSweep(IServiceScopeFactory scopes, TimeProvider clock, ILogger<UsersSweep> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Kept = TimeSpan.FromHours(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException or TimeoutException)
            {
                Log.NotSwept(logger, failure);
            }
        }
    }

    private async Task SweepAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var limit = clock.GetUtcNow() - Kept;
        var sessionLimit = clock.GetUtcNow() - PortalSession.Lifetime - Kept;
        await db.Ceremonies.Where(row => row.ExpiresAt < limit).ExecuteDeleteAsync(ct);
        await db.GuessCounts.Where(row => row.LastAt < limit).ExecuteDeleteAsync(ct);
        await db.Sessions.Where(row => row.AuthenticatedAt < sessionLimit).ExecuteDeleteAsync(ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Expired rows were not deleted; the next round tries again")]
        public static partial void NotSwept(ILogger logger, Exception failure);
    }
}
