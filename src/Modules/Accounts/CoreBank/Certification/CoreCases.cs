using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts.CoreBank.Certification;

/// <summary>One case of the contract.</summary>
/// <param name="FindProblem">What the core does otherwise; null where it keeps the case.</param>
/// <param name="Needs">Whether there is what it takes.</param>
internal sealed record CoreTrial(string Id, string Says, Func<Adapter, CancellationToken, Task<string?>> FindProblem, Func<Adapter, bool>? Needs = null)
{
    public bool CanBeTried(Adapter adapter) => Needs?.Invoke(adapter) ?? true;
}

/// <summary>What a core must do to be believed, a row a case; the order is that in which one would look for a fault.</summary>
internal static class CoreCases
{
    private const string NobodysAccount = "00000000000000000000000000000000";
    private const string Nobody = "nobody-of-this-name";

    private const string PostPath = "/transfers/post";
    private const string ReleasePath = "/transfers/release";
    private const string ReturnPath = "/transfers/return";

    private static readonly string[] Questions =
    [
        "/accounts/query", "/balances/query", "/transactions/query", "/party/query", "/parties/query", "/products/query", "/beneficiaries/query",
        "/standing-orders/query", "/direct-debits/query", "/scheduled-payments/query", "/offers/query", "/statements/query", "/transfers/hold", PostPath, ReleasePath, ReturnPath,
    ];

    public static readonly IReadOnlyList<CoreTrial> InOrder =
    [
        new("CORE-01", "refuses a caller without the token with 401", WithoutToken, adapter => adapter.WantsToken),
        new("CORE-02", "answers a customer's accounts in time, as the contract says", HasAccounts),
        new("CORE-03", "calls the accounts alike when asked again", SameAccountsAgain),
        new("CORE-04", "answers only the accounts that were asked for", OnlyTheAccountsAsked),
        new("CORE-05", "leaves out an account that nobody has", NobodysAccountIsLeftOut),
        new("CORE-06", "answers an unknown customer with an empty list", NobodyHasNothing),
        new("CORE-07", "gives nobody another customer's accounts, balances or transactions", NothingOfOthers, adapter => adapter.OtherCustomerId is not null),
        new("CORE-10", "has one balance for each account, in its currency and as the account says", BalancesFit),
        new("CORE-20", "answers transactions newest first, with nothing newer than the first page", FirstPage),
        new("CORE-21", "pages to older ones and neither skips nor repeats", PagesDoNotOverlap),
        new("CORE-22", "pages back to newer ones over the same transactions", PagesBack),
        new("CORE-23", "begins a page beside a transaction that is not there", BesideNothing),
        new("CORE-24", "counts both dates of a range in", DatesAreInclusive),
        new("CORE-25", "tells credits and debits apart", DirectionsPartition),
        new("CORE-26", "shows what each account shows alone when it is asked for all together", AccountsMerge),
        new("CORE-27", "has the booked balance that the newest booked transaction leaves", BalanceFollows),
        new("CORE-28", "tells the first and the last booking that there is", AvailableFits),
        new("CORE-29", "leaves out what is pending where only the booked is wanted", BookedOnly),
        new("CORE-30", "knows the party that a customer is, and none of whom it does not know", Party),
        new("CORE-31", "names the parties of every account", (adapter, ct) => CoversAsync<AccountParty>(adapter, "/parties/query", row => row.AccountId, ct)),
        new("CORE-32", "names the product of every account", (adapter, ct) => CoversAsync<AccountProduct>(adapter, "/products/query", row => row.AccountId, ct)),
        new("CORE-33", "answers saved payees", (adapter, ct) => AnswersAsync<BankBeneficiary>(adapter, "/beneficiaries/query", null, ct)),
        new("CORE-34", "answers standing orders, none due in the past", StandingOrders),
        new("CORE-35", "answers direct debits", (adapter, ct) => AnswersAsync<BankDirectDebit>(adapter, "/direct-debits/query", row => row.AccountId, ct)),
        new("CORE-36", "answers scheduled payments", (adapter, ct) => AnswersAsync<BankScheduledPayment>(adapter, "/scheduled-payments/query", row => row.AccountId, ct)),
        new("CORE-37", "answers offers", (adapter, ct) => AnswersAsync<BankOffer>(adapter, "/offers/query", row => row.AccountId, ct)),
        new("CORE-38", "has statements that add up, follow each other, and are found by their id", Statements),
        new("CORE-40", "holds a transfer once for its id and books nothing yet", HoldsOnce),
        new("CORE-41", "gives back what was held, and then no longer moves it", Releases),
        new("CORE-42", "moves what was held once, however often it is told", PostsOnce),
        new("CORE-43", "brings back what was moved, once", Returns),
        new("CORE-44", "holds no more than there is", HoldsNoMore),
        new("CORE-45", "moves nothing that was never held", MovesNothingUnknown),
        new("CORE-46", "sends what is exchanged out of the bank, whatever account of its own has the payee's number", ExchangesAbroad),
        new("CORE-90", "refuses a question that lacks what it needs with 400", (adapter, ct) => RefusesAsync(adapter, "{}", ct)),
        new("CORE-91", "refuses what is not JSON with 400", (adapter, ct) => RefusesAsync(adapter, "{", ct)),
        new("CORE-92", "refuses a page of more than 1000 with 400", TooLargePage),
        new("CORE-93", "answers 404 where the contract has nothing", NoSuchPath),
        new("CORE-99", "answers twenty questions at one moment in time", ManyAtOnce),
    ];

