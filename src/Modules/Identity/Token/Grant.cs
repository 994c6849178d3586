using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Token;

/// <summary>
/// What a customer has granted a client in one authorization: made when the customer approves, named by the code, and the parent of
/// every token that comes of it. When it is revoked, all of them are (REV-09).
/// </summary>
internal sealed class Grant
{
    public required Guid Id { get; init; }

    public required string ClientId { get; init; }

    public required string ConsentId { get; init; }

    /// <summary>The <c>grant_id</c> beneath which it stands; null where the client manages none (GM-04).</summary>
    public string? ManagedGrantId { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>The bank's own number of the customer.</summary>
    public required string CustomerId { get; init; }

    /// <summary>What the client knows the customer as (PW-01).</summary>
    public required string Subject { get; init; }

    /// <summary>Granted scopes, space-separated.</summary>
    public required string Scope { get; init; }

    /// <summary>Granted details as a JSON array, enriched (RAR-07); null where none were asked for.</summary>
    public string? AuthorizationDetails { get; init; }

    public string? Nonce { get; init; }

    /// <summary>The claims parameter's wishes for the ID token and userinfo, as JSON; null without.</summary>
    public string? Claims { get; init; }

    public required DateTimeOffset AuthenticatedAt { get; init; }

    public required string Acr { get; init; }

    public required string[] Amr { get; init; }

    /// <summary>The request asked for <c>auth_time</c>: by <c>max_age</c>, essential claim or registration (ID-06).</summary>
    public required bool WantsAuthTime { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The consent's own end: no token outlives it. Null is ongoing.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Neither revoked nor past the consent's end.</summary>
    public bool IsLive(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);
}

internal sealed class GrantTable : IEntityTypeConfiguration<Grant>
{
    public void Configure(EntityTypeBuilder<Grant> builder)
    {
        builder.ToTable("grants").HasKey(grant => grant.Id);
        builder.Property(grant => grant.AuthorizationDetails).HasColumnType("jsonb");
        builder.Property(grant => grant.Claims).HasColumnType("jsonb");
        builder.HasIndex(grant => grant.ConsentId);
        builder.HasIndex(grant => grant.UserId);
        builder.Property(grant => grant.ManagedGrantId).HasMaxLength(43);
        builder.HasIndex(grant => grant.ManagedGrantId).HasFilter("\"ManagedGrantId\" IS NOT NULL");
        builder.HasIndex(grant => grant.RevokedAt).HasFilter("\"RevokedAt\" IS NOT NULL");
        builder.HasIndex(grant => grant.ExpiresAt).HasFilter("\"ExpiresAt\" IS NOT NULL");
    }
}
