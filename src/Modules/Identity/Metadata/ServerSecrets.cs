using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Npgsql;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Metadata;

/// <summary>A named random key that all hosts share; what is stored is encrypted.</summary>
internal sealed class ServerSecret
{
    public required string Name { get; init; }

    public required byte[] Protected { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

internal sealed class ServerSecretTable : IEntityTypeConfiguration<ServerSecret>
{
    public void Configure(EntityTypeBuilder<ServerSecret> builder) =>
        builder.ToTable("server_secrets").HasKey(secret => secret.Name);
}

/// <summary>
/// The server's own symmetric keys, 32 random bytes each: made by whichever host asks first, encrypted at rest by Data Protection,
/// the same on every host from then on.
/// </summary>
internal sealed class ServerSecrets(DbDataSource database, IDataProtectionProvider protection, TimeProvider clock)
{
    public const string PairwiseSubject = "pairwise-subject";
    public const string AuthorizationServerNonce = "dpop-nonce-authorization-server";
    public const string ResourceServerNonce = "dpop-nonce-resource-server";

    private const int Bytes = 32;

    private const string Insert = $"""
        INSERT INTO {IdentityDb.Schema}.server_secrets ("Name", "Protected", "CreatedAt") VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """;

    private const string Select = $"""
        SELECT "Protected" FROM {IdentityDb.Schema}.server_secrets WHERE "Name" = $1
        """;

    private readonly ConcurrentDictionary<string, byte[]> known = new(StringComparer.Ordinal);

    /// <summary>
    /// Reads every key that requests need. A request that holds a connection must not wait for a second one: when as many come at once
    /// as there are connections, each would wait for the others.
    /// </summary>
    public async Task ReadAllAsync(CancellationToken ct)
    {
        foreach (var name in (string[])[PairwiseSubject, AuthorizationServerNonce, ResourceServerNonce]) await GetAsync(name, ct);
    }

    /// <summary>The key of that name. A key never changes, so what was read once stays in memory.</summary>
    public async Task<byte[]> GetAsync(string name, CancellationToken ct)
    {
        if (known.TryGetValue(name, out var key)) return key;

        // Not on the request's connection: a request that rolls back must not take away a key that this process remembers.
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        return known.GetOrAdd(name, await ReadAsync(connection, name, ct) ?? await CreateAsync(connection, name, ct));
    }

    private async Task<byte[]> CreateAsync(NpgsqlConnection connection, string name, CancellationToken ct)
    {
        await using var insert = new NpgsqlCommand(Insert, connection);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Protector(name).Protect(RandomNumberGenerator.GetBytes(Bytes)) });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        await insert.ExecuteNonQueryAsync(ct);

        // Of two hosts that start at once one insert stays, so both take what is stored and not what they made.
        return await ReadAsync(connection, name, ct) ?? throw new InvalidOperationException("A server secret vanished while it was made.");
    }

    private async Task<byte[]?> ReadAsync(NpgsqlConnection connection, string name, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(Select, connection);
        select.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        return await select.ExecuteScalarAsync(ct) is byte[] stored ? Protector(name).Unprotect(stored) : null;
    }

    // The name is part of the purpose, so that rows cannot be swapped by who can write the table.
    private IDataProtector Protector(string name) => protection.CreateProtector("OpenBanking.Identity.ServerSecrets", name);
}
