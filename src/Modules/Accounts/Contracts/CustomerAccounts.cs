using MediatR;

namespace OpenBanking.Accounts.Contracts;

/// <summary>
/// Asks for the accounts a customer may share with a third party, in the order of the own channel. While the bank's own system cannot be
/// asked, it throws <see cref="CoreBankAwayException"/>.
/// </summary>
public sealed record ListOwnAccounts(string CustomerId) : IRequest<IReadOnlyList<OwnAccount>>;

/// <summary>
/// The same for whoever can go on without the answer: null while the bank's own system cannot be asked. To end an access, a customer must
/// not have to wait for that system.
/// </summary>
public sealed record ListOwnAccountsIfKnown(string CustomerId) : IRequest<IReadOnlyList<OwnAccount>?>;

/// <summary>An account as its holder knows it.</summary>
/// <param name="AccountId">Opaque, never changes, holds no account number (OB-GEN-12, OB-GEN-13).</param>
/// <param name="Name">As the own channel shows it; unique among the customer's accounts.</param>
/// <param name="Identification">Sort code and number as 14 digits, IBAN, or PAN.</param>
/// <param name="IdentificationShown">The same as a person reads it, a PAN masked.</param>
/// <param name="IsJoint">Somebody else holds it too .</param>
public sealed record OwnAccount(string AccountId, string Name, string Identification, string IdentificationShown, string Currency, bool IsJoint)
{
    /// <summary>How <see cref="Identification"/> is to be read: OBInternalAccountIdentification4Code.</summary>
    public required string Scheme { get; init; }

    /// <summary>How many of those who may act on it must approve a payment (OB-PIS-26); 1 where each may alone.</summary>
    public int ApproversNeeded { get; init; } = 1;
}
