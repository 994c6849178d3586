using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>
/// Asks for what another customer approves of a payment whose consent one has given: the same payment, from the one account that was chosen.
/// Null where the consent is no given payment's, or its account none of this customer's.
/// </summary>
public sealed record DescribeFurtherApproval(string ConsentId, string ClientId, string CustomerId) : IRequest<ApprovalDocument?>;

/// <summary>
/// Keeps another customer's approval as evidence, beside that of who has given the consent. Who asks has seen that
/// <paramref name="ShownDigest"/> is the digest of <see cref="DescribeFurtherApproval"/>; were it another by now, nothing of the transaction holds.
/// </summary>
public sealed record KeepFurtherApproval(string ConsentId, string ClientId, string CustomerId, string ShownDigest, AuthenticationEvidence Evidence) : IRequest;
