using System.Security.Cryptography;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

/// <summary>What opens the control: random, in a file that only the owner of the data directory reads.</summary>
internal sealed record SandboxSecret(string Value)
{
    private const string File = "control-secret";

    public static SandboxSecret Of(DataDirectory data)
    {
        if (data.ReadSecret(File) is { Length: > 0 } known) return new SandboxSecret(known);
        var fresh = Handle.New().Value;
        data.Write(File, fresh);
        return new SandboxSecret(fresh);
    }

    /// <summary>Whether a text is it; how much of it is right takes no time to find out.</summary>
    public bool Is(string said) => CryptographicOperations.FixedTimeEquals(Handle.HashOf(said), Handle.HashOf(Value));

    public override string ToString() => nameof(SandboxSecret);
}
