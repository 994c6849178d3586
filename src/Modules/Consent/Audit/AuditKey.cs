using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Audit;

/// <summary>
/// The server's key for the audit: it tags each line and signs the anchors. All hosts have the same; what is stored is encrypted with a
/// key from outside the database, so that the database alone can forge neither.
/// </summary>
internal sealed class AuditKey(DbDataSource database, IDataProtectionProvider protection)
{
    public const int TagBytes = HMACSHA256.HashSizeInBytes;

    private const string Select = $"""SELECT "Protected" FROM {ConsentDb.Schema}.audit_key WHERE "Id" = 1""";
    private const string Insert = $"""INSERT INTO {ConsentDb.Schema}.audit_key ("Id", "Protected") VALUES (1, $1) ON CONFLICT DO NOTHING""";

    private readonly IDataProtector protector = protection.CreateProtector("OpenBanking.Consent.Audit");
    private volatile Keys? known;

    /// <summary>
    /// Reads it, or makes it where this is the first host of all. Hosts do so before they take requests, because a request that holds a
    /// connection must not wait for a second one.
    /// </summary>
    public async ValueTask<Keys> GetAsync(CancellationToken ct)
    {
        if (known is { } keys) return keys;
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        return known = await ReadAsync(connection, ct) ?? await CreateAsync(connection, ct);
    }

    private async Task<Keys> CreateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var insert = new NpgsqlCommand(Insert, connection);
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = protector.Protect(fresh.ExportPkcs8PrivateKey()) });
        await insert.ExecuteNonQueryAsync(ct);

        // Of two hosts that start at once one insert stays.
        return await ReadAsync(connection, ct) ?? throw new InvalidOperationException("The audit's key vanished while it was made.");
    }

    private async Task<Keys?> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(Select, connection);
        return await select.ExecuteScalarAsync(ct) is byte[] stored ? new Keys(protector.Unprotect(stored)) : null;
    }

    /// <summary>The key in memory.</summary>
    internal sealed class Keys(byte[] pkcs8)
    {
        private readonly byte[] forLines = HKDF.DeriveKey(HashAlgorithmName.SHA256, pkcs8, TagBytes, info: "openbanking audit lines"u8.ToArray());

        public void Tag(ReadOnlySpan<byte> line, Span<byte> tag) => HMACSHA256.HashData(forLines, line, tag);

        public byte[] Sign(ReadOnlySpan<byte> anchor)
        {
            using var key = Import();
            return key.SignData(anchor, HashAlgorithmName.SHA256);
        }

        public bool HasSigned(ReadOnlySpan<byte> anchor, ReadOnlySpan<byte> signature)
        {
            using var key = Import();
            return key.VerifyData(anchor, signature, HashAlgorithmName.SHA256);
        }

        /// <summary>For auditors, who verify anchors without the bank (SubjectPublicKeyInfo).</summary>
        public byte[] PublicKey()
        {
            using var key = Import();
            return key.ExportSubjectPublicKeyInfo();
        }

        private ECDsa Import()
        {
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return key;
        }
    }
}
