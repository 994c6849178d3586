using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>What an operator sees of events that did not arrive.</summary>
internal sealed class ListDeadEventsHandler(ConsentDb db) : IRequestHandler<ListDeadEvents, IReadOnlyList<DeadEvent>>
{
    public async Task<IReadOnlyList<DeadEvent>> Handle(ListDeadEvents request, CancellationToken cancellationToken)
    {
        var dead = await db.Events.Where(row => row.GivenUpAt != null || row.RejectedAt != null)
            .OrderBy(row => row.Sequence).Take(request.Most).ToListAsync(cancellationToken);
        return
        [
            .. dead.Select(row => new DeadEvent(
                row.Id.ToString("N"), row.ClientId, row.Type, row.ResourceId, row.At, (row.RejectedAt ?? row.GivenUpAt)!.Value, row.Tries, row.Problem ?? "")),
        ];
    }
}

/// <summary>Has them delivered once more: pushed where their third party wants that now, and in any case to be polled.</summary>
internal sealed class ResendEventsHandler(ConsentDb db, TimeProvider time) : IRequestHandler<ResendEvents, int>
{
    public async Task<int> Handle(ResendEvents request, CancellationToken cancellationToken)
    {
        Guid? one = null;
        if (request.EventId is { } named)
        {
            if (!Guid.TryParseExact(named, "N", out var id)) return 0;
            one = id;
        }

        var resent = await db.Database.SqlQuery<string>(
            $"""
            UPDATE consent.events e SET "Tries" = 0, "Problem" = NULL, "GivenUpAt" = NULL, "RejectedAt" = NULL,
                "PushFor" = (SELECT s."Id" FROM consent.event_subscriptions s WHERE s."ClientId" = e."ClientId" AND s."CallbackUrl" IS NOT NULL)
            WHERE (e."GivenUpAt" IS NOT NULL OR e."RejectedAt" IS NOT NULL) AND ({one}::uuid IS NULL OR e."Id" = {one}::uuid)
            RETURNING e."ClientId" AS "Value"
            """).ToListAsync(cancellationToken);

        // Nobody waits any longer for an address that did not answer before.
        var (clients, now) = (resent.Distinct(StringComparer.Ordinal).ToArray(), time.GetUtcNow());
        await db.EventSubscriptions.Where(row => clients.Contains(row.ClientId) && row.Failures > 0)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.PushAt, now).SetProperty(row => row.Failures, 0), cancellationToken);
        return resent.Count;
    }
}
