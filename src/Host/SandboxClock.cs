using System.Globalization;

namespace OpenBanking.Host;

/// <summary>
/// The product's clock in the sandbox: the real one plus an offset that a tester sets, tokens and consents included. The offset is in
/// the database, so that all hosts have the same; each looks several times a second.
/// </summary>
internal sealed class SandboxClock(TimeProvider real) : TimeProvider
{
    public const string Setting = "clock-offset-milliseconds";

    /// <summary>As far as anybody needs to go, and dates still fit everywhere.</summary>
    public static readonly TimeSpan Furthest = TimeSpan.FromDays(3660);
    private long offsetMilliseconds;

    public long OffsetMilliseconds
    {
        get => Interlocked.Read(ref offsetMilliseconds);
        set => Interlocked.Exchange(ref offsetMilliseconds, value);
    }

    public override DateTimeOffset GetUtcNow() => real.GetUtcNow().AddMilliseconds(OffsetMilliseconds);

    public override long GetTimestamp() => real.GetTimestamp();

    public override long TimestampFrequency => real.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        real.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes over what a host has stored.</summary>
    public async Task FollowAsync(HostDatabase database, CancellationToken ct)
    {
        var stored = await database.ReadAsync(Setting, ct);
        OffsetMilliseconds = long.TryParse(stored, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var offset) ? offset : 0;
    }
}
