using System.Globalization;

namespace OpenBanking.Host;

/// <summary>
/// Ends what a killed Host has left of its PostgreSQL. Only one server may have the files open, and its lock file may name a
/// process number that belongs to somebody else by now.
/// </summary>
internal static partial class Leftovers
{
    public static async Task EndAsync(string cluster, ILogger log, CancellationToken ct)
    {
        var lockFile = Path.Combine(cluster, "postmaster.pid");
        var waited = System.Diagnostics.Stopwatch.StartNew();
        for (var round = 0; Of(cluster, lockFile) is { Count: > 0 } left && waited.Elapsed < TimeSpan.FromSeconds(30); round++)
        {
            if (round == 0) Log.Ending(log, left.Count);
            var signal = waited.Elapsed.TotalSeconds switch { < 4 => Unix.Interrupt, < 8 => Unix.Quit, _ => Unix.KillNow };

            // The first of them is the server itself; its children end with it, unless it is gone already.
            if (round % 20 == 0)
            {
                foreach (var process in signal == Unix.KillNow || !File.Exists(lockFile) ? left : left.Take(1)) Unix.Signal(process, signal);
            }

            await Task.Delay(50, ct);
        }

        // Nobody of ours is alive: if the lock file is still there, its number is stale, whoever has it now.
        if (File.Exists(lockFile) && Of(cluster, lockFile).Count == 0) File.Delete(lockFile);
    }

    /// <summary>Processes that run on these files, the one that the lock file names first.</summary>
    private static List<int> Of(string cluster, string lockFile)
    {
        var first = ReadFirstLine(lockFile);
        if (!Directory.Exists("/proc/self")) return [];
        return
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
                .Where(id => id > 0 && id != Environment.ProcessId && RunsOn(id, cluster))
                .OrderByDescending(id => id == first)
        ];
    }

    private static bool RunsOn(int id, string cluster)
    {
        try
        {
            // The server names its folder on the command line; its children stand in it. Zombies have neither.
            if (File.ReadAllText($"/proc/{id}/cmdline").Split('\0') is [_, "-D", var folder, ..] && folder == cluster) return true;
            return Directory.ResolveLinkTarget($"/proc/{id}/cwd", returnFinalTarget: false)?.FullName == cluster;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false; // Gone in the meantime, or not ours to look at.
        }
    }

    private static int ReadFirstLine(string lockFile)
    {
        try
        {
            return int.TryParse(File.ReadLines(lockFile).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "An earlier start has left {Count} processes of the embedded PostgreSQL; they are ended")]
        public static partial void Ending(ILogger logger, int count);
    }
}
