using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts.CoreBank.Certification;

/// <summary>The adapter under trial, asked in the connector's own words, and what was learnt of it so far.</summary>
internal sealed class Adapter(CoreConnection core, CoreBankOptions options, string customerId, string? otherCustomerId)
{
    /// <summary>Small, so that there is more than one page.</summary>
    public const int PageSize = 25;

    private const int MostPages = 40;
    private IReadOnlyList<BankAccount>? accounts;

    public string CustomerId => customerId;

    public string? OtherCustomerId => otherCustomerId;

    public bool WantsToken => options.TokenFile is not null;

    public async Task<IReadOnlyList<BankAccount>> AccountsAsync(string customer, IReadOnlyCollection<string>? only, CancellationToken ct)
    {
        var question = new AccountsQuestion(customer, only);
        return (await core.AskAsync<AccountsQuestion, AccountsAnswer>(HttpMethod.Post, "/accounts/query", question, answer => CoreSense.Problem(question, answer), ct)).Accounts;
    }

    /// <summary>The first customer's accounts, asked once.</summary>
    public async Task<IReadOnlyList<BankAccount>> AccountsAsync(CancellationToken ct) => accounts ??= await AccountsAsync(customerId, null, ct);

    public async Task<string[]> IdsAsync(CancellationToken ct) => [.. (await AccountsAsync(ct)).Select(account => account.Id)];

    public async Task<IReadOnlyList<BankBalance>> BalancesAsync(string customer, IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        var question = new OfAccountsQuestion(customer, ids);
        return (await core.AskAsync<OfAccountsQuestion, BalancesAnswer>(HttpMethod.Post, "/balances/query", question, answer => CoreSense.Problem(question, answer), ct)).Balances;
    }

    public Task<TransactionPage> PageAsync(TransactionQuery query, CancellationToken ct) =>
        core.AskAsync<TransactionQuery, TransactionPage>(HttpMethod.Post, "/transactions/query", query, answer => CoreSense.Problem(query, answer), ct);

    public async Task<TransactionQuery> AllAsync(CancellationToken ct) =>
        new(customerId, await IdsAsync(ct), Period.Always, Period.Always, Credits: true, Debits: true, BookedOnly: false, null, PageSize);

    public async Task<BankParty?> PartyAsync(string customer, CancellationToken ct) =>
        (await core.AskAsync<PartyQuestion, PartyAnswer>(HttpMethod.Post, "/party/query", new PartyQuestion(customer), _ => null, ct)).Party;

    /// <summary>What there is of all the first customer's accounts.</summary>
    public async Task<OfAccounts<TRow>> RowsAsync<TRow>(string path, Func<TRow, string>? account, CancellationToken ct)
    {
        var question = new OfAccountsQuestion(customerId, await IdsAsync(ct));
        return await core.AskAsync<OfAccountsQuestion, OfAccounts<TRow>>(HttpMethod.Post, path, question, answer => CoreSense.Problem(question, answer, account), ct);
    }

    public Task<StatementPage> StatementsAsync(StatementQuery query, CancellationToken ct) =>
        core.AskAsync<StatementQuery, StatementPage>(HttpMethod.Post, "/statements/query", query, answer => CoreSense.Problem(query, answer), ct);

    public Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct) =>
        core.AskAsync<TransferOrder, HoldResult>(HttpMethod.Post, "/transfers/hold", order, answer => CoreSense.Problem(order, answer), ct);

    public async Task<bool> MoveAsync(string path, string transferId, CancellationToken ct) =>
        (await core.AskAsync<TransferMove, MoveAnswer>(HttpMethod.Post, path, new TransferMove(transferId, Why: path == "/transfers/return" ? "AC04" : null), _ => null, ct)).IsDone;

    public async Task<decimal> BookedAsync(string accountId, CancellationToken ct) => (await BalancesAsync(customerId, [accountId], ct)).Single().Booked;

    /// <summary>The booked balance of the customer's account that has a number.</summary>
    public async Task<decimal> BookedOfAsync(string identification, CancellationToken ct) =>
        await BookedAsync((await AccountsAsync(ct)).First(account => account.Identification == identification).Id, ct);

    /// <summary>A penny between two accounts of the customer, under a name that no core has heard.</summary>
    public async Task<TransferOrder> PennyAsync(decimal amount, CancellationToken ct)
    {
        var all = (await AccountsAsync(ct)).Where(account => account.TypeCode != "CARD").ToList();
        var payer = all.FirstOrDefault() ?? throw new InvalidOperationException("no account to pay from");
        var payee = all.FirstOrDefault(account => account.Id != payer.Id && account.Currency == payer.Currency) ?? throw new InvalidOperationException("name a customer with two accounts of one currency");
        return new TransferOrder(
            "certify-" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)), "certify", customerId, payer.Id, new Money(amount, payer.Currency), 0,
            payee.Scheme, payee.Identification, payee.HolderName, "CERTIFY");
    }

    /// <summary>Pages from the newest towards the oldest, as many as a trial wants to see.</summary>
    public async Task<IReadOnlyList<TransactionPage>> WalkAsync(TransactionQuery query, CancellationToken ct)
    {
        var pages = new List<TransactionPage> { await PageAsync(query, ct) };
        while (pages[^1].HasOlder && pages.Count < MostPages)
        {
            var last = pages[^1].Transactions[^1];
            pages.Add(await PageAsync(query with { Start = new PageStart(last.BookedAt, last.Id, Backwards: false) }, ct));
        }

        return pages;
    }

    /// <summary>The status of what is said as it is, also where it is nonsense.</summary>
    public async Task<int> StatusAsync(string path, string body, CancellationToken ct, bool withToken = true)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Timeout);
        try
        {
            using var answer = await core.SendAsync(HttpMethod.Post, path, System.Text.Encoding.UTF8.GetBytes(body), withToken, limit.Token);
            return (int)answer.StatusCode;
        }
        catch (OperationCanceledException late) when (!ct.IsCancellationRequested)
        {
            throw new InvalidOperationException("no answer in time", late);
        }
    }
}
