using System.Globalization;
using System.Text.Json;

namespace OpenBanking.Bench;

/// <summary>Says what was measured: a table for people on the console, and a file for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <param name="Peer">The same operation of the peer; null where it has none.</param>
    internal sealed record Line(Measured Run, Measured? Peer, Operation Operation);

    internal sealed record Results(Floor Floor, Line[] Lines);

    public static async Task WriteAsync(Results results, Options options)
    {
        Console.WriteLine("| operation | requests/s | p50 ms | p99 ms | server CPU s / 1,000 | database CPU s / 1,000 | crypto floor s / 1,000 | server : floor |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (run, _, operation) in results.Lines)
        {
            var floor = FloorOf(results, operation);
            var signs = operation.Signs > 0 ? string.Create(CultureInfo.InvariantCulture, $" + {operation.Signs}") : "";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {run.Operation} | {run.PerSecond:0} | {run.Median:0.0} | {run.Percentile99:0.0} | {run.ServerSeconds:0.000} | {run.DatabaseSeconds:0.000} | {floor:0.000} ({operation.Checks}{signs} ES256) | {run.ServerSeconds / floor:0.0} |"));
        }

        Console.WriteLine();
        WritePeer(results);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Connections} connections (HTTP/1.1, TLS 1.3), {options.Duration.TotalSeconds:0} s an operation, median of {options.Rounds} rounds, {Environment.ProcessorCount} processors shared with load generator and database. One ES256 check takes {results.Floor.Verify * 1e6:0} µs of processor time with a known key, {results.Floor.VerifyNewKey * 1e6:0} µs with a key read for it; the floor counts the former."));

        var file = new
        {
            options.Connections,
            Seconds = options.Duration.TotalSeconds,
            options.Rounds,
            VerifyMicroseconds = results.Floor.Verify * 1e6,
            VerifyNewKeyMicroseconds = results.Floor.VerifyNewKey * 1e6,
            Operations = results.Lines.Select(line => new
            {
                line.Run.Operation,
                line.Run.Requests,
                line.Run.PerSecond,
                MedianMilliseconds = line.Run.Median,
                Percentile99Milliseconds = line.Run.Percentile99,
                ServerSecondsPerThousand = line.Run.ServerSeconds,
                DatabaseSecondsPerThousand = line.Run.DatabaseSeconds,
                FloorSecondsPerThousand = FloorOf(results, line.Operation),
                PeerServerSecondsPerThousand = line.Peer?.ServerSeconds,
                PeerDatabaseSecondsPerThousand = line.Peer?.DatabaseSeconds,
            }),
        };
        if (Path.GetDirectoryName(options.Json) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(options.Json, JsonSerializer.Serialize(file, Readable));
    }

    private static void WritePeer(Results results)
    {
        if (results.Lines.All(line => line.Peer is null)) return;
        Console.WriteLine("| operation | ours: server + database CPU s / 1,000 | oidc-provider: server + database CPU s / 1,000 | ours : theirs |");
        Console.WriteLine("|---|---:|---:|---:|");
        foreach (var (run, peer, _) in results.Lines)
        {
            if (peer is null) continue;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {run.Operation} | {run.ServerSeconds:0.000} + {run.DatabaseSeconds:0.000} = {run.TotalSeconds:0.000} | {peer.ServerSeconds:0.000} + {peer.DatabaseSeconds:0.000} = {peer.TotalSeconds:0.000} | {run.TotalSeconds / peer.TotalSeconds:0.00} |"));
        }

        Console.WriteLine();
    }

    private static double FloorOf(Results results, Operation operation) =>
        (operation.Checks * results.Floor.Verify + operation.Signs * results.Floor.Sign) * 1000;
}
