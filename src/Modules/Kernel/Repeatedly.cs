namespace OpenBanking.Kernel;

/// <summary>What background jobs have in common: they come again, whatever happened the last time.</summary>
public static class Repeatedly
{
    /// <summary>Does a job, waits, and does it again, until the host stops.</summary>
    /// <param name="failed">Told of every failure: a job that ends by an exception takes the whole host with it (OP-23).</param>
    public static async Task RunAsync(Func<CancellationToken, Task> job, TimeSpan pause, TimeProvider clock, Action<Exception> failed, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(pause, clock);
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
        {
            try
            {
                await job(stopping).ConfigureAwait(false);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                failed(failure);
            }
        }
    }
}
