using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Kernel.Storage;

/// <summary>Something that time alone makes necessary: what is due now is done a batch at a time, each in a transaction of its own.</summary>
public interface IBatchJob
{
    /// <summary>How much is done in one transaction: little, so that no request waits for it.</summary>
    static abstract int Batch { get; }

    /// <summary>How long until it looks again.</summary>
    static abstract TimeSpan Pause { get; }

    /// <summary>Does one batch and answers how much that was. Hosts that do so at once pass over each other's rows.</summary>
    Task<int> DoBatchAsync(CancellationToken ct);
}

/// <summary>Does a job again and again while the host runs; a batch that was full is followed by the next at once.</summary>
public sealed class Batches<TJob>(IServiceScopeFactory scopes, TimeProvider clock, ILogger<TJob> logger) : BackgroundService
    where TJob : class, IBatchJob
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BackgroundWork.EveryAsync(TJob.Pause, clock, logger, DoAllAsync, stoppingToken);

    /// <summary>Does all that is due; answers how much that was.</summary>
    public Task<int> DoAllAsync(CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(TJob.Batch, () => scopes.InUnitAsync(services => services.GetRequiredService<TJob>().DoBatchAsync(ct), ct));
}

public static class BatchJobs
{
    public static IServiceCollection AddBatchJob<TJob>(this IServiceCollection services)
        where TJob : class, IBatchJob => services
        .AddScoped<TJob>()
        .AddSingleton<Batches<TJob>>()
        .AddHostedService(provider => provider.GetRequiredService<Batches<TJob>>());
}
