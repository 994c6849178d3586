using System.Data.Common;
using Npgsql;
using NpgsqlTypes;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Token;

/// <summary>A presented access token with all that decides over it.</summary>
/// <param name="Grant">What the customer granted; null for a token of the client-credentials grant.</param>
/// <param name="Roles">What its client may do today, whatever it might when the token was issued (OB-SEC-6).</param>
internal sealed record PresentedToken(AccessToken Token, Grant? Grant, string[] Roles)
{
    /// <summary>Neither expired nor revoked, and its grant neither (RS-03).</summary>
    public bool IsLive(DateTimeOffset now) =>
        now < Token.ExpiresAt && Token.RevokedAt is null && (Token.GrantId is null || Grant?.IsLive(now) == true);
}

/// <summary>A presented refresh token with its grant.</summary>
internal sealed record PresentedRefreshToken(RefreshToken Token, Grant Grant);

/// <summary>
/// The statements that every call of an API and every token request runs. They are written out, because a query that is built anew
/// on each request costs more than the signature it goes with.
/// </summary>
internal sealed class IssuedTokens(UnitOfWork unit)
{
    private const string GrantColumns = """
        g."Id", g."ClientId", g."ConsentId", g."UserId", g."CustomerId", g."Subject", g."Scope", g."AuthorizationDetails"::text, g."Nonce",
        g."Claims"::text, g."AuthenticatedAt", g."Acr", g."Amr", g."WantsAuthTime", g."CreatedAt", g."ExpiresAt", g."RevokedAt"
        """;

    private const string InsertAccessToken = $"""
        INSERT INTO {IdentityDb.Schema}.access_tokens ("Hash", "Id", "ClientId", "GrantId", "Scope", "AuthorizationDetails",
            "DpopKeyThumbprint", "CertificateThumbprint", "IssuedAt", "ExpiresAt")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """;

    private const string InsertRefreshToken = $"""
        INSERT INTO {IdentityDb.Schema}.refresh_tokens ("Hash", "ClientId", "GrantId", "IssuedAt", "ExpiresAt") VALUES ($1, $2, $3, $4, $5)
        """;

    private const string SelectAccessToken = $"""
        SELECT {GrantColumns}, c."Roles", t."Id", t."ClientId", t."GrantId", t."Scope", t."AuthorizationDetails"::text,
            t."DpopKeyThumbprint", t."CertificateThumbprint", t."IssuedAt", t."ExpiresAt", t."RevokedAt"
        FROM {IdentityDb.Schema}.access_tokens t
        JOIN {IdentityDb.Schema}.clients c ON c."ClientId" = t."ClientId" AND c."SuspendedBy" IS NULL
        LEFT JOIN {IdentityDb.Schema}.grants g ON g."Id" = t."GrantId"
        WHERE t."Hash" = $1
        """;

    private const string SelectRefreshToken = $"""
        SELECT {GrantColumns}, r."ClientId", r."GrantId", r."IssuedAt", r."ExpiresAt"
        FROM {IdentityDb.Schema}.refresh_tokens r
        JOIN {IdentityDb.Schema}.grants g ON g."Id" = r."GrantId"
        WHERE r."Hash" = $1
        """;

    public void Insert(AccessToken token) => unit.AtCommit(
        InsertAccessToken,
        new NpgsqlParameter<byte[]> { TypedValue = token.Hash },
        new NpgsqlParameter<Guid> { TypedValue = token.Id },
        new NpgsqlParameter<string> { TypedValue = token.ClientId },
        Nullable(NpgsqlDbType.Uuid, token.GrantId),
        new NpgsqlParameter<string> { TypedValue = token.Scope },
        Nullable(NpgsqlDbType.Jsonb, token.AuthorizationDetails),
        Nullable(NpgsqlDbType.Text, token.DpopKeyThumbprint),
        Nullable(NpgsqlDbType.Text, token.CertificateThumbprint),
        new NpgsqlParameter<DateTimeOffset> { TypedValue = token.IssuedAt },
        new NpgsqlParameter<DateTimeOffset> { TypedValue = token.ExpiresAt });

    public void Insert(RefreshToken token) => unit.AtCommit(
        InsertRefreshToken,
        new NpgsqlParameter<byte[]> { TypedValue = token.Hash },
        new NpgsqlParameter<string> { TypedValue = token.ClientId },
        new NpgsqlParameter<Guid> { TypedValue = token.GrantId },
        new NpgsqlParameter<DateTimeOffset> { TypedValue = token.IssuedAt },
        Nullable(NpgsqlDbType.TimestampTz, token.ExpiresAt));

    /// <summary>One question for token, grant and client; a client that is no longer registered, or out of service, has no tokens (OB-DCR-15).</summary>
    public async Task<PresentedToken?> FindAccessTokenAsync(byte[] hash, CancellationToken ct)
    {
        await using var select = await CommandAsync(SelectAccessToken, ct);
        select.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        await using var row = await select.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct)) return null;

        var token = new AccessToken
        {
            Hash = hash,
            Id = row.GetGuid(18),
            ClientId = row.GetString(19),
            GrantId = row.IsDBNull(20) ? null : row.GetGuid(20),
            Scope = row.GetString(21),
            AuthorizationDetails = Text(row, 22),
            DpopKeyThumbprint = Text(row, 23),
            CertificateThumbprint = Text(row, 24),
            IssuedAt = row.GetFieldValue<DateTimeOffset>(25),
            ExpiresAt = row.GetFieldValue<DateTimeOffset>(26),
            RevokedAt = Time(row, 27),
        };
        return new PresentedToken(token, row.IsDBNull(0) ? null : GrantOf(row), row.GetFieldValue<string[]>(17));
    }

    public async Task<PresentedRefreshToken?> FindRefreshTokenAsync(byte[] hash, CancellationToken ct)
    {
        await using var select = await CommandAsync(SelectRefreshToken, ct);
        select.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        await using var row = await select.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct)) return null;

        var token = new RefreshToken
        {
            Hash = hash,
            ClientId = row.GetString(17),
            GrantId = row.GetGuid(18),
            IssuedAt = row.GetFieldValue<DateTimeOffset>(19),
            ExpiresAt = Time(row, 20),
        };
        return new PresentedRefreshToken(token, GrantOf(row));
    }

    private static Grant GrantOf(DbDataReader row) => new()
    {
        Id = row.GetGuid(0),
        ClientId = row.GetString(1),
        ConsentId = row.GetString(2),
        UserId = row.GetGuid(3),
        CustomerId = row.GetString(4),
        Subject = row.GetString(5),
        Scope = row.GetString(6),
        AuthorizationDetails = Text(row, 7),
        Nonce = Text(row, 8),
        Claims = Text(row, 9),
        AuthenticatedAt = row.GetFieldValue<DateTimeOffset>(10),
        Acr = row.GetString(11),
        Amr = row.GetFieldValue<string[]>(12),
        WantsAuthTime = row.GetBoolean(13),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(14),
        ExpiresAt = Time(row, 15),
        RevokedAt = Time(row, 16),
    };

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private static NpgsqlParameter Nullable(NpgsqlDbType type, object? value) => new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };

    private async Task<NpgsqlCommand> CommandAsync(string statement, CancellationToken ct)
    {
        await unit.StartAsync(ct);
        return new NpgsqlCommand(statement, (NpgsqlConnection)unit.Connection);
    }
}
