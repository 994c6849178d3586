using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Keeps registrations. A client is read anew with each of its requests, so what changes here holds on every host from the next one on.
/// </summary>
internal sealed class Registrations(IdentityDb db, ReplayGuard replays, Grants grants, Revocations revocations, IConfiguration configuration, TimeProvider time)
{
    /// <summary>How many clients an organisation may register in an hour (DC-18).</summary>
    public const string LimitSetting = "RateLimits:RegistrationsPerOrganisationAndHour";

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private int PerOrganisationAndHour => configuration.GetValue(LimitSetting, 10);

    public Task<RegisteredSoftware?> FindAsync(string clientId, CancellationToken ct) =>
        db.RegisteredSoftware.SingleOrDefaultAsync(software => software.ClientId == clientId, ct);

    public Task<RegisteredSoftware?> FindByTokenAsync(byte[] hash, CancellationToken ct) =>
        db.RegisteredSoftware.SingleOrDefaultAsync(software => software.AccessTokenHash == hash, ct);

    /// <summary>Keeps a new one; each step is one conditional write, so of several at one moment one comes through (DC-03).</summary>
    public async Task<OAuthError?> AddAsync(AcceptedRegistration accepted, Handle accessToken, CancellationToken ct)
    {
        if (await revocations.CoversAsync(accepted.Statement, ct))
            return RegistrationError.UnapprovedStatement("SSA-05", "the software or its organisation is not accepted here");
        if (!await CountAsync(accepted.Statement, ct)) return RegistrationError.TooMany("DC-18");
        if (await SpendAsync(accepted, ct) is { } replayed) return replayed;
        var software = SoftwareOf(accepted, accessToken.Hash);
        var added = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.registered_software
                ("ClientId", "Directory", "SoftwareId", "OrganisationId", "RegistrationNumber", "Metadata", "AccessTokenHash", "IssuedAt")
            VALUES ({software.ClientId}, {software.Directory}, {software.SoftwareId}, {software.OrganisationId}, {software.RegistrationNumber},
                {software.Metadata}::jsonb, {software.AccessTokenHash}, {software.IssuedAt})
            ON CONFLICT ("Directory", "SoftwareId") DO NOTHING
            """,
            ct);
        if (added == 0) return RegistrationError.InvalidMetadata("OB-DCR-9", "this software has a client already");
        db.Add(accepted.Client);
        await db.SaveChangesAsync(ct);
        return null;
    }

    /// <summary>Puts the new state in the place of the old one; tokens that are out stay as they are (OB-DCR-13).</summary>
    public async Task<OAuthError?> ReplaceAsync(AcceptedRegistration accepted, CancellationToken ct)
    {
        if (await SpendAsync(accepted, ct) is { } replayed) return replayed;
        var (id, metadata, number) = (accepted.Client.ClientId, accepted.Metadata.ToJsonString(), accepted.Statement.RegistrationNumber);
        var replaced = await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE identity.registered_software SET "Metadata" = {metadata}::jsonb, "RegistrationNumber" = {number} WHERE "ClientId" = {id}
            """,
            ct);
        if (replaced == 0) return ManagementError.InvalidToken("DCM-05");
        db.Update(accepted.Client).Property(client => client.SuspendedBy).IsModified = false;
        await db.SaveChangesAsync(ct);
        return null;
    }

    /// <summary>Ends a client with all that was issued to it; its consents stay on record (DCM-04, OB-DCR-15).</summary>
    public async Task RemoveAsync(string clientId, CancellationToken ct)
    {
        await db.RegisteredSoftware.Where(software => software.ClientId == clientId).ExecuteDeleteAsync(ct);
        await db.Clients.Where(client => client.ClientId == clientId).ExecuteDeleteAsync(ct);
        await grants.RevokeByClientAsync(clientId, ct);
    }

    /// <summary>The token was shown for a client that is not there (DCM-05).</summary>
    public Task RevokeTokenAsync(byte[] hash, CancellationToken ct) => db.RegisteredSoftware
        .Where(software => software.AccessTokenHash == hash)
        .ExecuteUpdateAsync(set => set.SetProperty(software => software.AccessTokenHash, (byte[]?)null), ct);

    private static RegisteredSoftware SoftwareOf(AcceptedRegistration accepted, byte[] tokenHash) => new()
    {
        ClientId = accepted.Client.ClientId,
        Directory = accepted.Statement.Directory.Issuer,
        SoftwareId = accepted.Statement.SoftwareId,
        OrganisationId = accepted.Statement.OrganisationId,
        RegistrationNumber = accepted.Statement.RegistrationNumber,
        Metadata = accepted.Metadata.ToJsonString(),
        AccessTokenHash = tokenHash,
        IssuedAt = accepted.Client.RegisteredAt,
    };

    private async Task<bool> CountAsync(SoftwareStatement statement, CancellationToken ct)
    {
        var (now, most) = (time.GetUtcNow(), PerOrganisationAndHour);
        var (key, windowStart) = (HashOf(statement.Directory.Issuer, statement.OrganisationId), now - Window);
        return await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.registration_counts AS c ("Organisation", "Since", "Registrations") VALUES ({key}, {now}, 1)
            ON CONFLICT ("Organisation") DO UPDATE SET
                "Registrations" = CASE WHEN c."Since" > {windowStart} THEN c."Registrations" + 1 ELSE 1 END,
                "Since" = CASE WHEN c."Since" > {windowStart} THEN c."Since" ELSE {now} END
            WHERE c."Registrations" < {most} OR c."Since" <= {windowStart}
            """,
            ct) == 1;
    }

    private async Task<OAuthError?> SpendAsync(AcceptedRegistration accepted, CancellationToken ct)
    {
        var (statement, now) = (accepted.Statement, time.GetUtcNow());
        var (hash, digest, until) = (HashOf(statement.Directory.Issuer, statement.Jti), SoftwareStatements.DigestOf(statement), now + statement.Directory.StatementLifetime);
        var isSame = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.known_statements AS known ("Hash", "Digest", "Until") VALUES ({hash}, {digest}, {until})
            ON CONFLICT ("Hash") DO UPDATE SET "Until" = EXCLUDED."Until", "Digest" = EXCLUDED."Digest"
            WHERE known."Digest" = EXCLUDED."Digest" OR known."Until" <= {now}
            """,
            ct) == 1;
        if (!isSame) return RegistrationError.InvalidStatement("SSA-07", "the jti of the software statement was used for another one");
        if (accepted.Signed is not { } signed) return null;

        var end = DateTimeOffset.FromUnixTimeSeconds(Claims.Seconds(signed.Payload, "exp")!.Value);
        return await replays.IsFirstRegistrationAsync(statement.SoftwareId, Claims.Text(signed.Payload, "jti")!, end + JwtClock.AfterEnd, ct)
            ? null
            : RegistrationError.InvalidMetadata("DC-03", "this request was sent before");
    }

    private static byte[] HashOf(string directory, string id) => SHA256.HashData(Encoding.UTF8.GetBytes($"{directory.Length}:{directory}{id}"));
}
