using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Npgsql;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Dpop;

/// <summary>The <c>jti</c> of something that may be shown once, remembered as long as it could be shown again.</summary>
internal sealed class SpentIdentifier
{
    public required byte[] Hash { get; init; }

    public required DateTimeOffset Until { get; init; }
}

internal sealed class SpentIdentifierTable : IEntityTypeConfiguration<SpentIdentifier>
{
    public void Configure(EntityTypeBuilder<SpentIdentifier> builder)
    {
        builder.ToTable("spent_identifiers").HasKey(identifier => identifier.Hash);
        builder.HasIndex(identifier => identifier.Until);
    }
}

/// <summary>
/// Lets client assertions and DPoP proofs through once. The memory is the database, so it is one for all hosts, and the unique key is
/// the lock: of many at one moment one inserts (CA-10, DPOP-12). Nothing that still counts is ever pushed out (DP-17).
/// </summary>
internal sealed class ReplayGuard(UnitOfWork unit, TimeProvider time) : IProofMemory
{
    private const string Insert = $"""
        INSERT INTO {IdentityDb.Schema}.spent_identifiers AS known ("Hash", "Until") VALUES ($1, $2)
        ON CONFLICT ("Hash") DO UPDATE SET "Until" = EXCLUDED."Until" WHERE known."Until" <= $3
        """;

    /// <summary>An assertion's <c>jti</c> belongs to its client, until it has expired everywhere.</summary>
    public Task<bool> IsFirstAssertionAsync(string clientId, string jti, DateTimeOffset until, CancellationToken ct) =>
        IsFirstAsync(until, ct, "assertion", clientId, jti);

    /// <summary>A proof's <c>jti</c> belongs to its key and address.</summary>
    public Task<bool> IsFirstProofAsync(string thumbprint, string htu, string jti, DateTimeOffset until, CancellationToken ct) =>
        IsFirstAsync(until, ct, "proof", thumbprint, htu, jti);

    private async Task<bool> IsFirstAsync(DateTimeOffset until, CancellationToken ct, params string[] parts)
    {
        await unit.StartAsync(ct);
        await using var insert = new NpgsqlCommand(Insert, (NpgsqlConnection)unit.Connection);
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = HashOf(parts) });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = until });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        return await insert.ExecuteNonQueryAsync(ct) == 1;
    }

    /// <summary>Each part behind its length, so that no two lists of parts read the same.</summary>
    private static byte[] HashOf(string[] parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }
}