    private static async Task<string?> WithoutToken(Adapter adapter, CancellationToken ct)
    {
        var status = await adapter.StatusAsync("/accounts/query", Json(("customerId", adapter.CustomerId)), ct, withToken: false);
        return status == 401 ? null : $"status {status}";
    }

    private static async Task<string?> HasAccounts(Adapter adapter, CancellationToken ct) =>
        (await adapter.AccountsAsync(ct)).Count > 0 ? null : "the customer has no account; name one that has";

    private static async Task<string?> SameAccountsAgain(Adapter adapter, CancellationToken ct)
    {
        var again = (await adapter.AccountsAsync(adapter.CustomerId, null, ct)).Select(account => account.Id);
        return again.SequenceEqual(await adapter.IdsAsync(ct)) ? null : "other ids, or in another order";
    }

    private static async Task<string?> OnlyTheAccountsAsked(Adapter adapter, CancellationToken ct)
    {
        var one = (await adapter.IdsAsync(ct))[^1];
        return (await adapter.AccountsAsync(adapter.CustomerId, [one], ct)) is [var only] && only.Id == one ? null : "not exactly the account that was asked for";
    }

    private static async Task<string?> NobodysAccountIsLeftOut(Adapter adapter, CancellationToken ct)
    {
        string[] asked = [NobodysAccount];
        var query = (await adapter.AllAsync(ct)) with { AccountIds = asked };
        return (await adapter.AccountsAsync(adapter.CustomerId, asked, ct)).Count == 0
            && (await adapter.BalancesAsync(adapter.CustomerId, asked, ct)).Count == 0
            && (await adapter.PageAsync(query, ct)).Transactions.Count == 0
            ? null
            : "something about an account that nobody has";
    }

    private static async Task<string?> NobodyHasNothing(Adapter adapter, CancellationToken ct) =>
        (await adapter.AccountsAsync(Nobody, null, ct)).Count == 0 ? null : "accounts of a customer that is not known";

