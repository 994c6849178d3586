namespace OpenBanking.Accounts.CoreBank;

/// <summary>
/// The seam to the bank's own system: everything the account endpoints ever ask of it. The built-in ledger answers in the sandbox and
/// for a bank without a core system; a connector to an existing one implements the same three questions. Whatever it answers beyond
/// them goes nowhere, because answers to third parties are made by an allow-list (OB-PERM-4).
/// </summary>
internal interface ICoreBank
{
    /// <summary>Open accounts that a customer holds, in the order of the own channel.</summary>
    /// <param name="only">Of these ids; null for all.</param>
    Task<IReadOnlyList<BankAccount>> AccountsAsync(string customerId, IReadOnlyCollection<string>? only, CancellationToken ct);

    /// <summary>Balances of those of the accounts that the customer holds and that are open.</summary>
    Task<IReadOnlyList<BankBalance>> BalancesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>One page of transactions, newest first, of those of the accounts that the customer holds and that are open.</summary>
    Task<TransactionPage> TransactionsAsync(TransactionQuery query, CancellationToken ct);

    // What moves money is asked under the asker's own name for the transfer: asked again, whatever happened to the first answer, it is done once.

    /// <summary>Sets money aside, if it is there; never more than the account and its limit hold, however many ask at once.</summary>
    Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct);

    /// <summary>Moves what was set aside; true also where it was moved before, false where it was given back.</summary>
    /// <param name="rail">The scheme that takes it out of the bank; null for a payee's account here.</param>
    Task<bool> PostAsync(string transferId, string? rail, CancellationToken ct);

    /// <summary>Gives back what was set aside; true also where it was given back before, false where it was moved.</summary>
    Task<bool> ReleaseAsync(string transferId, CancellationToken ct);

    /// <summary>Brings back what was moved, without its charge; false where nothing was moved or it came back before.</summary>
    Task<bool> ReturnAsync(string transferId, string why, CancellationToken ct);
}

/// <summary>Which transactions, and which page of them.</summary>
/// <param name="From">Earliest booking, inclusive (OB-DAT-4).</param>
/// <param name="To">Latest booking, inclusive.</param>
/// <param name="Credits">Amounts of zero and more (OB-AIS-12, OB-AIS-17).</param>
/// <param name="Debits">Amounts below zero.</param>
/// <param name="Start">Where the page begins; null is the newest.</param>
/// <param name="Size">How many at most.</param>
internal sealed record TransactionQuery(
    string CustomerId,
    IReadOnlyCollection<string> AccountIds,
    DateTimeOffset? From,
    DateTimeOffset? To,
    bool Credits,
    bool Debits,
    PageStart? Start,
    int Size);

/// <summary>
/// A page begins beside a transaction and not at a number, so pages neither skip nor repeat when new bookings arrive (OB-PAG-5).
/// </summary>
/// <param name="Backwards">The page ends just before that transaction, instead of beginning just after it.</param>
internal sealed record PageStart(DateTimeOffset BookedAt, Guid Id, bool Backwards);

/// <summary>A page, and whether there are others on its two sides.</summary>
internal sealed record TransactionPage(IReadOnlyList<BankTransaction> Transactions, bool HasNewer, bool HasOlder);
