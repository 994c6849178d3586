using MediatR;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent.Contracts;

/// <summary>Asks for the accesses a customer has given, active ones first (D-2).</summary>
public sealed record ListConnections(string CustomerId) : IRequest<IReadOnlyList<ConnectionSummary>>;

/// <summary>One access in the overview.</summary>
/// <param name="LastUsedAt">When data was last read; null if never (D-4).</param>
public sealed record ConnectionSummary(
    string ConsentId,
    string ClientId,
    string ClientName,
    string? OnBehalfOf,
    bool IsActive,
    string StatusText,
    DateTimeOffset GrantedAt,
    DateTimeOffset? Expires,
    DateTimeOffset? LastUsedAt,
    int AccountCount)
{
    /// <summary>
    /// The other holder of a joint account has given it (D-11): this customer sees the joint account of it only, and cancelling takes
    /// that account out of it.
    /// </summary>
    public bool GivenByOtherHolder { get; init; }

    public required ConsentKind Kind { get; init; }

    /// <summary>All consents that this entry stands for: a card issuer may have several for one account (D-9). Its own is the first.</summary>
    public IReadOnlyList<string> ConsentIds { get; init; } = [];

    /// <summary>The third party's legal name, for which its directory vouches (DC-17); null where there is none.</summary>
    public string? OrganisationName { get; init; }

    /// <summary>When it ended for this customer; null while it is active (D-2).</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The shared accounts that this customer sees, by the names of the own channel.</summary>
    public IReadOnlyList<string> AccountNames { get; init; } = [];

    /// <summary>Since when it is active, until the customer has dismissed the notice of that (D-13).</summary>
    public DateTimeOffset? NewSince { get; init; }

    /// <summary>It is about to end, and the customer has not dismissed the notice of that (D-13).</summary>
    public bool EndsSoon { get; init; }
}

/// <summary>What a customer is told of an access without having asked (D-13).</summary>
public enum AccessNotice
{
    Granted,
    EndsSoon,
}

/// <summary>Takes one kind of notice of some accesses away from the customer's pages; false where none of them is this customer's.</summary>
public sealed record DismissNotices(string CustomerId, AccessNotice Notice, IReadOnlyList<string> ConsentIds) : IRequest<bool>;

/// <summary>Asks for one access in full; null where it is not this customer's, just as if it did not exist (CO-19).</summary>
public sealed record DescribeConnection(string ConsentId, string CustomerId) : IRequest<ConnectionDetail?>;

/// <summary>One access with its accounts, data and history (D-3).</summary>
public sealed record ConnectionDetail(
    ConnectionSummary Summary,
    IReadOnlyList<ApprovalAccount> Accounts,
    IReadOnlyList<DataGroup> Groups,
    DateTimeOffset? TransactionsFrom,
    DateTimeOffset? TransactionsTo,
    IReadOnlyList<ConsentHistoryEntry> History)
{
    /// <summary>The accounts that another holder has taken out of it (D-11).</summary>
    public IReadOnlySet<string> StoppedAccountIds { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>On which days it was used, and how often, the earliest first; as far back as that is kept.</summary>
    public IReadOnlyList<DayOfUse> Uses { get; init; } = [];
}

/// <summary>How often an access was used on a day (UTC).</summary>
public sealed record DayOfUse(DateOnly Day, int Times);

/// <summary>One step in a consent's life in words for the customer.</summary>
public sealed record ConsentHistoryEntry(DateTimeOffset At, string What, string By);

/// <summary>Asks how a consent came to where it is, for whoever tests or audits the bank; null where there never was one.</summary>
public sealed record ListConsentChanges(string ConsentId) : IRequest<IReadOnlyList<ConsentChange>?>;

/// <summary>One change of a consent's state, by the standard's codes.</summary>
/// <param name="From">Null at creation.</param>
/// <param name="ReasonCode">The standard's reason code that went with it, if one did.</param>
public sealed record ConsentChange(string? From, string To, DateTimeOffset At, string? ReasonCode, string? Reason);

/// <summary>Cancels an access at the customer's wish; takes effect at the next request on every host (D-7).</summary>
public sealed record CancelConnection(string ConsentId, string CustomerId, DecisionOrigin From) : IRequest<CancellationAnswer>;

public enum CancellationAnswer
{
    Cancelled,

    /// <summary>It was not active any more; nothing changed.</summary>
    WasNotActive,

    /// <summary>Not this customer's.</summary>
    NotFound,
}

/// <summary>
/// Cancels every active access of one third party at the customer's wish (D-12), each as <see cref="CancelConnection"/> would, all of
/// them or none. Answers how many it has ended; 0 where none was active.
/// </summary>
public sealed record CancelAllOfClient(string ClientId, string CustomerId, DecisionOrigin From) : IRequest<int>;

/// <summary>
/// A consent has left the state in which its tokens may be used: cancelled, expired or deleted. Identity ends every token of it
/// in the same transaction (OB-SEC-17, REV-09).
/// </summary>
public sealed record ConsentEnded(ConsentKind Kind, string ConsentId, string ClientId) : INotification;

/// <summary>A consent was used: data read, or a question answered. It keeps when and how often, for the customer's dashboard (D-4).</summary>
public sealed record ConsentUsed(string ConsentId, DateTimeOffset At) : INotification;
