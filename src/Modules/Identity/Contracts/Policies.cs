using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Moves the threat level up or down by one; it holds on every host at the next decision.</summary>
/// <param name="By">Who does it, and <paramref name="Why"/>; both are kept.</param>
public sealed record ChangeThreat(bool Raise, string By, string Why) : IRequest<ThreatDescription>;

/// <summary>Asks for the threat level.</summary>
public sealed record DescribeThreat : IRequest<ThreatDescription>;

/// <summary>The threat level and its last changes, newest first.</summary>
/// <param name="Changed">Whether this request has changed it; at either end there is nothing to change.</param>
public sealed record ThreatDescription(string Level, bool Changed, IReadOnlyList<ThreatChangeLine> Changes);

public sealed record ThreatChangeLine(DateTimeOffset At, string From, string To, string By, string Why);

/// <summary>Asks what the policy would decide if these were the signals, each as <c>name=value</c>.</summary>
public sealed record ExplainPolicy(IReadOnlyList<string> Signals) : IRequest<PolicyExplanation>;

/// <summary>The answer, line by line; or what is wrong with the question.</summary>
public sealed record PolicyExplanation(string? Problem, IReadOnlyList<string> Lines);
