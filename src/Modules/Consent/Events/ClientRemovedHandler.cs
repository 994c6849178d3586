using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent.Events;

/// <summary>Who is no third party of this bank any more is told of nothing, and will fetch nothing.</summary>
internal sealed class ClientRemovedHandler(ConsentDb db) : INotificationHandler<ClientRemoved>
{
    public async Task Handle(ClientRemoved notification, CancellationToken cancellationToken)
    {
        await db.EventSubscriptions.Where(row => row.ClientId == notification.ClientId).ExecuteDeleteAsync(cancellationToken);
        await db.Events.Where(row => row.ClientId == notification.ClientId).ExecuteDeleteAsync(cancellationToken);
    }
}
