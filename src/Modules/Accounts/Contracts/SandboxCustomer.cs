namespace OpenBanking.Accounts.Contracts;

/// <summary>A customer of the sandbox bank; all of them are made up.</summary>
/// <param name="CustomerId">The bank's own number, never shown to third parties.</param>
/// <param name="Username">What the customer signs in with.</param>
public sealed record SandboxCustomer(string CustomerId, string Username, string DisplayName, IReadOnlyList<SandboxAccountName> Accounts);

/// <summary>An account of the sandbox by the short name that testers know it by, such as GB-1.</summary>
public sealed record SandboxAccountName(string Tag, string AccountId, string Name, string Identification, string Currency);
