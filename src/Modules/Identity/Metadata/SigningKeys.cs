using System.Data.Common;
using MediatR;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Metadata;

/// <summary>A signing key in use with its times.</summary>
internal sealed record HeldKey(SigningKey Key, DateTimeOffset SignsFrom, DateTimeOffset? PublishedUntil);

/// <summary>
/// The server's own signing keys, one ES256 and one PS256 at a time. They are the same on every host, encrypted where they are stored,
/// and kept in memory for a while, which the schedule allows for.
/// </summary>
internal sealed class SigningKeys(
    DbDataSource database, IDataProtectionProvider protection, IOptions<AuthorizationServerOptions> options, TimeProvider clock) : IDisposable
{
    public static readonly IReadOnlyList<string> Algorithms = ["PS256", "ES256"];

    /// <summary>"KEYS": one rotation at a time over all hosts.</summary>
    private const long RotationLock = 0x4B455953;

    private const string Select = $"""
        SELECT "KeyId", "Algorithm", "ProtectedKey", "SignsFrom", "PublishedUntil" FROM {IdentityDb.Schema}.signing_keys
        """;

    private const string Insert = $"""
        INSERT INTO {IdentityDb.Schema}.signing_keys ("KeyId", "Algorithm", "ProtectedKey", "SignsFrom") VALUES ($1, $2, $3, $4)
        """;

    private const string Succeed = $"""
        UPDATE {IdentityDb.Schema}.signing_keys SET "PublishedUntil" = $1 WHERE "Algorithm" = $2 AND "PublishedUntil" IS NULL
        """;

    private const string Retire = $"""
        DELETE FROM {IdentityDb.Schema}.signing_keys WHERE "PublishedUntil" <= $1
        """;

    /// <summary>How old the published set may be; whoever asks for it holds no other connection, so reading costs nobody anything.</summary>
    private static readonly TimeSpan PublishedCacheLife = TimeSpan.FromSeconds(5);

    private readonly IDataProtector protector = protection.CreateProtector("OpenBanking.Identity.SigningKeys");
    private readonly SemaphoreSlim reading = new(1, 1);
    private volatile Snapshot? snapshot;

    /// <summary>The key that signs now; from memory, which <see cref="KeyRotationService"/> keeps fresh.</summary>
    public async Task<SigningKey> CurrentAsync(string algorithm, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var held = (await HeldAsync(KeySchedule.HostCacheLife, now, ct)).Where(held => held.Key.Algorithm == algorithm).ToList();
        var current = held.Where(key => key.SignsFrom <= now).MaxBy(key => key.SignsFrom)

            // A clock that was put back to before the first key: that one is published longest.
            ?? held.MinBy(key => key.SignsFrom);
        return current?.Key ?? throw new InvalidOperationException($"There is no signing key for {algorithm}.");
    }

    /// <summary>Every key that a client may meet or has met lately.</summary>
    public async Task<IReadOnlyList<SigningKey>> PublishedAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return [.. (await HeldAsync(PublishedCacheLife, now, ct)).Where(held => !(held.PublishedUntil <= now)).Select(held => held.Key)];
    }

    /// <summary>Makes the next keys, of those algorithms where one is due, and destroys what is retired.</summary>
    /// <param name="period">How long a key signs; null makes the next ones whatever the age of the present ones.</param>
    public async Task<KeyRotation> RotateAsync(TimeSpan? period, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var made = new HashSet<string>(StringComparer.Ordinal);
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await TakeTurnAsync(connection, ct);
        await ExecuteAsync(connection, Retire, ct, Time(now));

        var stored = await ReadAsync(connection, ct);
        foreach (var algorithm in Algorithms)
        {
            var newest = stored.Where(held => held.Key.Algorithm == algorithm).Max(held => (DateTimeOffset?)held.SignsFrom);
            if (KeySchedule.NextSignsFrom(newest, period, now) is not { } signsFrom) continue;

            using var key = SigningKey.Create(algorithm);
            await ExecuteAsync(connection, Succeed, ct, Time(signsFrom + KeySchedule.PublishedAfter), Text(algorithm));
            await ExecuteAsync(
                connection, Insert, ct, Text(key.KeyId), Text(algorithm), new NpgsqlParameter<byte[]> { TypedValue = protector.Protect(key.ToPkcs8()) }, Time(signsFrom));
            made.Add(key.KeyId);
        }

        stored = await ReadAsync(connection, ct);
        await transaction.CommitAsync(ct);
        snapshot = new Snapshot(stored, now);
        return new KeyRotation([.. stored.OrderBy(held => held.Key.Algorithm, StringComparer.Ordinal).ThenBy(held => held.SignsFrom).Select(held =>
            new PublishedSigningKey(held.Key.Algorithm, held.Key.KeyId, held.SignsFrom, held.PublishedUntil, made.Contains(held.Key.KeyId)))]);
    }

    /// <summary>Makes the next keys where the present ones have signed long enough.</summary>
    public Task<KeyRotation> RotateIfDueAsync(CancellationToken ct) => RotateAsync(options.Value.SigningKeyPeriod, ct);

    private async Task<IReadOnlyList<HeldKey>> HeldAsync(TimeSpan maxAge, DateTimeOffset now, CancellationToken ct)
    {
        if (snapshot is { } fresh && fresh.IsYounger(maxAge, now)) return fresh.Keys;

        await reading.WaitAsync(ct);
        try
        {
            if (snapshot is { } other && other.IsYounger(maxAge, now)) return other.Keys;
            await using (var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct))
                snapshot = new Snapshot(await ReadAsync(connection, ct), now);

            // The first host of all finds none and makes them.
            if (Algorithms.Any(algorithm => !snapshot.Keys.Any(held => held.Key.Algorithm == algorithm))) await RotateIfDueAsync(ct);
            return snapshot.Keys;
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>Keys that are in memory already are not decrypted and imported again.</summary>
    private async Task<IReadOnlyList<HeldKey>> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var before = snapshot?.Keys.ToDictionary(held => held.Key.KeyId, held => held.Key, StringComparer.Ordinal) ?? [];
        await using var select = new NpgsqlCommand(Select, connection);
        await using var rows = await select.ExecuteReaderAsync(ct);
        var keys = new List<HeldKey>();
        while (await rows.ReadAsync(ct))
        {
            var key = before.GetValueOrDefault(rows.GetString(0))
                ?? SigningKey.FromPkcs8(rows.GetString(1), protector.Unprotect(rows.GetFieldValue<byte[]>(2)));
            keys.Add(new HeldKey(key, rows.GetFieldValue<DateTimeOffset>(3), await rows.IsDBNullAsync(4, ct) ? null : rows.GetFieldValue<DateTimeOffset>(4)));
        }

        return keys;
    }

    // Longer than a statement may usually take: the host whose turn it is makes RSA keys meanwhile, and hosts that start wait here.
    private static async Task TakeTurnAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection) { CommandTimeout = 60 };
        take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = RotationLock });
        await take.ExecuteNonQueryAsync(ct);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string statement, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlParameter<DateTimeOffset> Time(DateTimeOffset at) => new() { TypedValue = at, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value };

    public void Dispose() => reading.Dispose();

    private sealed record Snapshot(IReadOnlyList<HeldKey> Keys, DateTimeOffset ReadAt)
    {
        public bool IsYounger(TimeSpan maxAge, DateTimeOffset now) => now >= ReadAt && now - ReadAt < maxAge;
    }
}

/// <summary>Rotates at an operator's command.</summary>
internal sealed class RotateSigningKeysHandler(SigningKeys keys) : IRequestHandler<RotateSigningKeys, KeyRotation>
{
    public Task<KeyRotation> Handle(RotateSigningKeys request, CancellationToken cancellationToken) => keys.RotateAsync(period: null, cancellationToken);
}
