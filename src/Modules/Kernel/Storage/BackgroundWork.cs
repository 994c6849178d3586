using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Kernel.Storage;

/// <summary>What no request brings about: the turns of a job, and the transactions in which it does its work.</summary>
public static partial class BackgroundWork
{
    /// <summary>A job that fails at every turn, because the database is away, does not fill the log.</summary>
    private static readonly TimeSpan LogAgain = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Does a piece of work after each pause until the host stops. A turn that fails is logged and the next one comes all the same,
    /// whatever it was: a job that ends by an exception takes the whole host with it (OP-23).
    /// </summary>
    /// <param name="logger">The job's own: its category says which job has failed.</param>
    public static async Task EveryAsync(TimeSpan pause, TimeProvider clock, ILogger logger, Func<CancellationToken, Task> work, CancellationToken ct)
    {
        long? logged = null;
        using var timer = new PeriodicTimer(pause, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
            {
                try
                {
                    await work(ct).ConfigureAwait(false);
                    logged = null;
                }
                catch (Exception failure) when (!ct.IsCancellationRequested)
                {
                    if (logged is { } before && clock.GetElapsedTime(before) < LogAgain) continue;
                    logged = clock.GetTimestamp();
                    Log.Failed(logger, failure, pause);
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // To be stopped is no failure, and must not be taken for one where this job alone is stopped.
        }
    }

    /// <summary>Does something to each of several things, so that one that fails does not keep the others waiting; answers how many it was done to.</summary>
    public static async Task<int> EachAsync<T>(IEnumerable<T> of, ILogger logger, Func<T, Task<bool>> work, CancellationToken ct)
    {
        var done = 0;
        foreach (var one in of)
        {
            try
            {
                if (await work(one).ConfigureAwait(false)) done++;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                Log.OneFailed(logger, failure);
            }
        }

        return done;
    }

    /// <summary>Repeats a piece of work for as long as it finds a whole batch to do; answers the sum of what it did.</summary>
    public static async Task<int> InBatchesAsync(int batch, Func<Task<int>> work)
    {
        var sum = 0;
        int done;
        do
        {
            done = await work().ConfigureAwait(false);
            sum += done;
        }
        while (done == batch);
        return sum;
    }

    /// <summary>Does something in a scope and a transaction of its own, as a request would.</summary>
    public static async Task<T> InUnitAsync<T>(this IServiceScopeFactory scopes, Func<IServiceProvider, Task<T>> work, CancellationToken ct)
    {
        var scope = scopes.CreateAsyncScope();
        await using var ending = scope.ConfigureAwait(false);
        var result = await work(scope.ServiceProvider).ConfigureAwait(false);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct).ConfigureAwait(false);
        return result;
    }

    /// <summary>The same for what has nothing to answer.</summary>
    public static Task InUnitAsync(this IServiceScopeFactory scopes, Func<IServiceProvider, Task> work, CancellationToken ct) => scopes.InUnitAsync(
        async services =>
        {
            await work(services).ConfigureAwait(false);
            return true;
        },
        ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A turn of this job has failed; the next one comes in {Pause}")]
        public static partial void Failed(ILogger logger, Exception failure, TimeSpan pause);

        [LoggerMessage(Level = LogLevel.Warning, Message = "One of several could not be dealt with; the next turn tries again")]
        public static partial void OneFailed(ILogger logger, Exception failure);
    }
}
