using MediatR;
using OpenBanking.Kernel;

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
    public sealed record Granted(string CustomerId, string AccountId, string Request, string? Quoted) : PaymentConsentDecision
    {
        /// <summary>What leaves the account, in its currency, charges apart; of a standing order, with its first payment.</summary>
        public required Money Debit { get; init; }

        /// <summary>What the payee gets, where that is in another currency.</summary>
        public Money? Transfer { get; init; }

        /// <summary>What the payer pays beside it, in the currency of the account.</summary>
        public required decimal Charge { get; init; }

        /// <summary>How old the customer's authentication may be for its order (STEP-09); null where that does not matter.</summary>
        public TimeSpan? FreshFor { get; init; }
    }

    public sealed record Refused(ConsentRefusal Reason) : PaymentConsentDecision;

    /// <summary>The bank's hour has passed, and it refuses what comes later (OB-PIS-18).</summary>
    public sealed record TooLate : PaymentConsentDecision;
}

/// <summary>
/// Uses a consent up for an order: one conditional write, so of several orders at one moment one gets it (OB-PIS-5). False where it is not
/// authorised any more; then nothing has changed. It is for the transaction in which the order is made.
/// </summary>
public sealed record ConsumePaymentConsent(string ConsentId, string ClientId, string OrderId) : IRequest<bool>;

/// <summary>
/// Notes by which article of the technical standard a payment is carried out for which its customer is not asked: the first of a series was
/// signed with it, and the others are exempt (OB-SCA-4). It is for the transaction in which the payment is made.
/// </summary>
public sealed record NoteUnattendedPayment(string ConsentId, string TransferId, bool IsFirst) : IRequest;

/// <summary>Asks which payments of a standing order or of a file are due, from one on by its number, the first being 0; fewer than asked for where it ends.</summary>
public sealed record ListDuePayments(string ConsentId, int From, int Count) : IRequest<IReadOnlyList<DuePayment>>;

/// <summary>One payment of a standing order or of a file.</summary>
/// <param name="Day">For which it is due; where payments do not settle on it, it is made on the next day on which they do.</param>
/// <param name="Debit">What leaves the account, at the rate of this moment where something is exchanged.</param>
/// <param name="Transfer">What the payee gets, where that is in another currency.</param>
public sealed record DuePayment(int Number, DateOnly Day, Money Debit, Money? Transfer, bool IsLast)
{
    /// <summary>Of a payment in a file, whom it pays; of a standing order that stands in the order.</summary>
    public DuePayee? Payee { get; init; }
}

/// <summary>Asks how a payment was shown to the customer who approved it; null where it is another's, or none that is shown.</summary>
public sealed record DescribeApprovedPayment(string ConsentId, string CustomerId) : IRequest<ShownPayment?>;

/// <summary>Whom a payment of a file pays.</summary>
public sealed record DuePayee(string Scheme, string Identification, string Name, string EndToEnd, string? Reference);

/// <summary>Makes a contract on a rate known to the bank, or changes it: the sandbox's <c>contract</c>.</summary>
/// <param name="Rate">Units of the one currency for one of the other; null forgets the contract.</param>
public sealed record KeepExchangeContract(string Id, string From, string To, decimal? Rate) : IRequest;
