using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>
/// The core bank that ships: a double-entry ledger in PostgreSQL. What one answer needs is asked in one trip to the database (decision 0008).
/// </summary>
internal sealed class LedgerCoreBank(AccountsDb db, Transfers transfers, TimeProvider time) : ICoreBank
{
    // Before and after every booking there can be.
    private static readonly PageStart Oldest = new(new DateTimeOffset(1, 1, 2, 0, 0, 0, TimeSpan.Zero), Guid.Empty, Backwards: true);
    private static readonly PageStart Newest = new(new DateTimeOffset(9999, 12, 30, 0, 0, 0, TimeSpan.Zero), Guid.AllBitsSet, Backwards: false);

    /// <summary>The accounts asked for ($1) that are open and the customer's ($2).</summary>
    private const string Held = """
        a."Id" = ANY ($1) AND a."State" = 'Open'
            AND EXISTS (SELECT FROM accounts.holders h WHERE h."CustomerId" = $2 AND h."AccountId" = a."Id")
        """;

    /// <summary>Of the directions asked for ($5 in, $6 out), and booked where only that is asked for ($7).</summary>
    private const string Kind = """((x."Amount" >= 0 AND $5) OR (x."Amount" < 0 AND $6)) AND NOT (x."IsPending" AND $7)""";

    public async Task<IReadOnlyList<BankAccount>> AccountsAsync(string customerId, IReadOnlyCollection<string>? only, CancellationToken ct)
    {
        if (only is not null)
        {
            // An account that was switched is still an account of the customer's (OB-AIS-11).
            return await db.Ask<BankAccount>(
                """
                WHERE r."Id" = ANY ($1) AND r."State" IN ('Open', 'Switched')
                    AND EXISTS (SELECT FROM accounts.holders h WHERE h."CustomerId" = $2 AND h."AccountId" = r."Id")
                ORDER BY r."Position", r."Id"
                """,
                Of(only),
                Of(customerId)).AllAsync(ct);
        }

        return await db.Accounts
            .Where(account => account.State == AccountState.Open && db.Holders.Any(holder => holder.CustomerId == customerId && holder.AccountId == account.Id))
            .OrderBy(account => account.Position)
            .ThenBy(account => account.Id)
            .ToListAsync(ct);
    }

    public async Task<IReadOnlyList<BankBalance>> BalancesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        await db.Ask(
            $"""
            SELECT a."Id", a."Currency", a."Balance",
                (SELECT coalesce(sum(t."Amount"), 0) FROM accounts.transactions t WHERE t."AccountId" = a."Id" AND t."IsPending") - a."Held", a."CreditLimit"
            FROM accounts.accounts a WHERE {Held} ORDER BY a."Position", a."Id"
            """,
            row => new BankBalance(row.GetString(0), row.GetString(1), row.GetDecimal(2), row.GetDecimal(3), row.IsDBNull(4) ? null : row.GetDecimal(4)),
            Of(accountIds),
            Of(customerId)).AllAsync(ct);

    public async Task<TransactionPage> TransactionsAsync(TransactionQuery query, CancellationToken ct)
    {
        // One more than the page holds tells whether there is a page behind it; on the other side, where it was linked from, one row
        // is asked for. A listing's first page has nothing newer.
        var accounts = AvailableOf(query);
        var backwards = query.Start is { Backwards: true };
        var rows = Beside(query, query.Start ?? Newest, backwards, query.Size + 1);
        var behind = query.Start is { } start ? Beside(query, start with { Backwards = !backwards }, !backwards, 1, including: true) : null;

        var found = await accounts.AllAsync(ct);
        var page = (await rows.AllAsync(ct)).ToList();
        var hasMore = Cut(page, query.Size);
        if (backwards) page.Reverse();
        var hasBehind = page.Count > 0 && behind is not null && (await behind.AllAsync(ct)).Count > 0;
        return new TransactionPage([.. found.Select(account => account.Id)], page, backwards ? hasMore : hasBehind, backwards ? hasBehind : hasMore)
        {
            Available = new Period(found.Min(account => account.First), found.Max(account => account.Last)),
        };
    }

