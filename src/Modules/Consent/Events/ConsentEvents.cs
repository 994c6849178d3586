using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>A consent of one kind as a resource of the standard.</summary>
/// <param name="Type">One of it.</param>
/// <param name="Collection">Where all of them are, below the version.</param>
/// <param name="LinkedAccountUpdate">The type of event for a change of its accounts; null where the standard has none.</param>
/// <param name="OtherReason">What such an event gives as its reason where the standard has no code; null where it then gives none.</param>
internal sealed record ConsentAsResource(ConsentKind Kind, string Type, string Collection, EventType? LinkedAccountUpdate = null, string? OtherReason = null);

/// <summary>
/// What a third party hears of its consents: that an access was stopped, that it has ended, that an account came or went. What the third
/// party did itself or learns in an answer is no news to it.
/// </summary>
internal static class ConsentEvents
{
    /// <summary>The kinds that can end or change without their third party. A single payment's consent cannot.</summary>
    public static readonly IReadOnlyList<ConsentAsResource> Resources =
    [
        new(ConsentKind.AccountAccess, "account-access-consent", "aisp/account-access-consents", EventType.AccountAccessLinkedAccountUpdate),
        new(ConsentKind.FundsConfirmation, "funds-confirmation-consent", "cbpii/funds-confirmation-consents"),
        new(ConsentKind.VariableRecurringPayments, "domestic-vrp-consent", "pisp/domestic-vrp-consents", EventType.VrpLinkedAccountUpdate, "UK.OBNK.AccountStateChange"), // OB-VRP-24
    ];

    /// <summary>The event that a step of a consent's life is to its third party; null where it is none.</summary>
    public static ResourceChanged? Of(ConsentStep step)
    {
        if (Resources.FirstOrDefault(resource => resource.Kind == step.Consent.Kind) is not { } resource) return null;
        var type = step.On switch
        {
            ConsentEvent.Cancel or ConsentEvent.Suspend => EventType.ConsentAuthorizationRevoked, // OB-CON-20
            ConsentEvent.Expire => EventType.ResourceUpdate,
            ConsentEvent.StopAccount => resource.LinkedAccountUpdate,
            _ => null,
        };
        return type is null ? null : About(resource, type, step.Consent);
    }

    public static ResourceChanged About(ConsentAsResource resource, EventType type, ConsentRecord consent, string? reason = null) =>
        new(type, consent.ClientId, resource.Type, consent.Id, $"{resource.Collection}/{consent.Id}", reason);
}

/// <summary>Tells every third party that has an account in an access what has become of it (OB-CON-16, OB-EVT-5).</summary>
internal sealed class LinkedAccountChangedHandler(ConsentDb db, Outbox outbox) : INotificationHandler<LinkedAccountChanged>
{
    public async Task Handle(LinkedAccountChanged notification, CancellationToken cancellationToken)
    {
        // Held as by any other change, and always in the same order, so that who stops several at once waits and is not locked out.
        var concerned = await db.Consents
            .FromSql($"""
                SELECT * FROM consent.consents
                WHERE "AccountIds" @> ARRAY[{notification.AccountId}] AND "State" = 'AUTH' AND NOT {notification.AccountId} = ANY ("StoppedAccountIds")
                ORDER BY "Id" FOR UPDATE
                """)
            .ToListAsync(cancellationToken);
        var reason = notification.Cause switch
        {
            LinkedAccountCause.Closed => "UK.OBIE.AccountClosure",
            LinkedAccountCause.Switched => "UK.OBIE.CASS",
            _ => null,
        };
        foreach (var consent in concerned)
        {
            if (ConsentEvents.Resources.FirstOrDefault(resource => resource.Kind == consent.Kind) is { LinkedAccountUpdate: { } type } resource)
                await outbox.RaiseAsync(ConsentEvents.About(resource, type, consent, reason ?? resource.OtherReason), cancellationToken);
        }
    }
}
