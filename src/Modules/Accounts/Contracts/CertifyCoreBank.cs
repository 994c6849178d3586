using MediatR;

namespace OpenBanking.Accounts.Contracts;

/// <summary>Tries a bank's own adapter case by case against <c>docs/core-bank/openapi.yaml</c>; true where it has kept all of it.</summary>
/// <param name="Address">The adapter; what else is needed to reach it comes from the settings under <c>Accounts__Core</c>.</param>
/// <param name="CustomerId">A customer of the core with at least one account and a hundred transactions or more.</param>
/// <param name="OtherCustomerId">A customer with an account that the first does not hold; null leaves out what needs one.</param>
/// <param name="Report">Hears of each case as soon as it was tried.</param>
public sealed record CertifyCoreBank(Uri Address, string CustomerId, string? OtherCustomerId, Func<CoreCase, Task> Report) : IRequest<bool>;

/// <summary>A case and how it went.</summary>
/// <param name="Says">What the core does where it keeps the contract.</param>
/// <param name="Problem">What it did instead; null where it kept it.</param>
/// <param name="WasTried">Whether there was what the case needs.</param>
public sealed record CoreCase(string Id, string Says, string? Problem, bool WasTried);
