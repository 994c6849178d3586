using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Par;

/// <summary>An authorization request that a client has pushed (RFC 9126). Spent when the customer decides, not when a page loads (F2-PAR-12).</summary>
internal sealed class PushedRequest
{
    /// <summary>SHA-256 of the random part of the <c>request_uri</c>.</summary>
    public required byte[] Hash { get; init; }

    public required string ClientId { get; init; }

    /// <summary>The validated parameters, as JSON of <c>AuthorizationRequest</c>.</summary>
    public required string Parameters { get; init; }

    /// <summary>The consent it asks for, found and checked when it was pushed.</summary>
    public required string ConsentId { get; init; }

    /// <summary>The key that the code will be bound to: of the DPoP proof at PAR or <c>dpop_jkt</c> (DPOP-14, DPOP-15).</summary>
    public string? DpopKeyThumbprint { get; init; }

    /// <summary>The browser must have arrived by then (PAR-16).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The customer decided, or time ran out: by one conditional update, once (PAR-06).</summary>
    public DateTimeOffset? SpentAt { get; init; }
}

internal sealed class PushedRequestTable : IEntityTypeConfiguration<PushedRequest>
{
    public void Configure(EntityTypeBuilder<PushedRequest> builder)
    {
        builder.ToTable("pushed_requests").HasKey(request => request.Hash);

        // Not jsonb, which cannot hold the NUL that a state may contain (OA-36).
        builder.Property(request => request.Parameters).HasColumnType("json");
        builder.HasIndex(request => request.ExpiresAt);
    }
}
