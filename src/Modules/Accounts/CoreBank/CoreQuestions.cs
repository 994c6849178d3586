namespace OpenBanking.Accounts.CoreBank;

// Questions and answers as they travel, where the members of ICoreBank are not already one. The contract names each in the same words.

internal sealed record AccountsQuestion(string CustomerId, IReadOnlyCollection<string>? AccountIds);

internal sealed record AccountsAnswer(IReadOnlyList<BankAccount> Accounts);

/// <summary>What most questions say: whose accounts, and which.</summary>
internal sealed record OfAccountsQuestion(string CustomerId, IReadOnlyCollection<string> AccountIds);

internal sealed record BalancesAnswer(IReadOnlyList<BankBalance> Balances);

internal sealed record PartyQuestion(string CustomerId);

/// <summary>The party is absent where the bank has nothing on the customer.</summary>
internal sealed record PartyAnswer(BankParty? Party = null);

/// <summary>What becomes of a transfer that was held.</summary>
/// <param name="Rail">The scheme that takes it out of the bank; null for a payee's account here, and where nothing leaves.</param>
/// <param name="Why">Why it comes back, where it does.</param>
internal sealed record TransferMove(string TransferId, string? Rail = null, string? Why = null);

internal sealed record MoveAnswer(bool IsDone);

/// <summary>
/// Whether an answer that is well-formed can also be true: the first thing that cannot, in words for a log and for the contract kit. A core
/// that mixes up customers or pages must not be believed a little.
/// </summary>
internal static class CoreSense
{
    private const int MostAccounts = 1000;
    private const int MostRows = 10_000;

    public static string? Problem(AccountsQuestion asked, AccountsAnswer answer) =>
        answer.Accounts.Count > MostAccounts ? "more than 1000 accounts"
        : Doubled(answer.Accounts, account => account.Id) ? "an account twice"
        : answer.Accounts.Select(account => Problem(account) ?? NotAsked(asked.AccountIds, account.Id) ?? Hidden(asked, account)).FirstOrDefault(problem => problem is not null);

    public static string? Problem(OfAccountsQuestion asked, BalancesAnswer answer) =>
        Doubled(answer.Balances, balance => balance.AccountId) ? "an account twice"
        : answer.Balances
            .Select(balance => NotAsked(asked.AccountIds, balance.AccountId) ?? Currency(balance.Currency) ?? (balance.CreditLimit < 0 ? "a credit limit below zero" : null))
            .FirstOrDefault(problem => problem is not null);

    public static string? Problem(TransactionQuery asked, TransactionPage answer)
    {
        var rows = answer.Transactions;
        if (NotHeld(asked.AccountIds, answer.AccountIds) is { } foreign) return foreign;
        if (rows.Count > asked.Size) return "more transactions than were asked for";
        for (var index = 1; index < rows.Count; index++)
        {
            if ((rows[index - 1].BookedAt, rows[index - 1].Id).CompareTo((rows[index].BookedAt, rows[index].Id)) <= 0) return "transactions that are not newest first";
        }

        if (rows.Count == 0 && (answer.HasNewer || answer.HasOlder)) return "an empty page among others";
        var wanted = asked.Open.Within(asked.Asked);
        return rows.Select(row => NotAsked(answer.AccountIds, row.AccountId) ?? Problem(asked, wanted, row)).FirstOrDefault(problem => problem is not null);
    }

    public static string? Problem(PartyQuestion asked, PartyAnswer answer) => answer.Party is { } party ? Problem(party) : null;

    /// <param name="account">Whose a row is; null where rows are the customer's and not an account's.</param>
    public static string? Problem<TRow>(OfAccountsQuestion asked, OfAccounts<TRow> answer, Func<TRow, string>? account) =>
        answer.Rows.Count > MostRows ? "more than 10000 rows"
        : NotHeld(asked.AccountIds, answer.AccountIds)
        ?? (account is null ? null : answer.Rows.Select(row => NotAsked(answer.AccountIds, account(row))).FirstOrDefault(problem => problem is not null))
        ?? answer.Rows.Select(row => row is AccountParty of ? Problem(of.Party) : null).FirstOrDefault(problem => problem is not null);

