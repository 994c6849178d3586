using MediatR;

namespace OpenBanking.Payments.Contracts;

/// <summary>The customer stops a payment that has not gone yet, or a standing order (OB-PIS-21). False where there is nothing of the customer's to stop; then nothing has changed.</summary>
public sealed record CancelOrder(string OrderId, string CustomerId) : IRequest<bool>;
