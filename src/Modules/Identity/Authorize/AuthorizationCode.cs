using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Authorize;

/// <summary>An authorization code: 60 seconds, no grace, once (F2-GEN-07, F2-PAR-09).</summary>
internal sealed class AuthorizationCode
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    public required byte[] Hash { get; init; }

    public required string ClientId { get; init; }

    public required Guid GrantId { get; init; }

    public required string RedirectUri { get; init; }

    /// <summary>Null where a client of FAPI 1.0 has sent none in a request that it did not push (F1-12).</summary>
    public required string? CodeChallenge { get; init; }

    public string? DpopKeyThumbprint { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? RedeemedAt { get; init; }
}

internal sealed class AuthorizationCodeTable : IEntityTypeConfiguration<AuthorizationCode>
{
    public void Configure(EntityTypeBuilder<AuthorizationCode> builder)
    {
        builder.ToTable("authorization_codes").HasKey(code => code.Hash);
        builder.HasIndex(code => code.ExpiresAt);
    }
}
