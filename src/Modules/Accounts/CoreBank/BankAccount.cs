namespace OpenBanking.Accounts.CoreBank;

/// <summary>An account as the bank's own system knows it.</summary>
internal sealed class BankAccount
{
    /// <summary>What third parties call it: opaque, 128 random bits, the same in every consent and for ever (OB-GEN-12, OB-GEN-13).</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands in the customer's own list.</summary>
    public required int Position { get; init; }

    /// <summary>The name its holder gave it; unique among that customer's accounts.</summary>
    public required string Name { get; init; }

    /// <summary>The product.</summary>
    public required string Description { get; init; }

    public required string Currency { get; init; }

    /// <summary>Personal or Business.</summary>
    public required string Category { get; init; }

    /// <summary>OBExternalAccountSubType1Code: CACC, SVGS, CARD and so on.</summary>
    public required string TypeCode { get; init; }

    /// <summary>OBInternalAccountIdentification4Code: how <see cref="Identification"/> is to be read (OB-AIS-9).</summary>
    public required string Scheme { get; init; }

    public required string Identification { get; init; }

    /// <summary>The name on the account.</summary>
    public required string HolderName { get; init; }

    /// <summary>BIC of the bank that keeps it.</summary>
    public required string ServicerBic { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Only an open account is shared (OB-CON-16); one that was switched is still shown.</summary>
    public required AccountState State { get; init; }

    public required DateTimeOffset StateChangedAt { get; init; }

    /// <summary>Arranged overdraft, or the limit of a credit card; null where there is none.</summary>
    public decimal? CreditLimit { get; init; }

    /// <summary>Balance of what is booked; the ledger's legs add up to it.</summary>
    public required decimal Balance { get; init; }

    /// <summary>What is set aside for transfers that are under way.</summary>
    public decimal Held { get; init; }

    /// <summary>More than one customer holds it.</summary>
    public required bool IsJoint { get; init; }

    /// <summary>How many of those who may act on it must approve a payment (OB-PIS-26); null where each may alone.</summary>
    public int? ApproversNeeded { get; init; }
}

internal enum AccountState
{
    Open,

    /// <summary>Stopped for fraud or by an authority: for third parties it is not there (OB-HTTP-7).</summary>
    Frozen,

    Closed,

    /// <summary>Moved to another bank with all that belongs to it: it still stands among the accounts, and has nothing more to tell (OB-AIS-10, OB-AIS-11).</summary>
    Switched,
}

/// <summary>An account's balance at a moment.</summary>
/// <param name="Pending">What is authorised and not yet booked, with its sign.</param>
internal sealed record BankBalance(string AccountId, string Currency, decimal Booked, decimal Pending, decimal? CreditLimit = null)
{
    /// <summary>Whether an amount could be spent now: out of the available balance, with an arranged overdraft or a card's limit.</summary>
    public bool Covers(decimal amount) => amount <= Booked + Pending + (CreditLimit ?? 0);
}
