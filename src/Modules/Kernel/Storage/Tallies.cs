namespace OpenBanking.Kernel.Storage;

/// <summary>
/// Counts what happens on a day and no single request tells, such as how many customers begin to authorise something and how many end
/// it (OB-OPS-5). What is rolled back is not counted. For reports only: nothing is ever decided by it.
/// </summary>
public sealed class Tallies(UnitOfWork unit, TallySums sums)
{
    public void Count(DateTimeOffset at, string subject, string what) => unit.AfterCommit(() =>
    {
        sums.Add(new Tally(DateOnly.FromDateTime(at.UtcDateTime), subject, what));
        return Task.CompletedTask;
    });
}

/// <summary>What this process has counted and nobody has stored yet.</summary>
public sealed class TallySums
{
    private readonly Sums<Tally> sums = new();

    public void Add(Tally tally) => sums.Add(tally);

    /// <summary>What was counted since the last call.</summary>
    public IReadOnlyList<(Tally Of, long Times, long Amount)> Take(DateOnly today) => sums.Take(tally => tally.Day < today.AddDays(-1));
}

/// <summary>What is counted.</summary>
/// <param name="Subject">What it happens to, such as a kind of consent.</param>
public readonly record struct Tally(DateOnly Day, string Subject, string What);
