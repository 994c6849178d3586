using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Audit;

/// <summary>Adds lines to the audit, in the transaction of what they tell.</summary>
internal sealed class AuditTrail(ConsentDb db, AuditKey key)
{
    private readonly AuditLink link = new();

    /// <summary>Adds a line; it is written with what else the context saves.</summary>
    public async ValueTask AddAsync(AuditEntry entry, CancellationToken ct)
    {
        var keys = await key.GetAsync(ct);
        var tag = new byte[AuditKey.TagBytes];
        link.Take(entry).Tag(keys, tag);
        db.Add(new PendingAuditLine { Id = entry.Id, At = entry.At, What = entry.What, Subject = entry.Subject, Content = entry.Content, Tag = tag });
    }

    /// <summary>Tells that consents and their history were removed, without which the missing history would be found as a fault.</summary>
    public async Task AddRemovalsAsync(IEnumerable<string> consentIds, DateTimeOffset at, string why, CancellationToken ct)
    {
        foreach (var id in consentIds)
            await AddAsync(new AuditEntry(Guid.CreateVersion7(at), at, AuditEntry.Removal, id, AuditEntry.Json([new("reason", why)])), ct);
        await db.SaveChangesAsync(ct);
    }
}

/// <summary>Other modules' lines.</summary>
internal sealed class AuditedFactHandler(AuditTrail trail, ConsentDb db) : INotificationHandler<AuditedFact>
{
    public async Task Handle(AuditedFact notification, CancellationToken cancellationToken)
    {
        if (notification.What.StartsWith("consent", StringComparison.Ordinal))
            throw new ArgumentException("What a consent's history says is written with the history.", nameof(notification));
        var content = AuditEntry.Json(notification.Details.OrderBy(detail => detail.Key, StringComparer.Ordinal));
        await trail.AddAsync(new AuditEntry(Guid.CreateVersion7(notification.At), notification.At, notification.What, notification.Subject, content), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
    }
}
