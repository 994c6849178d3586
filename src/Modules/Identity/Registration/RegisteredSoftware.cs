using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Registration;

/// <summary>What belongs to a client that registered itself, beside the client: what it was told, and what it may change it by.</summary>
internal sealed class RegisteredSoftware
{
    public required string ClientId { get; init; }

    /// <summary>Issuer of the software statement.</summary>
    public required string Directory { get; init; }

    public required string SoftwareId { get; init; }

    public required string OrganisationId { get; init; }

    /// <summary>The organisation's number at its authority, by which a later certificate may name it.</summary>
    public string? RegistrationNumber { get; init; }

    /// <summary>All metadata as they were answered, statement included (DCM-01).</summary>
    public required string Metadata { get; init; }

    /// <summary>Hash of the registration access token; null once it was revoked (DCM-05).</summary>
    public byte[]? AccessTokenHash { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }
}

internal sealed class RegisteredSoftwareTable : IEntityTypeConfiguration<RegisteredSoftware>
{
    public void Configure(EntityTypeBuilder<RegisteredSoftware> builder)
    {
        builder.ToTable("registered_software").HasKey(software => software.ClientId);
        builder.Property(software => software.Metadata).HasColumnType("jsonb");

        // One client for a piece of software (OB-DCR-9); of two at one moment the second finds the first (DC-03).
        builder.HasIndex(software => new { software.Directory, software.SoftwareId }).IsUnique();
        builder.HasIndex(software => software.AccessTokenHash).IsUnique();
    }
}

/// <summary>A software statement that was used, so that its identifier does not come back with other content (SSA-07).</summary>
internal sealed class KnownStatement
{
    /// <summary>SHA-256 over directory and <c>jti</c>.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>SHA-256 over the statement.</summary>
    public required byte[] Digest { get; init; }

    public required DateTimeOffset Until { get; init; }
}

internal sealed class KnownStatementTable : IEntityTypeConfiguration<KnownStatement>
{
    public void Configure(EntityTypeBuilder<KnownStatement> builder)
    {
        builder.ToTable("known_statements").HasKey(statement => statement.Hash);
        builder.HasIndex(statement => statement.Until);
    }
}

/// <summary>How often an organisation has registered in the running hour (DC-18).</summary>
internal sealed class RegistrationCount
{
    /// <summary>SHA-256 over directory and organisation.</summary>
    public required byte[] Organisation { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required int Registrations { get; init; }
}

internal sealed class RegistrationCountTable : IEntityTypeConfiguration<RegistrationCount>
{
    public void Configure(EntityTypeBuilder<RegistrationCount> builder)
    {
        builder.ToTable("registration_counts").HasKey(count => count.Organisation);
        builder.HasIndex(count => count.Since);
    }
}
