using MediatR;

namespace OpenBanking.Accounts.Contracts;

/// <summary>
/// Asks for what a card issuer has asked under some consents and was told, newest first (D-9). Whose consents they are, the asker has made sure of.
/// </summary>
public sealed record ListFundsChecks(IReadOnlyList<string> ConsentIds, int Most) : IRequest<IReadOnlyList<FundsCheckShown>>;

/// <summary>One question of a card issuer.</summary>
/// <param name="Answer">Whether the amount was there; null where it was not answered.</param>
/// <param name="WhyNone">Why it was not answered.</param>
public sealed record FundsCheckShown(DateTimeOffset At, string Reference, decimal Amount, string Currency, bool? Answer, string? WhyNone, string ConsentId);
