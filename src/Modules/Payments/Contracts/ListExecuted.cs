using MediatR;

namespace OpenBanking.Payments.Contracts;

/// <summary>Asks what was ordered under a consent, and how far it has come.</summary>
public sealed record ListOrdersOfConsent(string ConsentId) : IRequest<IReadOnlyList<OrderedUnderConsent>>;

public sealed record OrderedUnderConsent(string OrderId, string Amount, string Currency, string Payee, string AccountId, string Status);
