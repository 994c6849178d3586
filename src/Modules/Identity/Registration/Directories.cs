using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>The directories that are trusted here, each by its pinned issuer and keys (SSA-01).</summary>
internal sealed class Directories(IOptions<AuthorizationServerOptions> options, ClientKeySets sets, UnitOfWork unit)
{
    public DirectoryOptions? Find(string? issuer) => options.Value.AllDirectories.FirstOrDefault(directory => directory.Issuer == issuer);

    /// <summary>Whether it is the one that the sandbox runs itself, whose members work on this very machine.</summary>
    public bool IsOfSandbox(DirectoryOptions directory) => ReferenceEquals(directory, options.Value.SandboxDirectory);

    /// <summary>The directory's keys; null where they cannot be had.</summary>
    public async Task<KeySet?> KeysAsync(DirectoryOptions directory, Jws statement, CancellationToken ct)
    {
        if (!directory.IsAddress) return await FromFileAsync(directory.Jwks, ct);
        var owner = "directory " + directory.Issuer; // A client id has no space.
        if (sets.Fetched(owner, directory.Jwks, Suffices, out var fetching) is { } known) return known.Set;
        if (fetching is null) return null;

        await unit.ReleaseAsync(ct); // Not with a connection of the database in hand (DC-14).
        await fetching.WaitAsync(ct);
        return sets.Fetched(owner, directory.Jwks, _ => true, out _)?.Set;

        bool Suffices(RegisteredKeys keys) => keys.Set.Candidates(statement.KeyId, statement.Algorithm).Count > 0;
    }

    /// <summary>Read each time: registrations are rare, and a key taken out of the file stops counting at once.</summary>
    private static async Task<KeySet?> FromFileAsync(string file, CancellationToken ct)
    {
        try
        {
            return KeySet.Parse(await File.ReadAllBytesAsync(file, ct)).Failed(out _, out var set) ? null : set;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
