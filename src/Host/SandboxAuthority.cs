using System.Security.Cryptography;

namespace OpenBanking.Host;

/// <summary>
/// The sandbox's one authority for all hosts of a database: whoever trusts it, or has a client certificate of it, can go to any of
/// them. It is kept in the database, encrypted like the key ring; the first host puts its own there and the others take that.
/// </summary>
internal static class SandboxAuthority
{
    private const string Setting = "sandbox-authority";

    /// <summary>Run before any certificate is made, while no other host does the same.</summary>
    public static Task ShareAsync(IConfiguration configuration, DataDirectory data, CancellationToken ct) => HostDatabase.AloneAsync(
        configuration.GetConnectionString("OpenBanking")!,
        async source =>
        {
            await HostDatabase.CreateOwnTablesAsync(source, ct);
            var (database, key) = (new HostDatabase(source), KeyRing.KeyOf(configuration));
            var shared = await database.ReadAsync(Setting, ct) is { } stored ? Opened(stored, key) : null;
            if (shared is not null && ServerCertificates.IsUsableAuthority(shared, Server.RealTime))
            {
                ServerCertificates.TakeAuthority(data, shared);
                return;
            }

            await database.WriteAsync(Setting, key.Seal(ServerCertificates.ReadAuthority(data, Server.RealTime)), ct);
        },
        ct);

    private static string Opened(string stored, KeyEncryptionKey key)
    {
        try
        {
            return key.Open(stored);
        }
        catch (CryptographicException)
        {
            throw new SettingsException("ConnectionStrings__OpenBanking or KeyEncryption__File is not the one of the other hosts of this database: what they have encrypted there cannot be read.");
        }
    }
}
