using System.Globalization;

namespace OpenBanking.Bench;

/// <summary>What the command line says.</summary>
/// <param name="Duration">Of one operation in one round.</param>
/// <param name="Rounds">Each operation is run in each round; the median counts.</param>
/// <param name="Only">Part of an operation's name; empty is all of them.</param>
/// <param name="WithPeer">Whether oidc-provider is started beside the host; it needs Node.js 20 and, the first time, the npm registry.</param>
/// <param name="Growth">Whether, instead, three banks of different sizes are compared.</param>
/// <param name="Payments">Whether, instead, payments are measured; it needs pgbench.</param>
/// <param name="Json">The file for programs.</param>
internal sealed record Options(TimeSpan Duration, TimeSpan WarmUp, int Connections, int Rounds, string Only, bool WithPeer, bool Growth, bool Payments, string Json)
{
    public static Options Parse(string[] args)
    {
        var given = args.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var known = new[] { "--seconds", "--warm-up", "--connections", "--rounds", "--only", "--peer", "--growth", "--payments", "--json" };
        if (args.Length % 2 != 0 || given.Keys.Except(known, StringComparer.Ordinal).Any())
            throw new ArgumentException($"Use: {string.Join(' ', known.Select(name => $"[{name} VALUE]"))}", nameof(args));
        return new Options(
            TimeSpan.FromSeconds(Number("--seconds", 10)),
            TimeSpan.FromSeconds(Number("--warm-up", 8)),
            Number("--connections", 8),
            Number("--rounds", 3),
            given.GetValueOrDefault("--only", ""),
            given.GetValueOrDefault("--peer", "yes") == "yes",
            given.GetValueOrDefault("--growth", "no") == "yes",
            given.GetValueOrDefault("--payments", "no") == "yes",
            given.GetValueOrDefault("--json", Path.Combine("artifacts", "bench.json")));

        int Number(string name, int otherwise) =>
            given.TryGetValue(name, out var text) ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
    }
}
