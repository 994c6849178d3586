using System.Collections.Concurrent;
using System.Diagnostics;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Load at a fixed rate: each request starts on its schedule, however long the ones before it take, or a server that stands still
/// would be asked less and look well.
/// </summary>
internal sealed class FixedRate : IAsyncDisposable
{
    private const int MostAtOnce = 500;
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentBag<string> wrong = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly Task running;
    private int sent;
    private int open;

    /// <param name="send">Sends the request of this number and says what was wrong with the answer; null where nothing was.</param>
    public FixedRate(int perSecond, Func<int, Task<string?>> send) => running = Task.Run(() => RunAsync(perSecond, send));

    public int Sent => Volatile.Read(ref sent);

    /// <summary>What was sent in a second, on the average.</summary>
    public double Rate => Sent / watch.Elapsed.TotalSeconds;

    public IReadOnlyCollection<string> Wrong => wrong;

    /// <summary>Sends no more and waits for all answers.</summary>
    public async Task StopAsync()
    {
        await end.CancelAsync();
        await running;
        watch.Stop();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        end.Dispose();
    }

    private async Task RunAsync(int perSecond, Func<int, Task<string?>> send)
    {
        var waiting = new ConcurrentDictionary<int, Task>();
        while (!end.IsCancellationRequested)
        {
            var due = (int)(watch.Elapsed.TotalSeconds * perSecond);
            while (Sent < due && !end.IsCancellationRequested)
            {
                var number = Interlocked.Increment(ref sent) - 1;
                if (Volatile.Read(ref open) >= MostAtOnce)
                {
                    wrong.Add("not sent: too many wait for their answers");
                    continue;
                }

                Interlocked.Increment(ref open);
                waiting[number] = Task.Run(() => OneAsync(number, send));
                foreach (var (done, task) in waiting)
                {
                    if (task.IsCompleted) waiting.TryRemove(done, out _);
                }
            }

            await Task.Delay(5);
        }

        await Task.WhenAll(waiting.Values);
    }

    private async Task OneAsync(int number, Func<int, Task<string?>> send)
    {
        try
        {
            if (await send(number) is { } problem) wrong.Add(problem);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or InvalidOperationException)
        {
            wrong.Add(failure.ToString());
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }
}
