using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Makes a customer of the bank known to the portal, or gives a known one a new activation code.</summary>
/// <param name="CustomerId">The bank's own number; never shown to third parties, never reassigned (PW-05).</param>
/// <param name="ActivationCode">A code to set; null has one made.</param>
/// <param name="Reusable">Sandbox only: the code may be used again, so that testers can enrol their own authenticators.</param>
public sealed record IssueActivationCode(string CustomerId, string Username, string DisplayName, string? ActivationCode, bool Reusable)
    : IRequest<IssuedActivationCode>;

/// <summary>The code in clear, this once.</summary>
public sealed record IssuedActivationCode(string Username, string ActivationCode, DateTimeOffset ExpiresAt);

/// <summary>Asks who has a username, or has been made known by the bank's own number; null where nobody has.</summary>
public sealed record FindCustomer(string? Username = null, string? CustomerId = null) : IRequest<KnownCustomer?>;

/// <summary>A customer who is known to the portal, with or without a passkey yet.</summary>
public sealed record KnownCustomer(string CustomerId, string Username, string DisplayName);

/// <summary>Asks for the passkeys of the signed-in customer.</summary>
public sealed record ListPasskeys(Guid SessionId) : IRequest<IReadOnlyList<PasskeySummary>>;

/// <summary>A passkey as its owner sees it.</summary>
/// <param name="SuspectedAt">When it was refused because it may have been copied (PK-10); null if never.</param>
public sealed record PasskeySummary(
    string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, bool IsSynced, bool UsedForThisSession, DateTimeOffset? SuspectedAt = null);

/// <summary>Gives a passkey another name of 1 to 60 characters.</summary>
public sealed record RenamePasskey(Guid SessionId, string PasskeyId, string Name) : IRequest<PasskeyChange>;

/// <summary>Removes a passkey, but never the last (PK-16), and only soon after a sign-in (PO-15).</summary>
public sealed record RemovePasskey(Guid SessionId, string PasskeyId) : IRequest<PasskeyChange>;

public enum PasskeyChange
{
    Done,
    NotFound,
    IsTheLast,
    NameNotAllowed,
    SignInAgain,
}

/// <summary>Asks for the customer's sign-ins, newest first.</summary>
public sealed record ListSignIns(Guid SessionId, int Limit) : IRequest<IReadOnlyList<SignInRecord>>;

/// <summary>One try to sign in.</summary>
/// <param name="Outcome">In words for the customer.</param>
/// <param name="Country">Two letters, where it is known.</param>
/// <param name="Reason">Why it was allowed or not, in words for the customer.</param>
public sealed record SignInRecord(
    DateTimeOffset At, bool Succeeded, string Outcome, string? PasskeyName, string? Address, string? UserAgent, string? ForClientName,
    string? Country = null, string? Reason = null);

/// <summary>Asks who is signed in; null where the session has ended (PO-07).</summary>
public sealed record DescribeSession(Guid SessionId) : IRequest<SessionDescription?>;

/// <param name="EndsAt">When it ends by itself if nothing is done .</param>
/// <param name="WaitingRequests">How many requests of third parties wait for a decision in the portal.</param>
public sealed record SessionDescription(
    Guid SessionId, string CustomerId, string Username, string DisplayName, DateTimeOffset AuthenticatedAt, DateTimeOffset EndsAt, int WaitingRequests)
{
    /// <summary>The passkey was used so lately that what needs a fresh sign-in may be done (PO-15).</summary>
    public bool IsFresh { get; init; }
}

/// <summary>Ends a portal session on every host.</summary>
public sealed record EndSession(Guid SessionId) : IRequest;
