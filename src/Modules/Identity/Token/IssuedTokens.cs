using System.Data.Common;
using Npgsql;
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
internal sealed class IssuedTokens(IdentityDb db, UnitOfWork unit)
{
    private const string GrantColumns = """
        g."Id", g."ClientId", g."ConsentId", g."UserId", g."CustomerId", g."Subject", g."Scope", g."AuthorizationDetails"::text, g."Nonce",
        g."Claims"::text, g."AuthenticatedAt", g."Acr", g."Amr", g."WantsAuthTime", g."CreatedAt", g."ExpiresAt", g."RevokedAt"
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

    public void Insert(AccessToken token) => db.InsertAtCommit(token);

    public void Insert(RefreshToken token) => db.InsertAtCommit(token);

    /// <summary>One question for token, grant and client; a client that is no longer registered, or out of service, has no tokens (OB-DCR-15).</summary>
    public Question<PresentedToken> AccessToken(byte[] hash) => unit.Ask(
        SelectAccessToken,
        row => new PresentedToken(AccessTokenOf(row, hash), row.IsDBNull(0) ? null : GrantOf(row), row.GetFieldValue<string[]>(17)),
        new NpgsqlParameter<byte[]> { TypedValue = hash });

    public Question<PresentedRefreshToken> RefreshToken(byte[] hash) => unit.Ask(
        SelectRefreshToken,
        row => new PresentedRefreshToken(RefreshTokenOf(row, hash), GrantOf(row)),
        new NpgsqlParameter<byte[]> { TypedValue = hash });

    private static AccessToken AccessTokenOf(DbDataReader row, byte[] hash) => new()
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

    private static RefreshToken RefreshTokenOf(DbDataReader row, byte[] hash) => new()
    {
        Hash = hash,
        ClientId = row.GetString(17),
        GrantId = row.GetGuid(18),
        IssuedAt = row.GetFieldValue<DateTimeOffset>(19),
        ExpiresAt = Time(row, 20),
    };

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
}
