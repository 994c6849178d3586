using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent;

/// <summary>A notice that a customer does not want to see any more (D-13).</summary>
internal sealed class DismissedNotice
{
    public required string CustomerId { get; init; }

    public required string ConsentId { get; init; }

    public required AccessNotice Notice { get; init; }

    /// <summary>An access that becomes active again after this moment is news again.</summary>
    public required DateTimeOffset At { get; init; }
}

internal sealed class DismissedNoticeTable : IEntityTypeConfiguration<DismissedNotice>
{
    public void Configure(EntityTypeBuilder<DismissedNotice> builder)
    {
        builder.ToTable("dismissed_notices").HasKey(row => new { row.CustomerId, row.ConsentId, row.Notice });
        builder.Property(row => row.ConsentId).HasMaxLength(40);
        builder.Property(row => row.Notice).HasConversion<string>().HasMaxLength(20);
    }
}

/// <summary>What a customer is told of accesses without having asked, until it is dismissed (D-13).</summary>
internal sealed class AccessNotices(ConsentDb db, TimeProvider time)
{
    /// <summary>Long enough to continue an access by, short enough not to be old news when it ends.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    private ILookup<(string ConsentId, AccessNotice Notice), DateTimeOffset>? dismissed;

    /// <summary>Reads what the customer has dismissed, once a request.</summary>
    public async Task ReadAsync(string customerId, CancellationToken ct) =>
        dismissed ??= (await db.DismissedNotices.Where(row => row.CustomerId == customerId).ToListAsync(ct)).ToLookup(row => (row.ConsentId, row.Notice), row => row.At);

    /// <summary>Since when an access is active that its customer has not been told of; null where there is no news.</summary>
    public DateTimeOffset? NewSince(Connection connection)
    {
        // The state changes when the access begins, and when one that was cancelled begins again; a continued one is nothing new.
        var since = connection.Consent.StateChangedAt;
        return connection.IsActive && !dismissed![(connection.Consent.Id, AccessNotice.Granted)].Any(at => at >= since) ? since : null;
    }

    public bool EndsSoon(Connection connection) =>
        connection.IsActive && connection.Consent.ExpiresAt - time.GetUtcNow() <= Soon && !dismissed!.Contains((connection.Consent.Id, AccessNotice.EndsSoon));

    public async Task DismissAsync(string customerId, AccessNotice notice, IReadOnlyList<string> consentIds, CancellationToken ct)
    {
        var (name, now) = (notice.ToString(), time.GetUtcNow());
        var ids = consentIds.Order(StringComparer.Ordinal).ToArray(); // one order, so that two at once cannot lock each other out
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO consent.dismissed_notices ("CustomerId", "ConsentId", "Notice", "At") SELECT {customerId}, id, {name}, {now} FROM unnest({ids}) AS id
            ON CONFLICT ("CustomerId", "ConsentId", "Notice") DO UPDATE SET "At" = excluded."At"
            """,
            ct);
    }
}

/// <summary>Takes notices away from the customer's pages; those of others' accesses are not there to be taken (CO-19).</summary>
internal sealed class DismissNoticesHandler(Connections connections, AccessNotices notices) : IRequestHandler<DismissNotices, bool>
{
    public async Task<bool> Handle(DismissNotices request, CancellationToken cancellationToken)
    {
        var named = request.ConsentIds.ToHashSet(StringComparer.Ordinal);
        var own = (await connections.OfAsync(request.CustomerId, null, cancellationToken)).Select(connection => connection.Consent.Id).Where(named.Contains).ToList();
        if (own.Count == 0) return false;
        await notices.DismissAsync(request.CustomerId, request.Notice, own, cancellationToken);
        return true;
    }
}
