using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Policies;

/// <summary>When a customer at a device was first told to wait by a rule.</summary>
internal sealed class PolicyWait
{
    /// <summary>SHA-256 over rule and device.</summary>
    public required byte[] Key { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset ForgottenAt { get; init; }
}

internal sealed class PolicyWaitTable : IEntityTypeConfiguration<PolicyWait>
{
    public void Configure(EntityTypeBuilder<PolicyWait> builder)
    {
        builder.ToTable("policy_waits").HasKey(wait => wait.Key);
        builder.HasIndex(wait => wait.ForgottenAt);
    }
}

/// <summary>
/// Delays that end: the wait runs from the first try, so that trying again does not make it longer, nor does anything that a stranger
/// does elsewhere. Nobody is kept on the line; who comes back after the wait goes on.
/// </summary>
internal sealed class PolicyWaits(IdentityDb db, TimeProvider clock)
{
    /// <summary>How long a wait that was served counts as served.</summary>
    public static readonly TimeSpan ServedFor = TimeSpan.FromMinutes(10);

    /// <summary>What is left of a rule's wait at this device; it begins now where it has not begun.</summary>
    public async Task<TimeSpan> LeftAsync(PolicyRule rule, byte[] device, TimeSpan wait, CancellationToken ct)
    {
        var key = SHA256.HashData([.. Encoding.UTF8.GetBytes(rule.Name), 0, .. device]);
        var now = clock.GetUtcNow();
        var forgottenAt = now + wait + ServedFor;
        var since = await db.Database.SqlQuery<DateTimeOffset>(
            $"""
            INSERT INTO identity.policy_waits AS w ("Key", "Since", "ForgottenAt") VALUES ({key}, {now}, {forgottenAt})
            ON CONFLICT ("Key") DO UPDATE SET
                "Since" = CASE WHEN w."ForgottenAt" > {now} THEN w."Since" ELSE {now} END,
                "ForgottenAt" = CASE WHEN w."ForgottenAt" > {now} THEN w."ForgottenAt" ELSE {forgottenAt} END
            RETURNING "Since" AS "Value"
            """).ToListAsync(ct);
        return since[0] + wait - now;
    }
}
