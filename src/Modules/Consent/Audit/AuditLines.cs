using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.Audit;

/// <summary>
/// A line of the audit that is written and not yet sealed: it is added by the transaction of what it tells, so one is never without the
/// other (OP-07), and a second later it is moved into the chain.
/// </summary>
internal sealed class PendingAuditLine
{
    /// <summary>Given by the database; lines are sealed in this order.</summary>
    public long Number { get; init; }

    /// <summary>Of a consent's step, that of its entry in the history.</summary>
    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string What { get; init; }

    /// <summary>What it is about: the id of a consent, of a payment.</summary>
    public required string Subject { get; init; }

    /// <summary>The rest, as JSON.</summary>
    public required string Content { get; init; }

    /// <summary>By the server's key over all of the line, so that nobody who only has the database can write one.</summary>
    public required byte[] Tag { get; init; }
}

internal sealed class PendingAuditLineTable : IEntityTypeConfiguration<PendingAuditLine>
{
    public void Configure(EntityTypeBuilder<PendingAuditLine> builder)
    {
        builder.ToTable("audit_pending").HasKey(line => line.Number);
        builder.Property(line => line.Number).UseIdentityAlwaysColumn();
        builder.Property(line => line.What).HasMaxLength(40);
        builder.Property(line => line.Subject).HasMaxLength(128);
    }
}

/// <summary>A line in its place in the chain of its day. Nothing ever changes or removes one.</summary>
internal sealed class AuditLine
{
    /// <summary>The day on which it was sealed, in UTC.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>Its place in the day, from 1 and without gaps.</summary>
    public required long Sequence { get; init; }

    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string What { get; init; }

    public required string Subject { get; init; }

    public required string Content { get; init; }

    public required byte[] Tag { get; init; }

    /// <summary>SHA-256 over the hash of the line before it and all of this one.</summary>
    public required byte[] Hash { get; init; }
}

internal sealed class AuditLineTable : IEntityTypeConfiguration<AuditLine>
{
    public void Configure(EntityTypeBuilder<AuditLine> builder)
    {
        builder.ToTable("audit").HasKey(line => new { line.Day, line.Sequence });
        builder.Property(line => line.What).HasMaxLength(40);
        builder.Property(line => line.Subject).HasMaxLength(128);
    }
}

/// <summary>The server's key for the audit, encrypted.</summary>
internal sealed class StoredAuditKey
{
    /// <summary>There is one.</summary>
    public required short Id { get; init; }

    public required byte[] Protected { get; init; }
}

internal sealed class StoredAuditKeyTable : IEntityTypeConfiguration<StoredAuditKey>
{
    public void Configure(EntityTypeBuilder<StoredAuditKey> builder)
    {
        builder.ToTable("audit_key").HasKey(key => key.Id);
        builder.Property(key => key.Id).ValueGeneratedNever();
    }
}
