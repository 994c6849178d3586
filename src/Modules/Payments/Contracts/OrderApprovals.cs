using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Payments.Contracts;

/// <summary>Asks for the payments that wait for approvals of those who may act on their account, of whom this customer is one (P-8).</summary>
public sealed record ListOrdersToApprove(string CustomerId) : IRequest<IReadOnlyList<OrderToApprove>>;

/// <summary>Asks for one of them, also after it has been decided; null where it is none of this customer's.</summary>
public sealed record DescribeOrderToApprove(string OrderId, string CustomerId) : IRequest<OrderToApprove?>;

/// <summary>A payment that one has ordered and others must approve.</summary>
/// <param name="Subject">What a passkey that is used for the decision names it by.</param>
/// <param name="AccountName">As this customer knows the account that it is paid from.</param>
/// <param name="DecideBefore">When it ends by itself.</param>
public sealed record OrderToApprove(
    string OrderId, Guid Subject, string ConsentId, string ClientId, Money Amount, string Payee, string AccountName, DateTimeOffset At, DateTimeOffset DecideBefore)
{
    public required int Required { get; init; }

    public required int Received { get; init; }

    /// <summary>This customer has approved it: it waits for others.</summary>
    public required bool IsApprovedByCustomer { get; init; }

    public required ApprovalsOutcome Outcome { get; init; }
}

public enum ApprovalsOutcome
{
    Waiting,
    Approved,
    Refused,
}

/// <summary>
/// One of those who must approves a payment as it was shown. Of several at one moment each counts once, and the last one has it carried out.
/// </summary>
public sealed record ApproveOrder(string OrderId, string CustomerId, string ShownDigest, AuthenticationEvidence Evidence) : IRequest<OrderApprovalAnswer>;

/// <summary>One of those who must refuses a payment: then nobody can approve it any more, and what was set aside for it is free again.</summary>
public sealed record RefuseOrder(string OrderId, string CustomerId) : IRequest<OrderApprovalAnswer>;

/// <summary>The answer to <see cref="ApproveOrder"/> and <see cref="RefuseOrder"/>; but for the first two nothing has changed.</summary>
public enum OrderApprovalAnswer
{
    Done,

    /// <summary>That was the last approval.</summary>
    Complete,

    /// <summary>What is stored now is not what was shown.</summary>
    Changed,

    /// <summary>This customer has approved it before.</summary>
    ApprovedBefore,

    /// <summary>Decided before, or out of time.</summary>
    Over,

    /// <summary>No payment of this customer's.</summary>
    NotFound,
}
