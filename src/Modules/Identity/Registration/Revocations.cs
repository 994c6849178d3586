using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>An organisation or a piece of software that an operator has revoked while the bank runs.</summary>
internal sealed class Revocation
{
    /// <summary>Issuer of the software statements.</summary>
    public required string Directory { get; init; }

    /// <summary>The id of the organisation or of the software.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }
}

internal sealed class RevocationTable : IEntityTypeConfiguration<Revocation>
{
    public void Configure(EntityTypeBuilder<Revocation> builder) =>
        builder.ToTable("revocations").HasKey(revocation => new { revocation.Directory, revocation.Id });
}

/// <summary>
/// Organisations and software that may do nothing here any more (OB-DCR-15): named by the settings, or revoked by an operator while the
/// bank runs. Their clients lose tokens and access at once, and their consents stay on record. A client is read anew with each request, so
/// it holds on every host from the next one on.
/// </summary>
internal sealed class Revocations(IdentityDb db, IOptions<AuthorizationServerOptions> options, TimeProvider time)
{
    private const string ByDirectory = "directory";

    /// <summary>A tester's wish; nothing but that tester's next wish takes it back.</summary>
    private const string BySandbox = "sandbox";

    /// <summary>Any number that nothing else locks.</summary>
    private const int Lock = 0x5e40;

    /// <summary>
    /// Whether an operator has revoked what a statement speaks of. A registration and a revocation that meet wait for each other: either
    /// the client is there when it is suspended, or the registration finds that it must not be.
    /// </summary>
    public async Task<bool> CoversAsync(SoftwareStatement statement, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock_shared({Lock}, hashtext({statement.Directory.Issuer}))", ct);
        return await db.Revocations.AnyAsync(
            row => row.Directory == statement.Directory.Issuer && (row.Id == statement.OrganisationId || row.Id == statement.SoftwareId), ct);
    }

    /// <summary>Revokes an organisation or a piece of software; answers how many clients are out of service by it.</summary>
    public async Task<int> RevokeAsync(DirectoryOptions directory, string id, CancellationToken ct)
    {
        await LockAsync(directory, ct);
        await db.Database.ExecuteSqlAsync(
            $"""INSERT INTO identity.revocations ("Directory", "Id", "At") VALUES ({directory.Issuer}, {id}, {time.GetUtcNow()}) ON CONFLICT DO NOTHING""", ct);
        await ApplyAsync(directory, ct);
        return await db.RegisteredSoftware.CountAsync(
            software => software.Directory == directory.Issuer && (software.OrganisationId == id || software.SoftwareId == id), ct);
    }

    /// <summary>Takes a revocation back; false where there was none. What the settings name stays revoked.</summary>
    public async Task<bool> RestoreAsync(DirectoryOptions directory, string id, CancellationToken ct)
    {
        await LockAsync(directory, ct);
        var removed = await db.Revocations.Where(row => row.Directory == directory.Issuer && row.Id == id).ExecuteDeleteAsync(ct);
        await ApplyAsync(directory, ct);
        return removed == 1;
    }

    /// <summary>Takes the clients of what is revoked now out of service, and those of what no longer is back in.</summary>
    public async Task ApplyAsync(DirectoryOptions directory, CancellationToken ct)
    {
        string[] revoked = [.. directory.Revoked ?? [], .. await db.Revocations.Where(row => row.Directory == directory.Issuer).Select(row => row.Id).ToListAsync(ct)];
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE identity.clients c SET "SuspendedBy" = CASE WHEN r.listed THEN {ByDirectory} END
            FROM (SELECT "ClientId", "OrganisationId" = ANY({revoked}) OR "SoftwareId" = ANY({revoked}) AS listed
                  FROM identity.registered_software WHERE "Directory" = {directory.Issuer}) r
            WHERE c."ClientId" = r."ClientId" AND (c."SuspendedBy" IS NULL AND r.listed OR c."SuspendedBy" = {ByDirectory} AND NOT r.listed)
            """,
            ct);
    }

    /// <summary>Suspends one client for a tester, or puts it back; false where there is no such client.</summary>
    public async Task<bool> SuspendAsync(string clientId, bool on, CancellationToken ct)
    {
        var client = db.Clients.Where(row => row.ClientId == clientId);
        if (on)
        {
            await client.ExecuteUpdateAsync(set => set.SetProperty(row => row.SuspendedBy, BySandbox), ct);
        }
        else
        {
            await client.Where(row => row.SuspendedBy == BySandbox).ExecuteUpdateAsync(set => set.SetProperty(row => row.SuspendedBy, (string?)null), ct);
            foreach (var directory in options.Value.AllDirectories) await ApplyAsync(directory, ct);
        }

        return await client.AnyAsync(ct);
    }

    private Task<int> LockAsync(DirectoryOptions directory, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock}, hashtext({directory.Issuer}))", ct);
}
