using MediatR;

namespace OpenBanking.Payments.Contracts;

/// <summary>Has the core refuse the next payment with a reason code, after its order was accepted.</summary>
public sealed record RefuseNextPayment(string Code) : IRequest<string?>;

/// <summary>Has the core carry the next payment out and its answer get lost; nothing speaks against it.</summary>
public sealed record LoseNextAnswer : IRequest<string?>;

/// <summary>Has the scheme move an order on; answers what speaks against it, or null.</summary>
public sealed record MoveSandboxOrder(string OrderId, string Status, string? Reason) : IRequest<string?>;

/// <summary>Has the payee return the money of an order; answers what speaks against it, or null.</summary>
public sealed record RefundSandboxOrder(string OrderId) : IRequest<string?>;

/// <summary>Plays the next one of those who must approve an order; answers what speaks against it, or null.</summary>
public sealed record DecideSandboxOrder(string OrderId, bool Approve) : IRequest<string?>;
