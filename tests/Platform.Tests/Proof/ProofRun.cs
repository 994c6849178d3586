using System.Globalization;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// How much a row of the reliability list tries: little in the test run, and by <c>./prove.sh</c> as much as the row says. What was
/// measured is on the test's output, and in the file of the script, which prints it.
/// </summary>
internal static class ProofRun
{
    public static bool IsLarge { get; } = Environment.GetEnvironmentVariable("PROOF_SCALE") == "large";

    /// <summary>What is drawn by chance is drawn from here, so that a run can be had again.</summary>
    public static int Seed { get; } = Number("PROOF_SEED", 1);

    private static int Percent { get; } = Number("PROOF_PERCENT", 100);

    /// <summary>A count by the size of the run. A large one may be asked for in part, to see what it does before it takes its time.</summary>
    public static int Count(int small, int large) => IsLarge ? Math.Max(small, (int)(large * (long)Percent / 100)) : small;

    /// <summary>Says what a row was found to be, once nothing speaks against it.</summary>
    public static void Passed(string row, FormattableString measured)
    {
        var line = $"{row}: passed, measured {measured.ToString(CultureInfo.InvariantCulture)} (seed {Seed.ToString(CultureInfo.InvariantCulture)}{(IsLarge && Percent < 100 ? string.Create(CultureInfo.InvariantCulture, $", {Percent} % of a whole run") : "")})";
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (Environment.GetEnvironmentVariable("PROOF_REPORT") is { Length: > 0 } report) File.AppendAllLines(report, [line]);
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