    private static async Task<string?> NothingOfOthers(Adapter adapter, CancellationToken ct)
    {
        var own = await adapter.IdsAsync(ct);
        string[] foreign = [.. (await adapter.AccountsAsync(adapter.OtherCustomerId!, null, ct)).Select(account => account.Id).Except(own, StringComparer.Ordinal)];
        if (foreign.Length == 0) return "the other customer has no account of their own; name one that has";
        var query = (await adapter.AllAsync(ct)) with { AccountIds = foreign };
        return (await adapter.AccountsAsync(adapter.CustomerId, foreign, ct)).Count > 0 ? "another customer's account"
            : (await adapter.BalancesAsync(adapter.CustomerId, foreign, ct)).Count > 0 ? "another customer's balance"
            : (await adapter.PageAsync(query, ct)).Transactions.Count > 0 ? "another customer's transactions"
            : null;
    }

    private static async Task<string?> BalancesFit(Adapter adapter, CancellationToken ct)
    {
        var accounts = await adapter.AccountsAsync(adapter.CustomerId, null, ct);
        var balances = await adapter.BalancesAsync(adapter.CustomerId, [.. accounts.Select(account => account.Id)], ct);
        foreach (var account in accounts)
        {
            if (balances.FirstOrDefault(balance => balance.AccountId == account.Id) is not { } balance) return "an account without a balance";
            if (balance.Currency != account.Currency) return "a balance in another currency than the account's";
            if (balance.Booked != account.Balance) return "a booked balance that is not what the account says";
            if (balance.CreditLimit != account.CreditLimit) return "a credit limit that is not what the account says";
        }

        return null;
    }

    private static async Task<string?> FirstPage(Adapter adapter, CancellationToken ct)
    {
        var page = await adapter.PageAsync(await adapter.AllAsync(ct), ct);
        return page.HasNewer ? "something newer than the newest"
            : page.HasOlder && page.Transactions.Count < Adapter.PageSize ? "a short page with more behind it"
            : page.Transactions.Count == 0 ? "no transactions; name a customer that has some"
            : null;
    }

    private static async Task<string?> PagesDoNotOverlap(Adapter adapter, CancellationToken ct)
    {
        var pages = await adapter.WalkAsync(await adapter.AllAsync(ct), ct);
        var rows = pages.SelectMany(page => page.Transactions).ToList();
        return pages.Count == 1 ? "one page only; name a customer with more than 25 transactions"
            : pages.Skip(1).Any(page => !page.HasNewer) ? "a page that knows of nothing newer, though there is"
            : rows.Select(row => row.Id).Distinct().Count() != rows.Count ? "a transaction on two pages"
            : rows.Zip(rows.Skip(1)).Any(two => (two.First.BookedAt, two.First.Id).CompareTo((two.Second.BookedAt, two.Second.Id)) <= 0) ? "pages out of order"
            : null;
    }

    private static async Task<string?> PagesBack(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var pages = await adapter.WalkAsync(query, ct);
        if (pages.Count < 2) return "one page only; name a customer with more than 25 transactions";
        var edge = pages[1].Transactions[0];
        var back = await adapter.PageAsync(query with { Start = new PageStart(edge.BookedAt, edge.Id, Backwards: true) }, ct);
        return !back.HasOlder ? "nothing older than the first page, though there is"
            : back.Transactions.Select(row => row.Id).SequenceEqual(pages[0].Transactions.Select(row => row.Id)) ? null : "not the transactions of the page before";
    }

    private static async Task<string?> BesideNothing(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var edge = (await adapter.PageAsync(query, ct)).Transactions[0];
        var beside = query with { Start = new PageStart(edge.BookedAt.AddTicks(-10), Guid.AllBitsSet, Backwards: false) };
        return (await adapter.PageAsync(beside, ct)).Transactions.Any(row => row.BookedAt >= edge.BookedAt) ? "transactions from before the start of the page" : null;
    }

    private static async Task<string?> DatesAreInclusive(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var row = (await adapter.PageAsync(query, ct)).Transactions[^1];
        var atOnce = await adapter.PageAsync(query with { Asked = new Period(row.BookedAt, row.BookedAt) }, ct);
        return atOnce.Transactions.Any(other => other.Id == row.Id) ? null : "a transaction at the very edge is missing";
    }