    public static string? Problem(StatementQuery asked, StatementPage answer)
    {
        var rows = answer.Statements;
        if (NotHeld(asked.AccountIds, answer.AccountIds) is { } foreign) return foreign;
        if (rows.Count > asked.Size) return "more statements than were asked for";
        if (rows.Zip(rows.Skip(1)).Any(two => (two.First.EndAt, two.First.Id).CompareTo((two.Second.EndAt, two.Second.Id)) <= 0)) return "statements that are not newest first";
        if (rows.Count == 0 && (answer.HasNewer || answer.HasOlder)) return "an empty page among others";
        return rows.Select(row => NotAsked(answer.AccountIds, row.AccountId)
            ?? (row.StartAt > row.EndAt ? "a statement that ends before it begins"
                : asked.Only is { } only && row.Id != only ? "a statement that was not asked for"
                : row.Opening + row.Credits - row.Debits != row.Closing ? "a statement that does not add up"
                : null)).FirstOrDefault(problem => problem is not null);
    }

    public static string? Problem(TransferOrder asked, HoldResult answer) =>
        (answer.Outcome == HoldOutcome.Held) != (answer.Account is not null) ? "a hold without an account, or an account without a hold"
        : answer.Account is { } account && account.Id != asked.AccountId ? "a hold on another account"
        : answer.IsOnUs && asked.Exchanged is not null ? "money in another currency that does not leave the bank"
        : null;

    private static string? Problem(BankParty party) =>
        party.Name.Length is < 1 or > 350 || party.FullLegalName.Length is < 1 or > 350 ? "a party's name that is not 1 to 350 characters" : null;

    private static string? NotHeld(IReadOnlyCollection<string> asked, IReadOnlyList<string> told) =>
        told.Select(id => NotAsked(asked, id)).FirstOrDefault(problem => problem is not null) ?? (Doubled(told, id => id) ? "an account twice" : null);

    private static string? Problem(BankAccount account) =>
        !AccountIds.IsWellFormed(account.Id) ? "an account id that is not 32 hexadecimal digits"
        : account.Name.Length is < 1 or > 70 ? "an account name that is not 1 to 70 characters"
        : account.Description.Length is < 1 or > 35 ? "an account description that is not 1 to 35 characters"
        : account.Category is not ("Personal" or "Business") ? "a category that is neither Personal nor Business"
        : !IsCode(account.TypeCode, 4) ? "an account type that is not four letters"
        : account.Scheme.Length is < 1 or > 40 || account.Identification.Length is < 4 or > 256 ? "a scheme or identification of the wrong length"
        : account.HolderName.Length is < 1 or > 350 ? "a holder's name that is not 1 to 350 characters"
        : !IsBic(account.ServicerBic) ? "a BIC that is none"
        : account.CreditLimit < 0 ? "a credit limit below zero"
        : account.ApproversNeeded is < 1 or > 20 ? "a number of approvers that is not 1 to 20"
        : Currency(account.Currency);

    private static string? Problem(TransactionQuery asked, Period wanted, BankTransaction row) =>
        Currency(row.Currency)
        ?? (row.BookedAt < wanted.From || row.BookedAt > wanted.To ? "a transaction outside of the dates that were asked for"
            : row.Amount >= 0 && !asked.Credits ? "a credit, which was not asked for"
            : row.IsPending && asked.BookedOnly ? "a pending transaction, which was not asked for"
            : row.Amount < 0 && !asked.Debits ? "a debit, which was not asked for"
            : row.Reference.Length is < 1 or > 210 ? "a reference that is not 1 to 210 characters"
            : row.Information.Length is < 1 or > 500 ? "a narrative that is not 1 to 500 characters"
            : !IsCode(row.Code, 4) || !IsCode(row.SubCode, 4) ? "a transaction code that is not four letters"
            : row.OwnCode.Length is < 1 or > 35 ? "an own transaction code that is not 1 to 35 characters"
            : null);

    /// <summary>One that was switched to another bank still stands among those that are asked for by name (OB-AIS-11).</summary>
    private static string? Hidden(AccountsQuestion asked, BankAccount account) =>
        account.State == AccountState.Open || (account.State == AccountState.Switched && asked.AccountIds is not null) ? null : "an account that is not open";

    private static string? NotAsked(IReadOnlyCollection<string>? asked, string id) => asked is null || asked.Contains(id) ? null : "an account that was not asked for";

    private static string? Currency(string code) => code.Length == 3 && code.All(char.IsAsciiLetterUpper) ? null : "a currency that is not three capital letters";

    private static bool Doubled<T>(IReadOnlyList<T> rows, Func<T, string> key) => rows.Select(key).Distinct(StringComparer.Ordinal).Count() != rows.Count;

    private static bool IsCode(string text, int length) => text.Length == length && text.All(character => char.IsAsciiLetterUpper(character) || char.IsAsciiDigit(character));

    private static bool IsBic(string text) => text.Length is 8 or 11 && IsCode(text, text.Length) && text[4..6].All(char.IsAsciiLetterUpper);
}
