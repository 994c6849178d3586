using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Identity.Metadata;

/// <summary>
/// Has the keys in memory before the first request, keeps them fresh, and rotates the signing keys by schedule (KEY-16). Every host
/// runs it; the keys themselves see to it that one acts.
/// </summary>
internal sealed partial class KeyRotationService(
    SigningKeys keys, ServerSecrets secrets, TimeProvider clock, ILogger<KeyRotationService> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await secrets.ReadAllAsync(cancellationToken);
        await keys.RotateIfDueAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(KeySchedule.HostReads, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var rotation = await keys.RotateIfDueAsync(stoppingToken);
                foreach (var key in rotation.Keys.Where(key => key.IsNew)) Log.Made(logger, key.Algorithm, key.KeyId, key.SignsFrom);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // Mostly the database is away: the keys there are go on signing, and the next tick tries again.
                Log.Failed(logger, failure);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Published the {Algorithm} signing key {KeyId}, which signs from {SignsFrom}")]
        public static partial void Made(ILogger logger, string algorithm, string keyId, DateTimeOffset signsFrom);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The signing keys could not be looked after; the next try comes soon")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
