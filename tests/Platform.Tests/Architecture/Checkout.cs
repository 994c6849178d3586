using System.Xml.Linq;

namespace OpenBanking.Platform.Tests.Architecture;

/// <summary>The checkout on disk: the walls are found there, so that a new module stands behind them on the day it appears.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    /// <summary>Every project under src, by name, with the projects it references.</summary>
    public static IReadOnlyDictionary<string, string[]> Projects { get; } = Directory
        .EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(
            file => Name(file),
            file => XDocument.Load(file).Descendants("ProjectReference").Select(reference => Name(reference.Attribute("Include")!.Value)).Order(StringComparer.Ordinal).ToArray(),
            StringComparer.Ordinal);

    /// <summary>The modules: folders under src/Modules that have contracts.</summary>
    public static IEnumerable<string> Modules => Directory
        .EnumerateDirectories(Path.Combine(Root, "src", "Modules"))
        .Where(folder => Directory.Exists(Path.Combine(folder, "Contracts")))
        .Select(folder => Path.GetFileName(folder));

    public static IEnumerable<string> Sources(params string[] under) => under
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.*", SearchOption.AllDirectories))
        .Where(file => Path.GetExtension(file) is ".cs" or ".razor")
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Migrations/", StringComparison.Ordinal));

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')).Replace("OpenBanking.", "", StringComparison.Ordinal);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OpenBanking.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("OpenBanking.sln is not above the tests.");
    }
}
