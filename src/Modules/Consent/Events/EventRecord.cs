using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.Events;

/// <summary>
/// An event in the outbox: what happened, and how far its delivery is. It is there until its third party has it, or its time is over. It
/// is kept unsigned, so that what is sent bears the signature of a key that is published at that time.
/// </summary>
internal sealed class EventRecord
{
    /// <summary>Its <c>jti</c>.</summary>
    public required Guid Id { get; init; }

    /// <summary>
    /// The order of events. The database gives it, since the clocks of two hosts do not agree; who writes of a resource holds the
    /// resource meanwhile, so of one resource it is the order of the changes (OB-EVT-14).
    /// </summary>
    public long Sequence { get; init; }

    /// <summary>Who may have it (OB-EVT-12).</summary>
    public required string ClientId { get; init; }

    /// <summary>The URN of its type.</summary>
    public required string Type { get; init; }

    public required string ResourceType { get; init; }

    public required string ResourceId { get; init; }

    /// <summary>Below the version.</summary>
    public required string Path { get; init; }

    public string? Reason { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Shared by all events of one change: <c>txn</c>.</summary>
    public required Guid Transaction { get; init; }

    /// <summary>The subscription that it is still to be pushed for; null where it is not, or not any more.</summary>
    public string? PushFor { get; init; }

    /// <summary>How often it was pushed.</summary>
    public int Tries { get; init; }

    /// <summary>What the last try met with.</summary>
    public string? Problem { get; init; }

    /// <summary>When pushing was given up; it can still be polled (OB-EVT-8).</summary>
    public DateTimeOffset? GivenUpAt { get; init; }

    /// <summary>When its third party said that it is wrong; it is not sent any more and kept for support (OB-EVT-11).</summary>
    public DateTimeOffset? RejectedAt { get; init; }
}

internal sealed class EventTable : IEntityTypeConfiguration<EventRecord>
{
    public void Configure(EntityTypeBuilder<EventRecord> builder)
    {
        builder.ToTable("events").HasKey(row => row.Id);
        builder.Property(row => row.Sequence).UseIdentityAlwaysColumn();
        builder.Property(row => row.ResourceType).HasMaxLength(128);
        builder.Property(row => row.ResourceId).HasMaxLength(128);
        builder.Property(row => row.PushFor).HasMaxLength(40);
        builder.Property(row => row.Problem).HasMaxLength(512);

        // What can be polled, what is to be pushed, what went wrong, and what is old enough to go.
        builder.HasIndex(row => new { row.ClientId, row.Sequence }).HasFilter("\"RejectedAt\" IS NULL");
        builder.HasIndex(row => new { row.PushFor, row.Sequence }).HasFilter("\"PushFor\" IS NOT NULL");
        builder.HasIndex(row => row.Sequence).HasFilter("\"GivenUpAt\" IS NOT NULL OR \"RejectedAt\" IS NOT NULL");
        builder.HasIndex(row => row.At);
    }
}
