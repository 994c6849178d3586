using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Clients;

/// <summary>The public keys that a client has registered, by value or at an address of its own.</summary>
internal sealed class ClientKeys(ClientKeySets sets, UnitOfWork unit)
{
    /// <summary>The set to verify this client's signature with; null where there is none to be had.</summary>
    public async Task<KeySet?> OfAsync(Client client, string? keyId, string algorithm, CancellationToken ct) =>
        (await GetAsync(client, keys => keys.Set.Candidates(keyId, algorithm).Count > 0, ct))?.Set;

    /// <summary>The public keys of the certificates in the client's set (MTLS-05).</summary>
    public async Task<IReadOnlyList<byte[]>?> OfCertificateAsync(Client client, byte[] shown, CancellationToken ct) =>
        (await GetAsync(client, keys => keys.CertificateKeys.Any(key => key.AsSpan().SequenceEqual(shown)), ct))?.CertificateKeys;

    private async Task<RegisteredKeys?> GetAsync(Client client, Func<RegisteredKeys, bool> suffices, CancellationToken ct)
    {
        if (client.JwksUri is null) return sets.ByValue(client);
        if (sets.Fetched(client, suffices, out var fetching) is { } known) return known;
        if (fetching is null) return null;

        // A slow key server must not hold a connection of the database, or it slows every other client too (DC-14).
        await unit.ReleaseAsync(ct);
        await fetching.WaitAsync(ct);
        return sets.Fetched(client, _ => true, out _);
    }
}

/// <summary>A parsed key set.</summary>
internal sealed class RegisteredKeys(KeySet set)
{
    public KeySet Set { get; } = set;

    /// <summary>Subject public keys of the certificates in the set.</summary>
    public IReadOnlyList<byte[]> CertificateKeys { get; } = [.. set.Keys.Select(CertificateKey).OfType<byte[]>()];

    private static byte[]? CertificateKey(JsonWebKey key)
    {
        if (key.Certificates.Count == 0) return null;
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(key.Certificates[0]);
            return certificate.PublicKey.ExportSubjectPublicKeyInfo();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
