using MediatR;
using OpenBanking.Kernel;

namespace OpenBanking.Payments.Contracts;

/// <summary>Asks for the payments that third parties have had made for a customer, a page of them (D-10).</summary>
public sealed record ListPayments(string CustomerId, PaymentSearch Search) : IRequest<PaymentList>;

/// <summary>How the list is narrowed; what is null does not narrow it.</summary>
/// <param name="Text">In the name of the payee or of the third party, or the amount.</param>
/// <param name="Kind">What orders of the type are called: <c>domestic-payment</c>.</param>
public sealed record PaymentSearch(string? Text, PaymentState? State, string? Kind, PaymentOrdering Ordering, int Skip, int Take);

public enum PaymentOrdering
{
    Latest,
    Amount,
    Payee,
}

/// <summary>How a payment stands, as far as its customer is concerned.</summary>
public enum PaymentState
{
    /// <summary>It waits for its day, or is under way, or has payments to come.</summary>
    Open,

    /// <summary>The money has left.</summary>
    Made,

    /// <summary>Not, or not all of it.</summary>
    NotMade,
}

/// <summary>The answer to <see cref="ListPayments"/>.</summary>
/// <param name="Found">How many fit the search.</param>
/// <param name="All">How many there are.</param>
/// <param name="Kinds">The kinds that there are.</param>
public sealed record PaymentList(IReadOnlyList<PaymentSummary> Payments, int Found, int All, IReadOnlyList<string> Kinds);

/// <summary>One payment in the list.</summary>
/// <param name="Kind">What orders of its type are called.</param>
/// <param name="Status">By the standard's code.</param>
public sealed record PaymentSummary(
    string OrderId, string ConsentId, string Kind, Money Amount, string PayeeName, string AccountId, DateTimeOffset OrderedAt, string Status, DateTimeOffset StatusAt)
{
    public required PaymentState State { get; init; }

    public required string ClientName { get; init; }

    public string? OrganisationName { get; init; }

    public string? OnBehalfOf { get; init; }

    /// <summary>Why it is so, where that needs a reason.</summary>
    public string? ReasonCode { get; init; }

    /// <summary>The day for which it waits, or on which its next payment is due; null where nothing is to come.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>Its customer may still stop it (OB-PIS-21).</summary>
    public required bool CanBeCancelled { get; init; }
}

/// <summary>Asks for one payment in full; null where it is not this customer's, just as if it did not exist (CO-19).</summary>
public sealed record DescribePayment(string OrderId, string CustomerId) : IRequest<PaymentDetail?>;

/// <summary>One payment with what has happened to it.</summary>
/// <param name="PayerAccount">As it is written on statements.</param>
/// <param name="History">The earliest first (OB-PST-6).</param>
/// <param name="Parts">Of a standing order or a file the payments that were made so far, the latest first.</param>
/// <param name="PartCount">How many of those there are in all.</param>
public sealed record PaymentDetail(
    PaymentSummary Summary, string PayerAccount, IReadOnlyList<PaymentStep> History, IReadOnlyList<PaymentPart> Parts, int PartCount);

/// <summary>A step in a payment's life.</summary>
/// <param name="By"><c>third party</c>, <c>bank</c>, <c>scheme</c> or <c>customer</c>.</param>
public sealed record PaymentStep(DateTimeOffset At, string Status, string By, string? ReasonCode);

/// <summary>One payment of an order that has several.</summary>
/// <param name="Number">From 1.</param>
public sealed record PaymentPart(int Number, Money Amount, string Status, PaymentState State, DateTimeOffset At, string? ReasonCode);
