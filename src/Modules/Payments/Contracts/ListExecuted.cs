using MediatR;

namespace OpenBanking.Payments.Contracts;

/// <summary>Asks what was ordered under a consent, and how far it has come.</summary>
public sealed record ListOrdersOfConsent(string ConsentId) : IRequest<IReadOnlyList<OrderedUnderConsent>>;

/// <summary>An order, and what became of it.</summary>
public sealed record OrderedUnderConsent(string OrderId, string Amount, string Currency, string Payee, string AccountId, string Status)
{
    /// <summary>How many must have approved it for it to be carried out as it was.</summary>
    public int ApprovalsNeeded { get; init; } = 1;
}
