using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>Asks what a consent lets its client have paid now; asked by whoever takes an order, and kept nowhere.</summary>
public sealed record OpenPaymentConsent(string ConsentId, string ClientId, ConsentKind Kind) : IRequest<PaymentConsentDecision>;

/// <summary>The answer to <see cref="OpenPaymentConsent"/>.</summary>
public abstract record PaymentConsentDecision
{
    private PaymentConsentDecision() { }

    /// <summary>Authorised, not used up, and in time.</summary>
    /// <param name="Request">What was asked for, as it was sent: an object with <c>Data</c> and <c>Risk</c>.</param>
    /// <param name="Quoted">What the bank has said to it: members such as <c>Charges</c>; null where it said nothing.</param>
    /// <param name="AccountId">What it is paid from.</param>
    public sealed record Granted(string CustomerId, string AccountId, string Request, string? Quoted) : PaymentConsentDecision;

    public sealed record Refused(ConsentRefusal Reason) : PaymentConsentDecision;

    /// <summary>The bank's hour has passed, and it refuses what comes later (OB-PIS-18).</summary>
    public sealed record TooLate : PaymentConsentDecision;
}

/// <summary>
/// Uses a consent up for an order: one conditional write, so of several orders at one moment one gets it (OB-PIS-5). False where it is not
/// authorised any more; then nothing has changed. It is for the transaction in which the order is made.
/// </summary>
public sealed record ConsumePaymentConsent(string ConsentId, string ClientId, string OrderId) : IRequest<bool>;
