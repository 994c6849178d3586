using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host.Control;

/// <summary>Looks for what testers have changed at another host.</summary>
internal sealed class SandboxFollower(SandboxClock clock, SandboxState state, HostDatabase database, ILogger<SandboxFollower> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    /// <summary>While the database is away, all stays as it is.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BackgroundWork.EveryAsync(
        Every,
        Server.RealTime,
        logger,
        async ct =>
        {
            await clock.FollowAsync(database, ct);
            await state.FollowAsync(ct);
        },
        stoppingToken);
}
