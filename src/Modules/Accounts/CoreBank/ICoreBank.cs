namespace OpenBanking.Accounts.CoreBank;

/// <summary>
/// The seam to the bank's own system: everything the account endpoints ever ask of it. The built-in ledger answers in the sandbox and
/// for a bank without a core system; a connector to an existing one asks the same questions by <c>docs/core-bank/openapi.yaml</c>. Whatever it answers beyond
/// them goes nowhere, because answers to third parties are made by an allow-list (OB-PERM-4).
/// </summary>
/// <remarks>
/// Who asks for accounts names their customer, and is told of those accounts only that this customer holds and that are open: an account
/// that was closed or given away since the consent is no account any more (OB-CON-16, CO-13). So every answer about accounts says which
/// of them it is about, also where there is nothing to tell of one (OB-HTTP-4).
/// </remarks>
internal interface ICoreBank
{
    /// <summary>Accounts that a customer holds, in the order of the own channel.</summary>
    /// <param name="only">Of these ids those that are open or were switched (OB-AIS-11); null for all that are open.</param>
    Task<IReadOnlyList<BankAccount>> AccountsAsync(string customerId, IReadOnlyCollection<string>? only, CancellationToken ct);

    /// <summary>Balances of those of the accounts that the customer holds and that are open.</summary>
    Task<IReadOnlyList<BankBalance>> BalancesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>One page of transactions, newest first, of those of the accounts that the customer holds and that are open.</summary>
    Task<TransactionPage> TransactionsAsync(TransactionQuery query, CancellationToken ct);

    /// <summary>The party that a customer is; null where the bank has nothing on them (OB-AIS-20).</summary>
    Task<BankParty?> PartyAsync(string customerId, CancellationToken ct);

    /// <summary>Who holds the accounts and who may act for their holders, holders first.</summary>
    Task<OfAccounts<AccountParty>> PartiesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>The product that each account is.</summary>
    Task<OfAccounts<AccountProduct>> ProductsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>The payees that the customer has saved; they are the same for every account (OB-AIS-21).</summary>
    Task<OfAccounts<BankBeneficiary>> BeneficiariesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>Standing orders, with the next date as it is now.</summary>
    Task<OfAccounts<BankStandingOrder>> StandingOrdersAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    Task<OfAccounts<BankDirectDebit>> DirectDebitsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>Single payments that lie in the future, the nearest first.</summary>
    Task<OfAccounts<BankScheduledPayment>> ScheduledPaymentsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>Offers that stand now.</summary>
    Task<OfAccounts<BankOffer>> OffersAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

    /// <summary>One page of statements, newest first.</summary>
    Task<StatementPage> StatementsAsync(StatementQuery query, CancellationToken ct);

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

/// <summary>What there is of some accounts.</summary>
/// <param name="AccountIds">Those of the accounts asked for that are open and the customer's.</param>
internal sealed record OfAccounts<T>(IReadOnlyList<string> AccountIds, IReadOnlyList<T> Rows);

/// <summary>A time from one moment to another, both within it; null is without end.</summary>
internal sealed record Period(DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    public static readonly Period Always = new(null, null);

    /// <summary>What lies in both.</summary>
    public Period Within(Period other) => new(
        From is null || other.From > From ? other.From : From,
        To is null || other.To < To ? other.To : To);
}

/// <summary>Which transactions, and which page of them.</summary>
/// <param name="Open">The bookings that may be told of at all.</param>
/// <param name="Asked">Those of them that are asked for, both ends inclusive (OB-DAT-4).</param>
/// <param name="Credits">Amounts of zero and more (OB-AIS-12, OB-AIS-17).</param>
/// <param name="Debits">Amounts below zero.</param>
/// <param name="BookedOnly">Without what is pending.</param>
/// <param name="Start">Where the page begins; null is the newest.</param>
/// <param name="Size">How many at most.</param>
internal sealed record TransactionQuery(
    string CustomerId,
    IReadOnlyCollection<string> AccountIds,
    Period Open,
    Period Asked,
    bool Credits,
    bool Debits,
    bool BookedOnly,
    PageStart? Start,
    int Size);

/// <summary>
/// A page begins beside a row (a transaction by its booking, a statement by its end) and not at a number, so pages neither skip nor repeat
/// when new ones arrive (OB-PAG-5).
/// </summary>
/// <param name="Backwards">The page ends just before that row, instead of beginning just after it.</param>
internal sealed record PageStart(DateTimeOffset At, Guid Id, bool Backwards);

/// <summary>A page, and whether there are others on its two sides.</summary>
/// <param name="AccountIds">Those of the accounts asked for that are open and the customer's.</param>
internal sealed record TransactionPage(IReadOnlyList<string> AccountIds, IReadOnlyList<BankTransaction> Transactions, bool HasNewer, bool HasOlder)
{
    /// <summary>The first and the last booking that may be told of, whatever was asked for (OB-PAG-7); nothing where there is none.</summary>
    public Period Available { get; init; } = Period.Always;
}

/// <summary>Which statements, and which page of them.</summary>
/// <param name="Only">One by its id; null for all.</param>
/// <param name="Within">They begin no earlier and end no later (OB-DAT-5).</param>
/// <param name="Start">Where the page begins, by the end of a statement and its id; null is the newest.</param>
internal sealed record StatementQuery(
    string CustomerId,
    IReadOnlyCollection<string> AccountIds,
    Guid? Only,
    Period Within,
    PageStart? Start,
    int Size);

/// <summary>A page of statements, and whether there are others on its two sides.</summary>
/// <param name="AccountIds">Those of the accounts asked for that are open and the customer's.</param>
internal sealed record StatementPage(IReadOnlyList<string> AccountIds, IReadOnlyList<BankStatement> Statements, bool HasNewer, bool HasOlder);
