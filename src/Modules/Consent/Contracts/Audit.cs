using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>
/// Something that the bank must be able to prove later. It becomes a line of the audit chain in the transaction of whoever publishes it:
/// if it cannot be written, what it tells does not happen either (OP-07). Steps of consents write theirs themselves.
/// </summary>
/// <param name="What">A short name such as <c>payment.accepted</c>, at most 40 characters.</param>
/// <param name="Subject">The id of what it is about, at most 128 characters.</param>
/// <param name="Details">Who, from where, why, and what else must not be changed later. No secrets.</param>
public sealed record AuditedFact(string What, string Subject, DateTimeOffset At, IReadOnlyDictionary<string, string?> Details) : INotification;

/// <summary>Verifies the whole audit chain against itself, the status history and the anchors of this host's data directory.</summary>
public sealed record VerifyAuditChain : IRequest<AuditReport>;

/// <summary>The answer to <see cref="VerifyAuditChain"/>.</summary>
/// <param name="Problem">One sentence that names the first event that is not as it was; null where all is well.</param>
public sealed record AuditReport(long Events, int Days, string? Problem);
