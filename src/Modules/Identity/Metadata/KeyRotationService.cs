using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Kernel.Storage;

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

    /// <summary>While the database is away, the keys there are go on signing.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(KeySchedule.HostReads, clock, logger, RotateAsync, stoppingToken);

    private async Task RotateAsync(CancellationToken ct)
    {
        var rotation = await keys.RotateIfDueAsync(ct);
        foreach (var key in rotation.Keys.Where(key => key.IsNew)) Log.Made(logger, key.Algorithm, key.KeyId, key.SignsFrom);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Published the {Algorithm} signing key {KeyId}, which signs from {SignsFrom}")]
        public static partial void Made(ILogger logger, string algorithm, string keyId, DateTimeOffset signsFrom);
    }
}
