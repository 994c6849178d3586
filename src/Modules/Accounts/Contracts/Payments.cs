using MediatR;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts.Contracts;

/// <summary>Asks whether an amount could be paid now out of a customer's account; nothing is reserved (OB-PIS-13).</summary>
public sealed record AreFundsThere(string CustomerId, string AccountId, Money Amount) : IRequest<bool>;

/// <summary>Asks how much each of a customer's accounts has available now, for the customer to see.</summary>
public sealed record ListAvailableFunds(string CustomerId, IReadOnlyList<string> AccountIds) : IRequest<IReadOnlyDictionary<string, Money>>;

/// <summary>
/// Sets money aside for a transfer, or says why not; asked twice for one transfer, it is set aside once. It is for the transaction in which
/// the order is made.
/// </summary>
/// <param name="TransferId">The asker's name for it; whatever is asked of a transfer later names it by this.</param>
/// <param name="Under">The consent, by which all that was paid under it is found.</param>
/// <param name="Charge">What the payer pays beside the amount, in its currency; 0 for nothing.</param>
public sealed record HoldForTransfer(
    string TransferId, string Under, string CustomerId, string AccountId, Money Amount, decimal Charge, TransferPayee Payee, string Reference) : IRequest<HoldAnswer>
{
    /// <summary>What the payee gets, where that is in another currency; such a transfer always leaves the bank.</summary>
    public Money? Exchanged { get; init; }
}

/// <summary>Who is paid, as the order names the account.</summary>
public sealed record TransferPayee(string Scheme, string Identification, string Name);

/// <summary>The answer to <see cref="HoldForTransfer"/>.</summary>
public abstract record HoldAnswer
{
    private HoldAnswer() { }

    /// <summary>Set aside.</summary>
    /// <param name="IsOnUs">The payee's account is at this bank, so nothing leaves it.</param>
    /// <param name="Payer">The account that it is paid from, as it is told to who may know.</param>
    public sealed record Held(bool IsOnUs, PayerAccount Payer) : HoldAnswer;

    /// <summary>Not set aside, and nothing has changed.</summary>
    public sealed record Refused(HoldRefusal Why) : HoldAnswer;
}

public enum HoldRefusal
{
    InsufficientFunds,

    /// <summary>The account to pay from is closed, frozen, in another currency, or no longer the customer's.</summary>
    AccountUnusable,

    /// <summary>The payee's account would be at this bank, and is not.</summary>
    PayeeUnknown,

    PayeeClosed,
}

/// <summary>Asks for the payees that a customer has told the bank to trust; the list was made in the bank's own channel, with strong authentication (OB-SCA-5).</summary>
public sealed record ListTrustedPayees(string CustomerId, string AccountId) : IRequest<IReadOnlyList<TransferPayee>>;

/// <summary>Asks for the account that a customer pays from, where nothing is set aside yet; null where it cannot be used.</summary>
public sealed record FindPayerAccount(string CustomerId, string AccountId) : IRequest<PayerAccount?>;

/// <summary>An account with its holder's name.</summary>
public sealed record PayerAccount(string Scheme, string Identification, string HolderName)
{
    /// <summary>How many must approve a payment out of it (OB-PIS-26).</summary>
    public int ApproversNeeded { get; init; } = 1;
}

/// <summary>
/// Moves the money that was set aside: to the payee's account here, or into the hands of a scheme. Asked twice it moves once, and answers the
/// same; false where the transfer was released before.
/// </summary>
/// <param name="Rail">The scheme's name, where it leaves the bank.</param>
public sealed record ExecuteTransfer(string TransferId, string? Rail) : IRequest<bool>;

/// <summary>Gives back what was set aside and not moved. Asked twice it is given back once; false where it was moved before.</summary>
public sealed record ReleaseTransfer(string TransferId) : IRequest<bool>;

/// <summary>Brings money back that was moved: a scheme returns it, or the payee gives it back. Once; false where there is nothing to bring back.</summary>
public sealed record ReturnTransfer(string TransferId, string Why) : IRequest<bool>;

/// <summary>Asks whoever orders transfers which of these there is an order for; for the others nobody will ever ask again.</summary>
public sealed record ListKnownTransfers(IReadOnlyList<string> TransferIds) : IRequest<IReadOnlySet<string>>;

/// <summary>Asks what was paid under a consent, also what was brought back later.</summary>
public sealed record SumTransfers(string Under) : IRequest<TransferSum>;

public sealed record TransferSum(int Count, decimal Sum);

/// <summary>Asks whether the books balance, for whoever audits the bank.</summary>
public sealed record VerifyLedger : IRequest<LedgerReport>;

/// <summary>What was looked at, and everything that does not add up.</summary>
public sealed record LedgerReport(long Accounts, long Entries, long Legs, long Holds, IReadOnlyList<string> Problems);
