using System.Diagnostics;

namespace OpenBanking.Testing;

/// <summary>
/// Waits for what comes about by itself: another process, a background job, a log. A test that waits for a condition passes on a slow
/// machine too; one that waits for a time passes on its author's.
/// </summary>
public static class Eventually
{
    /// <summary>Longer than anything takes that comes at all.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <param name="otherwise">What to say where it does not come about.</param>
    public static Task HoldsAsync(Func<bool> condition, Func<string> otherwise) => HoldsAsync(() => Task.FromResult(condition()), otherwise);

    /// <inheritdoc cref="HoldsAsync(Func{bool}, Func{string})"/>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Patience) throw new TimeoutException(otherwise());
            await Task.Delay(Pause);
        }
    }
}