    private static async Task<string?> DirectionsPartition(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var rows = (await adapter.PageAsync(query, ct)).Transactions;
        if (rows.Count == 0) return "no transactions; name a customer that has some";
        var range = query with { Asked = new Period(rows[^1].BookedAt, null), Size = 1000 };
        var all = (await adapter.PageAsync(range, ct)).Transactions.Count;
        var credits = (await adapter.PageAsync(range with { Debits = false }, ct)).Transactions.Count;
        var debits = (await adapter.PageAsync(range with { Credits = false }, ct)).Transactions.Count;
        return credits + debits != all ? "credits and debits are not all there is"
            : (await adapter.PageAsync(range with { Credits = false, Debits = false }, ct)).Transactions.Count > 0 ? "something that is neither"
            : null;
    }

    private static async Task<string?> AccountsMerge(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var together = await adapter.PageAsync(query, ct);
        var alone = new List<BankTransaction>();
        foreach (var id in query.AccountIds) alone.AddRange((await adapter.PageAsync(query with { AccountIds = [id] }, ct)).Transactions);
        var newest = alone.OrderByDescending(row => row.BookedAt).ThenByDescending(row => row.Id).Take(Adapter.PageSize).Select(row => row.Id);
        return together.Transactions.Select(row => row.Id).SequenceEqual(newest) ? null : "not the newest of what the accounts show alone";
    }

    private static async Task<string?> BalanceFollows(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var balances = await adapter.BalancesAsync(adapter.CustomerId, query.AccountIds, ct);
        foreach (var balance in balances)
        {
            var rows = (await adapter.PageAsync(query with { AccountIds = [balance.AccountId] }, ct)).Transactions;
            if (rows.FirstOrDefault(row => !row.IsPending) is { BalanceAfter: { } after } && after != balance.Booked) return "a balance that its transactions do not lead to";
        }

        return null;
    }

    private static async Task<string?> AvailableFits(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        var page = await adapter.PageAsync(query, ct);
        if (page.Transactions.Count == 0) return "no transactions; name a customer that has some";
        if (page.Available.To != page.Transactions[0].BookedAt) return "not the newest booking as the last";

        // Whatever was asked for: it says what there is.
        var narrow = await adapter.PageAsync(query with { Asked = new Period(page.Transactions[0].BookedAt, null), Size = 1 }, ct);
        return narrow.Available == page.Available ? null : "other ends when less is asked for";
    }

    private static async Task<string?> BookedOnly(Adapter adapter, CancellationToken ct) =>
        (await adapter.PageAsync((await adapter.AllAsync(ct)) with { BookedOnly = true }, ct)).Transactions.Any(row => row.IsPending) ? "a pending transaction" : null;

    private static async Task<string?> Party(Adapter adapter, CancellationToken ct) =>
        await adapter.PartyAsync(Nobody, ct) is not null ? "a party of a customer that is not known"
        : await adapter.PartyAsync(adapter.CustomerId, ct) is not { } party ? "no party; third parties are told so where a bank has none"
        : party.CustomerId == adapter.CustomerId ? null : "another customer's party";

    private static async Task<string?> AnswersAsync<TRow>(Adapter adapter, string path, Func<TRow, string>? account, CancellationToken ct)
    {
        var answer = await adapter.RowsAsync(path, account, ct);
        return answer.AccountIds.ToHashSet(StringComparer.Ordinal).SetEquals(await adapter.IdsAsync(ct)) ? null : "not about all the accounts that were asked for";
    }