    public Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct) => transfers.HoldAsync(order, ct);

    public Task<bool> PostAsync(string transferId, string? rail, CancellationToken ct) => transfers.PostAsync(transferId, rail, ct);

    public Task<bool> ReleaseAsync(string transferId, CancellationToken ct) => transfers.ReleaseAsync(transferId, ct);

    public Task<bool> ReturnAsync(string transferId, string why, CancellationToken ct) => transfers.ReturnAsync(transferId, why, ct);

    public async Task<BankParty?> PartyAsync(string customerId, CancellationToken ct) =>
        await db.Ask<BankParty>("""WHERE r."CustomerId" = $1""", Of(customerId)).OneAsync(ct);

    public async Task<OfAccounts<AccountParty>> PartiesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct)
    {
        var accounts = HeldOf(customerId, accountIds);
        var links = db.AskFrom<PartyLink>(
            $"""FROM accounts.accounts a JOIN accounts.party_links r ON r."AccountId" = a."Id" WHERE {Held} ORDER BY a."Position", r."Position" """, Of(accountIds), Of(customerId));
        var parties = db.AskFrom<BankParty>(
            $"""
            FROM accounts.parties r WHERE r."Id" IN (
                SELECT l."PartyId" FROM accounts.accounts a JOIN accounts.party_links l ON l."AccountId" = a."Id" WHERE {Held})
            """,
            Of(accountIds),
            Of(customerId));
        var ids = await IdsAsync(accounts, ct);
        var byId = (await parties.AllAsync(ct)).ToDictionary(party => party.Id);
        return new OfAccounts<AccountParty>(ids, [.. (await links.AllAsync(ct)).Select(link => new AccountParty(link.AccountId, link.Type, link.Role, byId[link.PartyId]))]);
    }

    public async Task<OfAccounts<AccountProduct>> ProductsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct)
    {
        var accounts = HeldOf(customerId, accountIds);
        var links = db.Ask(
            $"""SELECT a."Id", p."ProductId" FROM accounts.accounts a JOIN accounts.account_products p ON p."AccountId" = a."Id" WHERE {Held} ORDER BY a."Position", a."Id" """,
            row => new AccountProductLink { AccountId = row.GetString(0), ProductId = row.GetString(1) },
            Of(accountIds),
            Of(customerId));
        var products = db.AskFrom<BankProduct>(
            $"""
            FROM accounts.products r WHERE r."Id" IN (
                SELECT p."ProductId" FROM accounts.accounts a JOIN accounts.account_products p ON p."AccountId" = a."Id" WHERE {Held})
            """,
            Of(accountIds),
            Of(customerId));
        var ids = await IdsAsync(accounts, ct);
        var byId = (await products.AllAsync(ct)).ToDictionary(product => product.Id, StringComparer.Ordinal);
        return new OfAccounts<AccountProduct>(ids, [.. (await links.AllAsync(ct)).Select(link => new AccountProduct(link.AccountId, byId[link.ProductId]))]);
    }

    public async Task<OfAccounts<BankBeneficiary>> BeneficiariesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct)
    {
        var accounts = HeldOf(customerId, accountIds);
        var rows = db.Ask<BankBeneficiary>("""WHERE r."CustomerId" = $1 ORDER BY r."PayeeName", r."Id" """, Of(customerId));
        return new OfAccounts<BankBeneficiary>(await IdsAsync(accounts, ct), await rows.AllAsync(ct));
    }

    public async Task<OfAccounts<BankStandingOrder>> StandingOrdersAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct)
    {
        var found = await OfAsync<BankStandingOrder>("standing_orders", """ORDER BY a."Position", r."PayeeName", r."Id" """, customerId, accountIds, ct);

        // What is due is carried out a moment later; until then the next date is not in the past.
        var now = time.GetUtcNow();
        foreach (var order in found.Rows)
        {
            while (order.NextAt <= now) order.NextAt = Schedule.After(order, order.NextAt.Value);
        }

        return found;
    }

    public Task<OfAccounts<BankDirectDebit>> DirectDebitsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        OfAsync<BankDirectDebit>("direct_debits", """ORDER BY a."Position", r."Name", r."Id" """, customerId, accountIds, ct);

    public Task<OfAccounts<BankScheduledPayment>> ScheduledPaymentsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        OfAsync<BankScheduledPayment>("scheduled_payments", """AND r."DueAt" > $3 ORDER BY r."DueAt", r."Id" """, customerId, accountIds, ct, Of(time.GetUtcNow()));

    public Task<OfAccounts<BankOffer>> OffersAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        OfAsync<BankOffer>("offers", """AND r."From" <= $3 AND r."Until" > $3 ORDER BY a."Position", r."From", r."Id" """, customerId, accountIds, ct, Of(time.GetUtcNow()));

    public async Task<StatementPage> StatementsAsync(StatementQuery query, CancellationToken ct)
    {
        var accounts = HeldOf(query.CustomerId, query.AccountIds);
        var backwards = query.Start is { Backwards: true };
        var rows = Beside(query, query.Start ?? Newest, backwards, query.Size + 1);
        var behind = query.Start is { } start ? Beside(query, start, !backwards, 1, including: true) : null;

        var ids = await IdsAsync(accounts, ct);
        var page = (await rows.AllAsync(ct)).ToList();
        var hasMore = Cut(page, query.Size);
        if (backwards) page.Reverse();
        var hasBehind = page.Count > 0 && behind is not null && (await behind.AllAsync(ct)).Count > 0;
        return new StatementPage(ids, page, backwards ? hasMore : hasBehind, backwards ? hasBehind : hasMore);
    }

    private Question<string> HeldOf(string customerId, IReadOnlyCollection<string> accountIds) =>
        db.Ask($"""SELECT a."Id" FROM accounts.accounts a WHERE {Held} ORDER BY a."Position", a."Id" """, row => row.GetString(0), Of(accountIds), Of(customerId));

    private static async Task<IReadOnlyList<string>> IdsAsync(Question<string> accounts, CancellationToken ct) => await accounts.AllAsync(ct);

    /// <summary>All rows of a table that belong to the accounts: it has an index on them.</summary>
    private async Task<OfAccounts<T>> OfAsync<T>(
        string table, string which, string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct, params NpgsqlParameter[] more)
        where T : class
    {
        var accounts = HeldOf(customerId, accountIds);
        var rows = db.AskFrom<T>($"""FROM accounts.accounts a JOIN accounts.{table} r ON r."AccountId" = a."Id" WHERE {Held} {which}""", [Of(accountIds), Of(customerId), .. more]);
        return new OfAccounts<T>(await IdsAsync(accounts, ct), await rows.AllAsync(ct));
    }

    private sealed record Available(string Id, DateTimeOffset? First, DateTimeOffset? Last);

    /// <summary>The accounts, each with the first and the last booking of it that may be told of: an end of the index each.</summary>
    private Question<Available> AvailableOf(TransactionQuery query)
    {
        const string Told = $"""
            SELECT x."BookedAt" FROM accounts.transactions x WHERE x."AccountId" = a."Id" AND x."BookedAt" >= $3 AND x."BookedAt" <= $4 AND {Kind}
            """;
        return db.Ask(
            $"""
            SELECT a."Id", ({Told} ORDER BY x."BookedAt", x."Id" LIMIT 1), ({Told} ORDER BY x."BookedAt" DESC, x."Id" DESC LIMIT 1)
            FROM accounts.accounts a WHERE {Held} ORDER BY a."Position", a."Id"
            """,
            row => new Available(row.GetString(0), Moment(row, 1), Moment(row, 2)),
            Of(query.AccountIds),
            Of(query.CustomerId),
            Of(query.Open.From ?? Oldest.At),
            Of(query.Open.To ?? Newest.At),
            Of(query.Credits),
            Of(query.Debits),
            Of(query.BookedOnly));
    }

    /// <summary>
    /// The transactions just older than a start, or just newer, nearest first. Each account gives its own nearest by a walk along the
    /// index, and those are merged: a bulk page costs a page an account, however long the histories are.
    /// </summary>
    /// <param name="including">The row at the start too.</param>
    private Question<BankTransaction> Beside(TransactionQuery query, PageStart start, bool newer, int count, bool including = false)
    {
        var asked = query.Open.Within(query.Asked);
        var order = newer ? "ASC" : "DESC";
        return db.AskFrom<BankTransaction>(
            $"""
            FROM accounts.accounts a CROSS JOIN LATERAL (
                SELECT * FROM accounts.transactions x
                WHERE x."AccountId" = a."Id" AND x."BookedAt" >= $3 AND x."BookedAt" <= $4 AND {Kind}
                    AND (x."BookedAt", x."Id") {(newer ? ">" : "<")}{(including ? "=" : "")} ($8, $9)
                ORDER BY x."BookedAt" {order}, x."Id" {order} LIMIT $10) r
            WHERE {Held} ORDER BY r."BookedAt" {order}, r."Id" {order} LIMIT $10
            """,
            Of(query.AccountIds),
            Of(query.CustomerId),
            Of(asked.From ?? Oldest.At),
            Of(asked.To ?? Newest.At),
            Of(query.Credits),
            Of(query.Debits),
            Of(query.BookedOnly),
            Of(start.At),
            Of(start.Id),
            Of(count));
    }

    /// <summary>The same for statements, which lie whole within a period (OB-DAT-5, OB-AIS-13).</summary>
    private Question<BankStatement> Beside(StatementQuery query, PageStart start, bool newer, int count, bool including = false)
    {
        var order = newer ? "ASC" : "DESC";
        return db.AskFrom<BankStatement>(
            $"""
            FROM accounts.accounts a CROSS JOIN LATERAL (
                SELECT * FROM accounts.statements x
                WHERE x."AccountId" = a."Id" AND x."StartAt" >= $3 AND x."EndAt" <= $4 AND ($5::uuid IS NULL OR x."Id" = $5)
                    AND (x."EndAt", x."Id") {(newer ? ">" : "<")}{(including ? "=" : "")} ($6, $7)
                ORDER BY x."EndAt" {order}, x."Id" {order} LIMIT $8) r
            WHERE {Held} ORDER BY r."EndAt" {order}, r."Id" {order} LIMIT $8
            """,
            Of(query.AccountIds),
            Of(query.CustomerId),
            Of(query.Within.From ?? Oldest.At),
            Of(query.Within.To ?? Newest.At),
            new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid, Value = (object?)query.Only ?? DBNull.Value },
            Of(start.At),
            Of(start.Id),
            Of(count));
    }

    private static NpgsqlParameter<T> Of<T>(T value) => new() { TypedValue = value };

    private static NpgsqlParameter<string[]> Of(IReadOnlyCollection<string> values) => new() { TypedValue = [.. values] };

    private static NpgsqlParameter<DateTimeOffset> Of(DateTimeOffset value) => new() { TypedValue = value.ToUniversalTime() };

    private static DateTimeOffset? Moment(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    /// <summary>Cuts off what is more than a page; true where there was something.</summary>
    private static bool Cut<T>(List<T> rows, int size)
    {
        if (rows.Count <= size) return false;
        rows.RemoveRange(size, rows.Count - size);
        return true;
    }
}
