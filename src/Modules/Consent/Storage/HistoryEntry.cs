using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.Storage;

/// <summary>Who caused a change of a consent.</summary>
internal enum Actor
{
    ThirdParty,
    Customer,
    Bank,
}

/// <summary>A step in a consent's life: who, when, from where and why. Written once, never changed.</summary>
internal sealed class HistoryEntry
{
    public required Guid Id { get; init; }

    /// <summary>Given by the database, and so in the order of writing: who changes a consent has its row, the next one waits.</summary>
    public long Number { get; init; }

    public required string ConsentId { get; init; }

    public required DateTimeOffset At { get; init; }

    public required ConsentEvent Event { get; init; }

    /// <summary>Null at creation.</summary>
    public required ConsentState? From { get; init; }

    public required ConsentState To { get; init; }

    /// <summary>The standard's code for the new state; null where it has none or the state stayed.</summary>
    public string? ReasonCode { get; init; }

    public required Actor By { get; init; }

    /// <summary>Which third party or which customer.</summary>
    public string? ActorId { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? Reason { get; init; }
}

internal sealed class HistoryTable : IEntityTypeConfiguration<HistoryEntry>
{
    public void Configure(EntityTypeBuilder<HistoryEntry> builder)
    {
        builder.ToTable("history").HasKey(entry => entry.Id);
        builder.Property(entry => entry.Number).UseIdentityAlwaysColumn();
        builder.Property(entry => entry.ConsentId).HasMaxLength(40);
        builder.Property(entry => entry.Event).HasConversion<string>().HasMaxLength(20);
        builder.Property(entry => entry.From).HasConversion<string>().HasMaxLength(4);
        builder.Property(entry => entry.To).HasConversion<string>().HasMaxLength(4);
        builder.Property(entry => entry.ReasonCode).HasMaxLength(4);
        builder.Property(entry => entry.By).HasConversion<string>().HasMaxLength(20);
        builder.Property(entry => entry.UserAgent).HasMaxLength(512);
        builder.HasIndex(entry => new { entry.ConsentId, entry.Number });

        // What a customer has declined belongs to no access of theirs and is found by who did it.
        builder.HasIndex(entry => entry.ActorId).HasFilter("\"By\" = 'Customer' AND \"Event\" = 'Reject'");
    }
}

/// <summary>
/// What a customer approved, kept as it was shown: the canonical document, its digest, the choice, and how the customer authenticated.
/// Written once, never changed.
/// </summary>
internal sealed class ApprovalEvidence
{
    public required Guid Id { get; init; }

    public required string ConsentId { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string CustomerId { get; init; }

    /// <summary>The canonical form of the approval page.</summary>
    public required string Document { get; init; }

    /// <summary>base64url SHA-256 of <see cref="Document"/>.</summary>
    public required string Digest { get; init; }

    public required string[] AccountIds { get; init; }

    /// <summary>It is one more customer's approval of a payment whose consent another has given (OB-PIS-26).</summary>
    public bool IsFurther { get; init; }

    /// <summary>Of a payment, whether strong authentication was applied, or the exemption by which it was not (OB-SCA-8).</summary>
    public string? Sca { get; init; }

    public string? ScaArticle { get; init; }

    public required DateTimeOffset AuthenticatedAt { get; init; }

    public required string PasskeyId { get; init; }

    /// <summary>What the passkey has signed over the document and the choice, in its parts; null where it was used to sign in only.</summary>
    public Guid? SignedRequest { get; init; }

    public byte[]? SignedNonce { get; init; }

    public byte[]? ClientData { get; init; }

    public byte[]? AuthenticatorData { get; init; }

    public byte[]? Signature { get; init; }

    /// <summary>The passkey's public key, so that the signature can be verified when the passkey is gone.</summary>
    public byte[]? PublicKey { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }
}

internal sealed class ApprovalEvidenceTable : IEntityTypeConfiguration<ApprovalEvidence>
{
    public void Configure(EntityTypeBuilder<ApprovalEvidence> builder)
    {
        builder.ToTable("evidence").HasKey(evidence => evidence.Id);
        builder.Property(evidence => evidence.ConsentId).HasMaxLength(40);
        builder.Property(evidence => evidence.Digest).HasMaxLength(43);
        builder.Property(evidence => evidence.UserAgent).HasMaxLength(512);
        builder.Property(evidence => evidence.Sca).HasMaxLength(40);
        builder.Property(evidence => evidence.ScaArticle).HasMaxLength(40);
        builder.HasIndex(evidence => new { evidence.ConsentId, evidence.Id });
    }
}
