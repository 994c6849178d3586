using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Token;

/// <summary>
/// An opaque access token; only its hash is here. Always bound to a DPoP key or a certificate (F2-GEN-02). It is dead when it is
/// revoked itself or when its grant is.
/// </summary>
internal sealed class AccessToken
{
    public required byte[] Hash { get; init; }

    public required Guid Id { get; init; }

    public required string ClientId { get; init; }

    /// <summary>Null for a token of the client-credentials grant.</summary>
    public Guid? GrantId { get; init; }

    public required string Scope { get; init; }

    public string? AuthorizationDetails { get; init; }

    /// <summary>RFC 7638 thumbprint of the DPoP key; or null.</summary>
    public string? DpopKeyThumbprint { get; init; }

    /// <summary>base64url SHA-256 of the certificate (<c>x5t#S256</c>); or null. Exactly one of the two is there.</summary>
    public string? CertificateThumbprint { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}

internal sealed class AccessTokenTable : IEntityTypeConfiguration<AccessToken>
{
    public void Configure(EntityTypeBuilder<AccessToken> builder)
    {
        // A token that is bound to nothing cannot even be stored (RS-06).
        builder.ToTable("access_tokens", table => table.HasCheckConstraint(
            "ck_access_tokens_bound", "(\"DpopKeyThumbprint\" IS NULL) <> (\"CertificateThumbprint\" IS NULL)"));
        builder.HasKey(token => token.Hash);
        builder.Property(token => token.AuthorizationDetails).HasColumnType("jsonb");
        builder.HasIndex(token => token.GrantId);
        builder.HasIndex(token => token.ExpiresAt);
    }
}
