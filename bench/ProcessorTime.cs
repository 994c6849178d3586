using System.Globalization;

namespace OpenBanking.Bench;

/// <summary>The processor time that a process, or a server with its children, has used so far, as Linux counts it.</summary>
internal static class ProcessorTime
{
    /// <summary>Clock ticks a second, as <c>/proc</c> counts; 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of one process, in seconds.</summary>
    public static double Of(int processId) => Read(processId) is { } stat ? stat.Own / TicksPerSecond : 0;

    /// <summary>The first child of a process: Host's embedded PostgreSQL.</summary>
    public static int ChildOf(int processId) => Processes().First(id => Read(id) is { } stat && stat.Parent == processId);

    /// <summary>The same of a process, the children it has, and those it has had; in seconds.</summary>
    public static double OfTree(int processId)
    {
        var total = Read(processId) is { } root ? root.Own + root.Gone : 0;
        foreach (var id in Processes())
        {
            if (Read(id) is { } stat && stat.Parent == processId) total += stat.Own;
        }

        return total / TicksPerSecond;
    }

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    private static (int Parent, long Own, long Gone)? Read(int processId)
    {
        try
        {
            // The name stands in brackets and may hold blanks; the numbers begin behind it.
            var line = File.ReadAllText($"/proc/{processId}/stat");
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return (Number(fields[1], int.Parse), Number(fields[11], long.Parse) + Number(fields[12], long.Parse), Number(fields[13], long.Parse) + Number(fields[14], long.Parse));
        }
        catch (IOException)
        {
            return null; // It ended meanwhile.
        }

        static T Number<T>(string text, Func<string, IFormatProvider, T> parse) => parse(text, CultureInfo.InvariantCulture);
    }
}
