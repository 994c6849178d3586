namespace OpenBanking.Consent;

/// <summary>What background jobs have in common: they come again, whatever happened the last time.</summary>
internal static class Repeatedly
{
    /// <param name="failed">Told of every failure: a job that ends by an exception takes the whole host with it (OP-23).</param>
    public static async Task RunAsync(Func<CancellationToken, Task> job, TimeSpan pause, TimeProvider clock, Action<Exception> failed, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(pause, clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                await job(stopping);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                failed(failure);
            }
        }
    }
}
