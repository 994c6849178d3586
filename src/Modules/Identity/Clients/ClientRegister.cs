using System.Data.Common;
using Npgsql;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Clients;

/// <summary>Finds a client by the id that a stranger names; written out, since every request of a client begins with it.</summary>
internal sealed class ClientRegister(UnitOfWork unit)
{
    private const string Select = $"""
        SELECT "ClientId", "Profile", "Name", "OnBehalfOf", "ClientUri", "OrganisationId", "SoftwareId", "Roles", "RedirectUris", "GrantTypes",
            "Scopes", "AuthorizationDetailsTypes", "AuthenticationMethod", "AssertionAlgorithm", "IdTokenAlgorithm", "UsesDpop", "Jwks"::text,
            "JwksUri", "CertificateField", "CertificateValue", "Sector", "SubjectType", "RequiresAuthTime", "RegisteredAt",
            "RequestObjectAlgorithm", "RequiresSignedRequests", "RequiresPushedRequests", "AuthorizationResponseAlgorithm", "IntrospectionAlgorithm",
            "SuspendedBy",
            "BackchannelDelivery", "BackchannelNotificationEndpoint", "BackchannelSigningAlgorithm", "UserInfoAlgorithm",
            "OrganisationName", "ResponseTypes"
        FROM {IdentityDb.Schema}.clients WHERE "ClientId" = $1
        """;

    /// <summary>The client; null where there is none of that name.</summary>
    public async Task<Client?> FindAsync(string clientId, CancellationToken ct)
    {
        // Nothing else is ever registered, and the database must not see a NUL.
        if (clientId.Length is 0 or > 255 || !clientId.All(letter => letter is >= ' ' and <= '~')) return null;

        return await unit.Ask(Select, ClientOf, new NpgsqlParameter<string> { TypedValue = clientId }).OneAsync(ct);
    }

    private static Client ClientOf(DbDataReader row) => new()
    {
        ClientId = row.GetString(0),
        Profile = (Profile)row.GetInt32(1),
        Name = row.GetString(2),
        OnBehalfOf = Text(row, 3),
        ClientUri = Text(row, 4),
        OrganisationId = Text(row, 5),
        SoftwareId = Text(row, 6),
        Roles = row.GetFieldValue<string[]>(7),
        RedirectUris = row.GetFieldValue<string[]>(8),
        GrantTypes = row.GetFieldValue<string[]>(9),
        Scopes = row.GetFieldValue<string[]>(10),
        AuthorizationDetailsTypes = row.GetFieldValue<string[]>(11),
        AuthenticationMethod = row.GetString(12),
        AssertionAlgorithm = Text(row, 13),
        IdTokenAlgorithm = row.GetString(14),
        UsesDpop = row.GetBoolean(15),
        Jwks = Text(row, 16),
        JwksUri = Text(row, 17),
        CertificateField = Text(row, 18),
        CertificateValue = Text(row, 19),
        Sector = row.GetString(20),
        SubjectType = row.GetString(21),
        RequiresAuthTime = row.GetBoolean(22),
        RegisteredAt = row.GetFieldValue<DateTimeOffset>(23),
        RequestObjectAlgorithm = Text(row, 24),
        RequiresSignedRequests = row.GetBoolean(25),
        RequiresPushedRequests = row.GetBoolean(26),
        AuthorizationResponseAlgorithm = row.GetString(27),
        IntrospectionAlgorithm = Text(row, 28),
        SuspendedBy = Text(row, 29),
        BackchannelDelivery = Text(row, 30),
        BackchannelNotificationEndpoint = Text(row, 31),
        BackchannelSigningAlgorithm = Text(row, 32),
        UserInfoAlgorithm = Text(row, 33),
        OrganisationName = Text(row, 34),
        ResponseTypes = row.GetFieldValue<string[]>(35),
    };

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
