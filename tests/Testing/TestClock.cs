namespace OpenBanking.Testing;

/// <summary>The real clock plus an offset that a test moves. Timers stay real; what is asked for the time gets the moved one.</summary>
public sealed class TestClock : TimeProvider
{
    private long offsetTicks;
    private DateTimeOffset? stopped;

    /// <summary>How far this clock is from the real one.</summary>
    public TimeSpan Offset
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref offsetTicks));
        set => Interlocked.Exchange(ref offsetTicks, value.Ticks);
    }

    public DateTimeOffset Now => GetUtcNow();

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan by)
    {
        Offset += by;
        if (stopped is { } at) stopped = at + by;
    }

    /// <summary>Stops the clock at a moment, so that a test can stand exactly on an edge; whole microseconds, as the database keeps them.</summary>
    public void StopAt(DateTimeOffset moment) => stopped = moment.AddTicks(-(moment.Ticks % TimeSpan.TicksPerMicrosecond));

    /// <summary>Stands still during a test, on a whole second, since a JWT knows no smaller ones.</summary>
    public async Task AtOneMomentAsync(Func<Task> test)
    {
        try
        {
            StopAt(DateTimeOffset.FromUnixTimeSeconds(Now.ToUnixTimeSeconds()));
            await test();
        }
        finally
        {
            Run();
        }
    }

    /// <summary>Lets it run again from where the real clock and the offset are.</summary>
    public void Run() => stopped = null;

    public override DateTimeOffset GetUtcNow() => stopped ?? System.GetUtcNow() + Offset;

    public override long GetTimestamp() => System.GetTimestamp() + (long)(Offset.TotalSeconds * System.TimestampFrequency);
}
