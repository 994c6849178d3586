namespace OpenBanking.Accounts.Contracts;

/// <summary>How the core bank is to behave, by a tester's wish; the sandbox's control keeps it alike on every host.</summary>
public sealed class SandboxCore
{
    private CoreConduct now = CoreConduct.Usual;

    public CoreConduct Now
    {
        get => Volatile.Read(ref now);
        set => Volatile.Write(ref now, value);
    }
}

/// <summary>One way to behave.</summary>
/// <param name="IsAway">It does not answer at all.</param>
/// <param name="Delay">How long each answer takes.</param>
/// <param name="SaysTooMuch">Its answers carry members that nobody has asked for.</param>
public sealed record CoreConduct(bool IsAway, TimeSpan Delay, bool SaysTooMuch)
{
    /// <summary>The longest that a tester can want.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    public static readonly CoreConduct Usual = new(false, TimeSpan.Zero, false);
}
