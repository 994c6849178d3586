namespace OpenBanking.Payments.Execution;

/// <summary>Wakes this host's worker when an order was just accepted; other hosts look every second anyway.</summary>
internal sealed class ExecutionSignal : IDisposable
{
    private readonly SemaphoreSlim waiting = new(0, 1);

    public Task WakeAsync()
    {
        try
        {
            waiting.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been woken already and not looked yet.
        }

        return Task.CompletedTask;
    }

    public Task WaitAsync(TimeSpan most, CancellationToken ct) => waiting.WaitAsync(most, ct);

    public void Dispose() => waiting.Dispose();
}
