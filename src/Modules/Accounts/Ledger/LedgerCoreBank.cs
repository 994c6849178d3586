using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>The core bank that ships: a double-entry ledger in PostgreSQL.</summary>
internal sealed class LedgerCoreBank(AccountsDb db) : ICoreBank
{
    private static readonly Func<AccountsDb, string, string[], IAsyncEnumerable<BankAccount>> SomeAccounts = EF.CompileAsyncQuery(
        (AccountsDb db, string customerId, string[] only) => db.Accounts
            .Where(account => only.Contains(account.Id) && account.State == AccountState.Open
                && db.Holders.Any(holder => holder.CustomerId == customerId && holder.AccountId == account.Id))
            .OrderBy(account => account.Position)
            .ThenBy(account => account.Id)
            .AsQueryable());

    public async Task<IReadOnlyList<BankAccount>> AccountsAsync(string customerId, IReadOnlyCollection<string>? only, CancellationToken ct)
    {
        if (only is null) return await Held(customerId).OrderBy(account => account.Position).ThenBy(account => account.Id).ToListAsync(ct);

        var accounts = new List<BankAccount>(only.Count);
        await foreach (var account in SomeAccounts(db, customerId, [.. only]).WithCancellation(ct)) accounts.Add(account);
        return accounts;
    }

    public async Task<IReadOnlyList<BankBalance>> BalancesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct)
    {
        var ids = accountIds.ToArray();
        return await Held(customerId)
            .Where(account => ids.Contains(account.Id))
            .OrderBy(account => account.Position)
            .ThenBy(account => account.Id)
            .Select(account => new BankBalance(
                account.Id,
                account.Currency,
                account.Balance,
                db.Transactions.Where(transaction => transaction.AccountId == account.Id && transaction.IsPending).Sum(transaction => transaction.Amount),
                account.CreditLimit))
            .ToListAsync(ct);
    }

    public async Task<TransactionPage> TransactionsAsync(TransactionQuery query, CancellationToken ct)
    {
        if (query.Start is not { } start)
        {
            var newest = await Take(query, null, query.Size + 1).ToListAsync(ct);
            return Cut(newest, query.Size, hasNewer: false);
        }

        if (!start.Backwards)
        {
            var page = await Take(query, start, query.Size + 1).ToListAsync(ct);
            return Cut(page, query.Size, hasNewer: await ExistsBesideAsync(query, page.FirstOrDefault(), newer: true, ct));
        }

        var backwards = await Take(query, start, query.Size + 1).ToListAsync(ct);
        var hasNewer = backwards.Count > query.Size;
        if (hasNewer) backwards.RemoveAt(query.Size);
        backwards.Reverse();
        var hasOlder = await ExistsBesideAsync(query, backwards.LastOrDefault(), newer: false, ct);
        return new TransactionPage(backwards, hasNewer, hasOlder);
    }

    private IQueryable<BankAccount> Held(string customerId) => db.Accounts.Where(account =>
        account.State == AccountState.Open && db.Holders.Any(holder => holder.CustomerId == customerId && holder.AccountId == account.Id));

    /// <summary>
    /// The transactions nearest to a start. Each account gives its own nearest from the index, and those are merged: a bulk page costs
    /// a page an account, however long the accounts' histories are.
    /// </summary>
    private IQueryable<BankTransaction> Take(TransactionQuery query, PageStart? start, int count)
    {
        var ids = query.AccountIds.ToArray();
        var accounts = Held(query.CustomerId).Where(account => ids.Contains(account.Id));
        var transactions = Matching(query);
        if (start is { Backwards: true })
        {
            return accounts
                .SelectMany(account => transactions
                    .Where(row => row.AccountId == account.Id
                        && EF.Functions.GreaterThan(ValueTuple.Create(row.BookedAt, row.Id), ValueTuple.Create(start.BookedAt, start.Id)))
                    .OrderBy(row => row.BookedAt).ThenBy(row => row.Id).Take(count))
                .OrderBy(row => row.BookedAt).ThenBy(row => row.Id).Take(count);
        }

        if (start is not null)
        {
            transactions = transactions.Where(row =>
                EF.Functions.LessThan(ValueTuple.Create(row.BookedAt, row.Id), ValueTuple.Create(start.BookedAt, start.Id)));
        }

        return accounts
            .SelectMany(account => transactions
                .Where(row => row.AccountId == account.Id)
                .OrderByDescending(row => row.BookedAt).ThenByDescending(row => row.Id).Take(count))
            .OrderByDescending(row => row.BookedAt).ThenByDescending(row => row.Id).Take(count);
    }

    private IQueryable<BankTransaction> Matching(TransactionQuery query)
    {
        var transactions = db.Transactions.AsQueryable();
        if (query.From is { } from) transactions = transactions.Where(row => row.BookedAt >= from);
        if (query.To is { } to) transactions = transactions.Where(row => row.BookedAt <= to);
        if (!query.Debits) transactions = transactions.Where(row => row.Amount >= 0);
        if (!query.Credits) transactions = transactions.Where(row => row.Amount < 0);
        return transactions;
    }

    /// <summary>Whether the listing goes on beyond a page's edge. An empty page has no edge to go on from.</summary>
    private async Task<bool> ExistsBesideAsync(TransactionQuery query, BankTransaction? edge, bool newer, CancellationToken ct) =>
        edge is not null && await Take(query, new PageStart(edge.BookedAt, edge.Id, newer), 1).AnyAsync(ct);

    private static TransactionPage Cut(List<BankTransaction> rows, int size, bool hasNewer)
    {
        var hasOlder = rows.Count > size;
        if (hasOlder) rows.RemoveRange(size, rows.Count - size);
        return new TransactionPage(rows, hasNewer, hasOlder);
    }
}