    private static async Task<string?> CoversAsync<TRow>(Adapter adapter, string path, Func<TRow, string> account, CancellationToken ct)
    {
        if (await AnswersAsync(adapter, path, account, ct) is { } problem) return problem;
        var told = (await adapter.RowsAsync(path, account, ct)).Rows.Select(account).ToHashSet(StringComparer.Ordinal);
        return told.SetEquals(await adapter.IdsAsync(ct)) ? null : "nothing of some accounts";
    }

    private static async Task<string?> StandingOrders(Adapter adapter, CancellationToken ct)
    {
        if (await AnswersAsync<BankStandingOrder>(adapter, "/standing-orders/query", row => row.AccountId, ct) is { } problem) return problem;
        var rows = (await adapter.RowsAsync<BankStandingOrder>("/standing-orders/query", row => row.AccountId, ct)).Rows;
        return rows.Any(order => order.NextAt < order.LastAt) ? "a standing order whose next date is before its last" : null;
    }

    private static async Task<string?> Statements(Adapter adapter, CancellationToken ct)
    {
        var query = new StatementQuery(adapter.CustomerId, await adapter.IdsAsync(ct), null, Period.Always, null, Adapter.PageSize);
        var page = await adapter.StatementsAsync(query, ct);
        if (!page.AccountIds.ToHashSet(StringComparer.Ordinal).SetEquals(query.AccountIds)) return "not about all the accounts that were asked for";
        foreach (var ofAccount in page.Statements.GroupBy(statement => statement.AccountId, StringComparer.Ordinal))
        {
            var rows = ofAccount.OrderBy(statement => statement.StartAt).ToList();
            if (rows.Zip(rows.Skip(1)).Any(two => two.First.Closing != two.Second.Opening)) return "a statement that does not begin where the one before has ended";
        }

        if (page.Statements.Count == 0) return null;
        var one = page.Statements[^1];
        return (await adapter.StatementsAsync(query with { Only = one.Id }, ct)).Statements is [var found] && found.Id == one.Id ? null : "a statement that is not found by its id";
    }

    private static async Task<string?> HoldsOnce(Adapter adapter, CancellationToken ct)
    {
        var order = await adapter.PennyAsync(0.01m, ct);
        var before = await adapter.BookedAsync(order.AccountId, ct);
        var (first, again) = (await adapter.HoldAsync(order, ct), await adapter.HoldAsync(order, ct));
        var after = await adapter.BookedAsync(order.AccountId, ct);
        await adapter.MoveAsync(ReleasePath, order.TransferId, ct);
        return first.Outcome != HoldOutcome.Held ? $"not held: {first.Outcome}"
            : again.Outcome != HoldOutcome.Held ? $"not held when asked again: {again.Outcome}"
            : before != after ? "a booking for what is only held"
            : null;
    }

    private static async Task<string?> Releases(Adapter adapter, CancellationToken ct)
    {
        var order = await adapter.PennyAsync(0.01m, ct);
        await adapter.HoldAsync(order, ct);
        return !await adapter.MoveAsync(ReleasePath, order.TransferId, ct) ? "not given back"
            : !await adapter.MoveAsync(ReleasePath, order.TransferId, ct) ? "not so when told again"
            : await adapter.MoveAsync(PostPath, order.TransferId, ct) ? "moved after it was given back"
            : null;
    }

