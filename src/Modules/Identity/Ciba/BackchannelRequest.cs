using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Ciba;

/// <summary>How a request of the back channel has ended for its customer.</summary>
internal enum BackchannelOutcome
{
    Approved,
    Declined,
    TimedOut,

    /// <summary>The consent went another way meanwhile: withdrawn, expired, or decided elsewhere.</summary>
    Ended,
}

/// <summary>
/// A request that a client has sent without a browser, and that waits in the portal for its customer (CIBA). The client holds the
/// <c>auth_req_id</c>; the portal's addresses have another name for it, which opens nothing at the token endpoint.
/// </summary>
internal sealed class BackchannelRequest
{
    public const string Poll = "poll";
    public const string Ping = "ping";

    /// <summary>SHA-256 of the <c>auth_req_id</c>.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>What the portal's pages call it.</summary>
    public required Guid Id { get; init; }

    public required string ClientId { get; init; }

    public required string ConsentId { get; init; }

    /// <summary>Whom the hint names.</summary>
    public required Guid UserId { get; init; }

    /// <summary>The validated parameters, as JSON of <c>AuthorizationRequest</c>.</summary>
    public required string Parameters { get; init; }

    /// <summary>What the client shows too, so that the customer sees that both are about one thing (CIBA-13).</summary>
    public string? BindingMessage { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until then the customer may decide, and the client come for what was decided.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How many seconds the client must leave between two polls; it grows with each that comes too soon (CIBA-21).</summary>
    public required int Interval { get; init; }

    /// <summary>When the client may poll again.</summary>
    public required DateTimeOffset NextPollAt { get; init; }

    /// <summary>Set once, by one conditional update, whoever decides.</summary>
    public DateTimeOffset? DecidedAt { get; init; }

    public BackchannelOutcome? Outcome { get; init; }

    /// <summary>What was granted.</summary>
    public Guid? GrantId { get; init; }

    /// <summary>The client has got its tokens.</summary>
    public DateTimeOffset? RedeemedAt { get; init; }

    /// <summary>Ping: what the notification is made of, encrypted; it goes with the last try.</summary>
    public byte[]? Notification { get; init; }

    /// <summary>Ping: when the next try is due; null where there is none.</summary>
    public DateTimeOffset? NotifyAt { get; init; }

    public int NotifyTries { get; init; }
}

internal sealed class BackchannelRequestTable : IEntityTypeConfiguration<BackchannelRequest>
{
    public void Configure(EntityTypeBuilder<BackchannelRequest> builder)
    {
        builder.ToTable("backchannel_requests").HasKey(request => request.Hash);
        builder.Property(request => request.Parameters).HasColumnType("json");
        builder.Property(request => request.Outcome).HasConversion<string>();
        builder.HasIndex(request => request.Id).IsUnique();
        builder.HasIndex(request => new { request.UserId, request.CreatedAt });
        builder.HasIndex(request => request.ExpiresAt);
        builder.HasIndex(request => request.ExpiresAt, "IX_backchannel_requests_waiting").HasFilter("\"DecidedAt\" IS NULL");
        builder.HasIndex(request => request.NotifyAt).HasFilter("\"NotifyAt\" IS NOT NULL");

        // One at a time for a consent (OB-SEC-14).
        builder.HasIndex(request => request.ConsentId).IsUnique().HasFilter("\"DecidedAt\" IS NULL");
    }
}
