using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Consent.Contracts;

namespace OpenBanking.Consent;

/// <summary>
/// What a third party asked for and what became of it: one record for consents of every kind, so that authorisation, history, the
/// dashboard and the end are the same for all. Everything asked for is fixed at creation (CO-07, OB-CON-18).
/// </summary>
internal sealed class ConsentRecord
{
    /// <summary>Opaque, 128 random bits behind the prefix of its kind (OB-GEN-13).</summary>
    public required string Id { get; init; }

    public ConsentKind Kind => ConsentKind.OfId(Id) ?? throw new InvalidOperationException("A consent is stored under an id of no kind.");

    public required string ClientId { get; init; }

    public required ConsentState State { get; init; }

    public string? ReasonCode { get; init; }

    public string? ReasonText { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Moves with the state and only then (OB-CON-2).</summary>
    public required DateTimeOffset StateChangedAt { get; init; }

    /// <summary>Account access: as they were sent, order and repetitions included (OB-GEN-7, OB-AIS-3).</summary>
    public string[] Permissions { get; init; } = [];

    /// <summary>Of the other kinds, what was asked for as it was sent (OB-GEN-7), as JSON in the words of the kind's resource.</summary>
    public string? Terms { get; init; }

    /// <summary>Of payments, what the bank has said to it: charges, times, rates, as JSON in the words of the kind's resource.</summary>
    public string? Quoted { get; init; }

    /// <summary>Of a file of payments, how many there are; null until it has come.</summary>
    public int? FilePayments { get; init; }

    /// <summary>Of a file of payments, their sum in pounds.</summary>
    public decimal? FileSum { get; init; }

    /// <summary>When access ends; null where the third party set no end (OB-CON-9).</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The same as it is written back.</summary>
    public string? ExpirationOnWire { get; init; }

    public DateTimeOffset? TransactionsFrom { get; init; }

    public string? TransactionsFromOnWire { get; init; }

    public DateTimeOffset? TransactionsTo { get; init; }

    public string? TransactionsToOnWire { get; init; }

    /// <summary>Who authorised it; nobody else ever can afterwards.</summary>
    public string? CustomerId { get; init; }

    /// <summary>What that customer chose (OB-CON-10), or the account that the consent names.</summary>
    public string[]? AccountIds { get; init; }

    /// <summary>Those of them that another holder has taken out (D-11); they stay out when the access is continued.</summary>
    public string[] StoppedAccountIds { get; init; } = [];

    /// <summary>When it was first authorised.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>When the customer last authenticated for it.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>When data was last read, to the minute (D-4).</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    public bool HasEnded(DateTimeOffset now) => ExpiresAt <= now;

    /// <summary>It waits for its customer, or is long-lived and may be continued; never after its end (OB-SEC-13, OB-CON-12).</summary>
    public bool MayBeAuthorised(DateTimeOffset now) =>
        !HasEnded(now) && States.Next(States.Of(Kind), State, ConsentEvent.Authorise) is not null;

    /// <summary>What was chosen and not taken out since.</summary>
    public string[] SharedAccountIds() => [.. (AccountIds ?? []).Except(StoppedAccountIds, StringComparer.Ordinal)];

    /// <summary>Open to whoever authenticates first, then to that customer alone.</summary>
    public bool IsFor(string customerId) => CustomerId is null || CustomerId == customerId;
}

internal sealed class ConsentRecordTable : IEntityTypeConfiguration<ConsentRecord>
{
    public void Configure(EntityTypeBuilder<ConsentRecord> builder)
    {
        builder.ToTable("consents").HasKey(consent => consent.Id);
        builder.Property(consent => consent.Id).HasMaxLength(40);
        builder.Property(consent => consent.State).HasConversion<string>().HasMaxLength(4);
        builder.Property(consent => consent.ReasonCode).HasMaxLength(4);
        builder.Property(consent => consent.Terms).HasColumnType("json");
        builder.Property(consent => consent.Quoted).HasColumnType("json");
        builder.Property(consent => consent.FileSum).HasColumnType("numeric(28,5)");
        builder.Ignore(consent => consent.Kind);

        // What is due to expire, the dashboard's list, that of a joint account's other holder, the count of what waits, and what has ended.
        builder.HasIndex(consent => consent.ExpiresAt).HasFilter("\"State\" = 'AUTH' AND \"ExpiresAt\" IS NOT NULL");
        builder.HasIndex(consent => consent.CustomerId).HasFilter("\"CustomerId\" IS NOT NULL");
        builder.HasIndex(consent => consent.AccountIds).HasMethod("gin");
        builder.HasIndex(consent => new { consent.ClientId, consent.CreatedAt }).HasFilter("\"State\" IN ('AWAU', 'AWUP')");
        builder.HasIndex(consent => consent.CreatedAt).HasFilter("\"State\" IN ('AWAU', 'AWUP')");
        builder.HasIndex(consent => consent.StateChangedAt).HasFilter(EndedConsents.Filter.Trim());
    }
}
