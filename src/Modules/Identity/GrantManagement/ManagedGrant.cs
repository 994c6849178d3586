using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.GrantManagement;

/// <summary>
/// A grant that its client manages by a <c>grant_id</c> (Grant Management for OAuth 2.0). It stands for one consent and that consent for
/// it, and the two end together (GM-10); tokens come and go beneath it.
/// </summary>
internal sealed class ManagedGrant
{
    /// <summary>The <c>grant_id</c>: random, since it names a customer's grant, and no secret, since a browser may carry it (GM-04).</summary>
    public required string Id { get; init; }

    public required string ClientId { get; init; }

    public required Guid UserId { get; init; }

    public required string ConsentId { get; init; }

    /// <summary>Space-separated.</summary>
    public required string Scope { get; init; }

    /// <summary>Names of the claims that were asked for.</summary>
    public required string[] Claims { get; init; }

    /// <summary>The consent as a detail, with what the customer has chosen, as a JSON array.</summary>
    public required string AuthorizationDetails { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The consent's end; null is ongoing.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}

internal sealed class ManagedGrantTable : IEntityTypeConfiguration<ManagedGrant>
{
    public void Configure(EntityTypeBuilder<ManagedGrant> builder)
    {
        builder.ToTable("managed_grants").HasKey(grant => grant.Id);
        builder.Property(grant => grant.Id).HasMaxLength(43);
        builder.Property(grant => grant.AuthorizationDetails).HasColumnType("jsonb");

        // One to one: of several approvals of one consent at one moment, one makes its grant (GM-10).
        builder.HasIndex(grant => grant.ConsentId).IsUnique().HasFilter("\"RevokedAt\" IS NULL");
        builder.HasIndex(grant => grant.RevokedAt);
        builder.HasIndex(grant => grant.ExpiresAt);
    }
}
