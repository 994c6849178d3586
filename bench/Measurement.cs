using System.Globalization;

namespace OpenBanking.Bench;

/// <summary>A server under load: its name, how to count its processor time, and what it is asked.</summary>
internal sealed record Target(string Name, int ProcessId, int DatabaseProcessId, Operation[] Operations);

/// <summary>
/// Runs every operation against every server, round after round, so that what else happens on the machine meets all of them alike; of
/// the rounds the median counts.
/// </summary>
internal static class Measurement
{
    public static async Task<Report.Results> RunAsync(Options options, params Target[] targets)
    {
        var (runs, floors) = await MeasureAsync(options, targets);
        return new Report.Results(
            floors.Aggregate(Floor.Least),
            [.. targets[0].Operations.Where(operation => runs.ContainsKey((operation.Name, targets[0].Name))).Select(operation => new Report.Line(
                Measured.MedianOf(runs[(operation.Name, targets[0].Name)])!,
                targets.Length > 1 ? Measured.MedianOf(runs[(operation.Name, targets[1].Name)]) : null,
                operation))]);
    }

    /// <summary>All runs, by operation and server, and what the checks cost that no server can avoid.</summary>
    public static async Task<(Dictionary<(string Operation, string Target), List<Measured>> Runs, List<Floor> Floors)> MeasureAsync(Options options, params Target[] targets)
    {
        var names = targets[0].Operations.Select(operation => operation.Name)
            .Where(name => name.Contains(options.Only, StringComparison.OrdinalIgnoreCase))
            .ToArray();
        var runs = names.SelectMany(name => targets.Select(target => (name, target.Name))).ToDictionary(key => key, _ => new List<Measured>());
        foreach (var (name, target) in names.SelectMany(name => targets.Select(target => (name, target))))
        {
            // Everything once before anything counts, or the first operations would pay for the compilers.
            if (Array.Find(target.Operations, operation => operation.Name == name) is not { } operation) continue;
            await SayAsync($"warming up: {name} ({target.Name} is process {target.ProcessId})");
            await Load.SendForAsync(options.WarmUp, [], options.Connections, operation.SendAsync);
        }

        var floors = new List<Floor> { Floor.Measure() };
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var name in names)
            {
                foreach (var target in targets)
                {
                    if (Array.Find(target.Operations, operation => operation.Name == name) is not { } operation) continue;
                    await SayAsync($"round {round + 1} of {options.Rounds}: {name} ({target.Name} is process {target.ProcessId})");
                    runs[(name, target.Name)].Add(await Load.RunAsync(
                        name,
                        operation.SendAsync,
                        options.Connections,
                        TimeSpan.FromSeconds(1),
                        options.Duration,
                        () => ProcessorTime.Of(target.ProcessId),
                        () => ProcessorTime.OfTree(target.DatabaseProcessId)));
                }

                floors.Add(Floor.Measure());
            }
        }

        return (runs, floors);
    }

    private static Task SayAsync(FormattableString what) => Console.Error.WriteLineAsync(what.ToString(CultureInfo.InvariantCulture));
}
