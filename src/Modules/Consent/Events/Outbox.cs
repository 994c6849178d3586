using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>Where events are written, in the transaction of the change that causes them (OB-EVT-14).</summary>
internal sealed class Outbox(ConsentDb db, TimeProvider time) : INotificationHandler<ResourceChanged>
{
    // One scope is one unit of work, so what it raises is of one transaction.
    private readonly Lazy<Guid> transaction = new(() => Guid.CreateVersion7(time.GetUtcNow()));

    /// <summary>
    /// Writes an event, unless its third party has subscribed to other types only. Whether it is pushed is decided now: what happened
    /// before a subscription is not pushed under it. It is written at once and not with the commit, because a request that waits for
    /// somebody outside commits its changes early, and the event must not be lost in between.
    /// </summary>
    public Task RaiseAsync(ResourceChanged raised, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO consent.events ("Id", "ClientId", "Type", "ResourceType", "ResourceId", "Path", "Reason", "At", "Transaction", "Tries", "PushFor")
            SELECT {Guid.CreateVersion7(now)}, {raised.ClientId}, {raised.Type.Urn}, {raised.ResourceType}, {raised.ResourceId}, {raised.Path}, {raised.Reason}, {now},
                {transaction.Value}, 0, CASE WHEN s."CallbackUrl" IS NOT NULL THEN s."Id" END
            FROM (SELECT 1) one LEFT JOIN consent.event_subscriptions s ON s."ClientId" = {raised.ClientId}
            WHERE s."Urns" IS NULL OR {raised.Type.Urn} = ANY (s."Urns")
            """,
            ct);
    }

    public Task Handle(ResourceChanged notification, CancellationToken cancellationToken) => RaiseAsync(notification, cancellationToken);
}
