using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>The core bank that ships: a double-entry ledger in PostgreSQL.</summary>
internal sealed class LedgerCoreBank(AccountsDb db, Transfers transfers) : ICoreBank
{
    // Before and after every booking there can be.
    private static readonly PageStart Oldest = new(new DateTimeOffset(1, 1, 2, 0, 0, 0, TimeSpan.Zero), Guid.Empty, Backwards: true);
    private static readonly PageStart Newest = new(new DateTimeOffset(9999, 12, 30, 0, 0, 0, TimeSpan.Zero), Guid.AllBitsSet, Backwards: false);

    private const string SomeAccounts = """
        WHERE r."Id" = ANY ($1) AND r."State" = 'Open'
            AND EXISTS (SELECT FROM accounts.holders h WHERE h."CustomerId" = $2 AND h."AccountId" = r."Id")
        ORDER BY r."Position", r."Id"
        """;

    public async Task<IReadOnlyList<BankAccount>> AccountsAsync(string customerId, IReadOnlyCollection<string>? only, CancellationToken ct)
    {
        if (only is null) return await Held(customerId).OrderBy(account => account.Position).ThenBy(account => account.Id).ToListAsync(ct);

        return await db.Ask<BankAccount>(
            SomeAccounts, new NpgsqlParameter<string[]> { TypedValue = [.. only] }, new NpgsqlParameter<string> { TypedValue = customerId }).AllAsync(ct);
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
                db.Transactions.Where(transaction => transaction.AccountId == account.Id && transaction.IsPending).Sum(transaction => transaction.Amount) - account.Held,
                account.CreditLimit))
            .ToListAsync(ct);
    }

    public async Task<TransactionPage> TransactionsAsync(TransactionQuery query, CancellationToken ct)
    {
        // One more than the page holds tells whether there is a page behind it; on the other side of a page that was linked to, one
        // row is asked for. A listing's first page has nothing newer.
        if (query.Start is { Backwards: true } before)
        {
            var rows = await NewerAsync(query, before, query.Size + 1, ct);
            var hasNewer = Cut(rows, query.Size);
            rows.Reverse();
            return new TransactionPage(rows, hasNewer, rows.Count > 0 && (await OlderAsync(query, At(rows[^1]), 1, ct)).Count > 0);
        }
        else
        {
            var rows = await OlderAsync(query, query.Start ?? Newest, query.Size + 1, ct);
            var hasOlder = Cut(rows, query.Size);
            var hasNewer = query.Start is not null && rows.Count > 0 && (await NewerAsync(query, At(rows[0]), 1, ct)).Count > 0;
            return new TransactionPage(rows, hasNewer, hasOlder);
        }
    }

    public Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct) => transfers.HoldAsync(order, ct);

    public Task<bool> PostAsync(string transferId, string? rail, CancellationToken ct) => transfers.PostAsync(transferId, rail, ct);

    public Task<bool> ReleaseAsync(string transferId, CancellationToken ct) => transfers.ReleaseAsync(transferId, ct);

    public Task<bool> ReturnAsync(string transferId, string why, CancellationToken ct) => transfers.ReturnAsync(transferId, why, ct);

    private IQueryable<BankAccount> Held(string customerId) => db.Accounts.Where(account =>
        account.State == AccountState.Open && db.Holders.Any(holder => holder.CustomerId == customerId && holder.AccountId == account.Id));

    /// <summary>
    /// The transactions just older than a start. Each account gives its own nearest by a walk along the index, and those are merged: a
    /// bulk page costs a page an account, however long the histories are. (EF Core would number all rows of the table instead.)
    /// </summary>
    private Task<List<BankTransaction>> OlderAsync(TransactionQuery query, PageStart start, int count, CancellationToken ct) => db.Transactions.FromSql(
        $"""
        SELECT t.* FROM accounts.accounts a CROSS JOIN LATERAL (
            SELECT * FROM accounts.transactions r
            WHERE r."AccountId" = a."Id" AND r."BookedAt" >= {query.From ?? Oldest.BookedAt} AND r."BookedAt" <= {query.To ?? Newest.BookedAt}
                AND (r."BookedAt", r."Id") < ({start.BookedAt}, {start.Id})
                AND ((r."Amount" >= 0 AND {query.Credits}) OR (r."Amount" < 0 AND {query.Debits}))
            ORDER BY r."BookedAt" DESC, r."Id" DESC LIMIT {count}) t
        WHERE a."Id" = ANY ({query.AccountIds.ToArray()}) AND a."State" = 'Open'
            AND EXISTS (SELECT FROM accounts.holders h WHERE h."CustomerId" = {query.CustomerId} AND h."AccountId" = a."Id")
        ORDER BY t."BookedAt" DESC, t."Id" DESC LIMIT {count}
        """).ToListAsync(ct);

    /// <summary>The same in the other direction, nearest first.</summary>
    private Task<List<BankTransaction>> NewerAsync(TransactionQuery query, PageStart start, int count, CancellationToken ct) => db.Transactions.FromSql(
        $"""
        SELECT t.* FROM accounts.accounts a CROSS JOIN LATERAL (
            SELECT * FROM accounts.transactions r
            WHERE r."AccountId" = a."Id" AND r."BookedAt" >= {query.From ?? Oldest.BookedAt} AND r."BookedAt" <= {query.To ?? Newest.BookedAt}
                AND (r."BookedAt", r."Id") > ({start.BookedAt}, {start.Id})
                AND ((r."Amount" >= 0 AND {query.Credits}) OR (r."Amount" < 0 AND {query.Debits}))
            ORDER BY r."BookedAt", r."Id" LIMIT {count}) t
        WHERE a."Id" = ANY ({query.AccountIds.ToArray()}) AND a."State" = 'Open'
            AND EXISTS (SELECT FROM accounts.holders h WHERE h."CustomerId" = {query.CustomerId} AND h."AccountId" = a."Id")
        ORDER BY t."BookedAt", t."Id" LIMIT {count}
        """).ToListAsync(ct);

    private static PageStart At(BankTransaction edge) => new(edge.BookedAt, edge.Id, Backwards: false);

    /// <summary>Cuts off what is more than a page; true where there was something.</summary>
    private static bool Cut(List<BankTransaction> rows, int size)
    {
        if (rows.Count <= size) return false;
        rows.RemoveRange(size, rows.Count - size);
        return true;
    }
}
