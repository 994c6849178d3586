using MediatR;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent.Contracts;

/// <summary>Asks for what a customer approved with a consent, as it was kept then; null where nobody has.</summary>
public sealed record DescribeEvidence(string ConsentId) : IRequest<KeptApproval?>;

/// <summary>One approval: what was shown, what was chosen, and what was signed.</summary>
/// <param name="Document">The canonical form of the page.</param>
/// <param name="DigestIsRight">The digest that was stored is that of the document.</param>
/// <param name="Payment">What of it was to be paid; null where no money was moved.</param>
public sealed record KeptApproval(
    DateTimeOffset At, string CustomerId, string Document, string Digest, bool DigestIsRight, IReadOnlyList<string> AccountIds, string? Address, PasskeySignature? Signature, KeptPayment? Payment)
{
    /// <summary>Of a payment that several must approve, what the others approved.</summary>
    public IReadOnlyList<KeptApproval> Further { get; init; } = [];

    /// <summary>Of a payment, whether strong authentication was applied or by which exemption not.</summary>
    public KeptSca? Sca { get; init; }
}

/// <summary>Amount and payee as they were shown.</summary>
public sealed record KeptPayment(string Amount, string Currency, string Payee)
{
    /// <summary>All that was shown of it, in the words of the document.</summary>
    public required string Shown { get; init; }
}

/// <summary>A decision on strong authentication, with the article of the technical standard by which it was taken.</summary>
/// <param name="Name"><c>applied</c>, or the exemption's name.</param>
public sealed record KeptSca(string Name, string Article)
{
    public bool IsExempt => Name != "applied";
}
