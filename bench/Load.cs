using System.Collections.Concurrent;
using System.Diagnostics;

namespace OpenBanking.Bench;

/// <summary>What a run of one operation showed.</summary>
/// <param name="Median">Milliseconds from sending to the last byte.</param>
/// <param name="ServerSeconds">Processor seconds of the host per 1,000 requests.</param>
/// <param name="DatabaseSeconds">Processor seconds of PostgreSQL per 1,000 requests.</param>
internal sealed record Measured(string Operation, long Requests, double PerSecond, double Median, double Percentile99, double ServerSeconds, double DatabaseSeconds)
{
    public double TotalSeconds => ServerSeconds + DatabaseSeconds;

    /// <summary>The median of several runs in each respect; null of none.</summary>
    public static Measured? MedianOf(IReadOnlyList<Measured> runs) => runs.Count == 0 ? null : new(
        runs[0].Operation,
        runs.Sum(run => run.Requests),
        Middle(runs, run => run.PerSecond),
        Middle(runs, run => run.Median),
        Middle(runs, run => run.Percentile99),
        Middle(runs, run => run.ServerSeconds),
        Middle(runs, run => run.DatabaseSeconds));

    private static double Middle(IReadOnlyList<Measured> runs, Func<Measured, double> of)
    {
        double[] sorted = [.. runs.Select(of).Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Sends one operation again and again over a fixed number of connections, for a fixed time.</summary>
internal static class Load
{
    /// <exception cref="InvalidOperationException">A request failed: a run with errors measures nothing.</exception>
    public static async Task<Measured> RunAsync(
        string operation, Func<int, Task> send, int connections, TimeSpan warmUp, TimeSpan duration, Func<double> serverTime, Func<double> databaseTime)
    {
        await SendForAsync(warmUp, [], connections, send);

        var took = new ConcurrentBag<List<double>>();
        var server = serverTime();
        var database = databaseTime();
        var watch = Stopwatch.StartNew();
        await SendForAsync(duration, took, connections, send);
        var seconds = watch.Elapsed.TotalSeconds;
        server = serverTime() - server;
        database = databaseTime() - database;

        double[] all = [.. took.SelectMany(list => list).Order()];
        return new Measured(
            operation,
            all.Length,
            all.Length / seconds,
            all[all.Length / 2],
            all[(int)(all.Length * 0.99)],
            server / all.Length * 1000,
            database / all.Length * 1000);
    }

    public static Task SendForAsync(TimeSpan duration, ConcurrentBag<List<double>> took, int connections, Func<int, Task> send)
    {
        var clock = Stopwatch.StartNew();
        return Task.WhenAll(Enumerable.Range(0, connections).Select(connection => Task.Run(async () =>
        {
            var mine = new List<double>(capacity: 16384);
            while (clock.Elapsed < duration)
            {
                var start = Stopwatch.GetTimestamp();
                await send(connection);
                mine.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            took.Add(mine);
        })));
    }
}
