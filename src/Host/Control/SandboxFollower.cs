using Npgsql;

namespace OpenBanking.Host.Control;

/// <summary>Looks for what testers have changed at another host.</summary>
internal sealed class SandboxFollower(SandboxClock clock, SandboxState state, HostDatabase database) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, Server.RealTime);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await clock.FollowAsync(database, stoppingToken);
                await state.FollowAsync(stoppingToken);
            }
            catch (NpgsqlException)
            {
                // The database is away; all stays as it is.
            }
        }
    }
}
