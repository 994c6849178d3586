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
        ON CONFLICT ("Hash") DO UPDATE SET "Until" =
        """;

    // At the very moment of its end a proof still counts, so its memory does.
    private const string Spend = Insert + """EXCLUDED."Until" WHERE known."Until" < $3""";

    /// <summary>The same, but what still counts would be left without its end, which no row may be: it fails.</summary>
    private const string SpendOrFail = Insert + """CASE WHEN known."Until" < $3 THEN EXCLUDED."Until" END""";

    /// <summary>An assertion's <c>jti</c> belongs to its client, until it has expired everywhere.</summary>
    public Task<bool> IsFirstAssertionAsync(string clientId, string jti, DateTimeOffset until, CancellationToken ct) =>
        IsFirstAsync(until, ct, "assertion", clientId, jti);

    /// <summary>A registration's <c>jti</c> belongs to its software.</summary>
    public Task<bool> IsFirstRegistrationAsync(string softwareId, string jti, DateTimeOffset until, CancellationToken ct) =>
        IsFirstAsync(until, ct, "registration", softwareId, jti);

    /// <summary>A proof's <c>jti</c> belongs to its key and address.</summary>
    public Task<bool> IsFirstProofAsync(string thumbprint, string htu, string jti, DateTimeOffset until, CancellationToken ct) =>
        IsFirstAsync(until, ct, "proof", thumbprint, htu, jti);

    /// <summary>The <c>jti</c> of a signed request belongs to its client.</summary>
    public Task<bool> IsFirstRequestAsync(string clientId, string jti, DateTimeOffset until, CancellationToken ct) =>
        IsFirstAsync(until, ct, "request", clientId, jti);

    private async Task<bool> IsFirstAsync(DateTimeOffset until, CancellationToken ct, params string[] parts)
    {
        // Nearly always it is. So this goes along with the commit; and where the database then says no, the request is judged once more
        // from the start and asks here.
        var (hash, now) = (HashOf(parts), time.GetUtcNow());
        if (unit.TryPresume(SpendOrFail, Bytes(hash), Time(until), Time(now))) return true;

        await unit.StartAsync(ct);
        await using var spend = new NpgsqlCommand(Spend, (NpgsqlConnection)unit.Connection);
        spend.Parameters.AddRange(new NpgsqlParameter[] { Bytes(hash), Time(until), Time(now) });
        return await spend.ExecuteNonQueryAsync(ct) == 1;
    }

    private static NpgsqlParameter<byte[]> Bytes(byte[] value) => new() { TypedValue = value };

    private static NpgsqlParameter<DateTimeOffset> Time(DateTimeOffset value) => new() { TypedValue = value };

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
