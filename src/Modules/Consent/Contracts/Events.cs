using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>
/// Something has happened to a resource that its third party may want to hear of. Publish it in the transaction of the change, after the
/// change itself: then it is kept exactly if the change is (OB-EVT-14), and whoever changes the same resource next waits until its place
/// in the order is taken. Nothing is sent here; delivery begins once the transaction is committed.
/// </summary>
/// <param name="ClientId">Whose resource it is; nobody else hears of it (OB-EVT-12).</param>
/// <param name="ResourceType">The standard's noun, one of it: <c>account-access-consent</c>, <c>domestic-payment</c>.</param>
/// <param name="ResourceId">As its third party knows it.</param>
/// <param name="Path">Where it is read, below the version: <c>pisp/domestic-payments/{id}</c>. Links to every version that is served are made of it (OB-EVT-4).</param>
/// <param name="Reason">The standard's code for why, where the event type has any.</param>
public sealed record ResourceChanged(EventType Type, string ClientId, string ResourceType, string ResourceId, string Path, string? Reason = null) : INotification;

/// <summary>A type of event, by its name in events and by that in the standard's code set (OB-EVT-5).</summary>
public sealed record EventType
{
    private const string Urns = "urn:uk:org:openbanking:events:";
    private const string Codes = "UK.OBIE.";

    private EventType(string name, string code) => (Urn, Code) = (Urns + name, Codes + code);

    /// <summary>What stands in an event.</summary>
    public string Urn { get; }

    /// <summary>What may stand for it in a subscription (OB-DEC-7).</summary>
    public string Code { get; }

    /// <summary>The resource reads otherwise than before.</summary>
    public static readonly EventType ResourceUpdate = new("resource-update", "Resource-Update");

    /// <summary>The customer, or the bank for the customer, has ended an access (OB-CON-20).</summary>
    public static readonly EventType ConsentAuthorizationRevoked = new("consent-authorization-revoked", "Consent-Authorization-Revoked");

    /// <summary>An account has come into an access or left it.</summary>
    public static readonly EventType AccountAccessLinkedAccountUpdate =
        new("account-access-consent-linked-account-update", "Account-Access-Consent-Linked-Account-Update");

    /// <summary>The same of variable recurring payments.</summary>
    public static readonly EventType VrpLinkedAccountUpdate = new("domestic-vrp-consent-linked-account-update", "Domestic-VRP-Consent-Linked-Account-Update");

    public static readonly IReadOnlyList<EventType> All = [ResourceUpdate, ConsentAuthorizationRevoked, AccountAccessLinkedAccountUpdate, VrpLinkedAccountUpdate];

    /// <summary>The type that a third party names, in either spelling; null where there is none of that name.</summary>
    public static EventType? Named(string name) => All.FirstOrDefault(type => type.Urn == name || type.Code == name);
}

/// <summary>
/// An account can no longer be shared, or can be again: closed, switched to another bank, frozen, reopened. Publish it in the transaction
/// of that change; every third party that has the account in an access hears of it (OB-CON-16, OB-EVT-5).
/// </summary>
public sealed record LinkedAccountChanged(string AccountId, LinkedAccountCause Cause) : INotification;

public enum LinkedAccountCause
{
    Closed,

    /// <summary>Moved to another bank by the current account switch service.</summary>
    Switched,

    /// <summary>Something that the standard has no reason code for.</summary>
    Other,
}

/// <summary>Asks for the events that did not arrive or that their third party could not use, oldest first.</summary>
public sealed record ListDeadEvents(int Most) : IRequest<IReadOnlyList<DeadEvent>>;

/// <summary>An event whose delivery was given up.</summary>
/// <param name="EventId">Its <c>jti</c>.</param>
/// <param name="At">When it happened.</param>
/// <param name="Since">When its delivery was given up.</param>
/// <param name="Tries">How often it was pushed.</param>
/// <param name="Why">What the last try met with, or what the third party says is wrong with it.</param>
public sealed record DeadEvent(string EventId, string ClientId, string Type, string ResourceId, DateTimeOffset At, DateTimeOffset Since, int Tries, string Why);

/// <summary>Has such events delivered once more, in the order in which they happened; answers how many.</summary>
/// <param name="EventId">One of them; null is all.</param>
public sealed record ResendEvents(string? EventId) : IRequest<int>;