    private static async Task<string?> PostsOnce(Adapter adapter, CancellationToken ct)
    {
        var order = await adapter.PennyAsync(0.01m, ct);
        var before = await adapter.BookedAsync(order.AccountId, ct);
        await adapter.HoldAsync(order, ct);
        var done = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => adapter.MoveAsync(PostPath, order.TransferId, ct)));
        var after = await adapter.BookedAsync(order.AccountId, ct);
        var released = await adapter.MoveAsync(ReleasePath, order.TransferId, ct);
        await adapter.MoveAsync(ReturnPath, order.TransferId, ct);
        return !done.All(moved => moved) ? "not moved, or not so when told again"
            : before - after != 0.01m ? "another amount than the one that was held, or more than once"
            : released ? "given back after it was moved"
            : null;
    }

    private static async Task<string?> Returns(Adapter adapter, CancellationToken ct)
    {
        var order = await adapter.PennyAsync(0.01m, ct);
        var before = await adapter.BookedAsync(order.AccountId, ct);
        await adapter.HoldAsync(order, ct);
        if (await adapter.MoveAsync(ReturnPath, order.TransferId, ct)) return "brought back before it was moved";
        await adapter.MoveAsync(PostPath, order.TransferId, ct);
        return !await adapter.MoveAsync(ReturnPath, order.TransferId, ct) ? "not brought back"
            : await adapter.MoveAsync(ReturnPath, order.TransferId, ct) ? "brought back twice"
            : await adapter.BookedAsync(order.AccountId, ct) != before ? "another balance than before"
            : null;
    }

    private static async Task<string?> HoldsNoMore(Adapter adapter, CancellationToken ct)
    {
        var outcome = (await adapter.HoldAsync(await adapter.PennyAsync(9_999_999_999m, ct), ct)).Outcome;
        return outcome == HoldOutcome.InsufficientFunds ? null : outcome.ToString();
    }

    private static async Task<string?> MovesNothingUnknown(Adapter adapter, CancellationToken ct)
    {
        var id = (await adapter.PennyAsync(0.01m, ct)).TransferId;
        return await adapter.MoveAsync(PostPath, id, ct) || await adapter.MoveAsync(ReleasePath, id, ct) || await adapter.MoveAsync(ReturnPath, id, ct) ? "something" : null;
    }

    private static async Task<string?> ExchangesAbroad(Adapter adapter, CancellationToken ct)
    {
        var penny = await adapter.PennyAsync(0.01m, ct);
        var order = penny with { Exchanged = new Money(0.02m, penny.Amount.Currency == "USD" ? "EUR" : "USD") };
        var (payer, payee) = (await adapter.BookedAsync(order.AccountId, ct), await adapter.BookedOfAsync(order.PayeeIdentification, ct));
        var hold = await adapter.HoldAsync(order, ct);
        if (hold.Outcome != HoldOutcome.Held) return $"not held: {hold.Outcome}";
        var isPosted = await adapter.MoveAsync(PostPath, order.TransferId, ct);
        var (left, got) = (await adapter.BookedAsync(order.AccountId, ct), await adapter.BookedOfAsync(order.PayeeIdentification, ct));
        await adapter.MoveAsync(ReturnPath, order.TransferId, ct);
        return !isPosted ? "not moved" : payer - left != 0.01m ? "another amount than the one that was held" : got != payee ? "booked on an account of its own" : null;
    }

    private static async Task<string?> RefusesAsync(Adapter adapter, string body, CancellationToken ct)
    {
        foreach (var path in Questions)
        {
            var status = await adapter.StatusAsync(path, body, ct);
            if (status != 400) return $"{path} answered {status}";
        }

        return null;
    }

    private static async Task<string?> TooLargePage(Adapter adapter, CancellationToken ct)
    {
        var query = (await adapter.AllAsync(ct)) with { Size = 1001 };
        var status = await adapter.StatusAsync("/transactions/query", System.Text.Encoding.UTF8.GetString(CoreJson.Write(query)), ct);
        return status == 400 ? null : $"status {status}";
    }

    private static async Task<string?> NoSuchPath(Adapter adapter, CancellationToken ct)
    {
        var status = await adapter.StatusAsync("/no-such-question", "{}", ct);
        return status == 404 ? null : $"status {status}";
    }

    private static async Task<string?> ManyAtOnce(Adapter adapter, CancellationToken ct)
    {
        var query = await adapter.AllAsync(ct);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => adapter.PageAsync(query, ct)));
        return null;
    }

    private static string Json(params (string Name, string Value)[] members) =>
        new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Value))).ToJsonString(JsonSerializerOptions.Default);
}
