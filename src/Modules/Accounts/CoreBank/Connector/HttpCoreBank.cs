using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>A core bank behind HTTP: each question is a line of <c>docs/core-bank/openapi.yaml</c>.</summary>
internal sealed class HttpCoreBank(CoreConnection core, CoreHolds holds, UnitOfWork unit) : ICoreBank
{
    public async Task<IReadOnlyList<BankAccount>> AccountsAsync(string customerId, IReadOnlyCollection<string>? only, CancellationToken ct) =>
        (await AskAsync<AccountsQuestion, AccountsAnswer>("/accounts/query", new AccountsQuestion(customerId, only), CoreSense.Problem, ct)).Accounts;

    public async Task<IReadOnlyList<BankBalance>> BalancesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        (await AskAsync<OfAccountsQuestion, BalancesAnswer>("/balances/query", new OfAccountsQuestion(customerId, accountIds), CoreSense.Problem, ct)).Balances;

    public Task<TransactionPage> TransactionsAsync(TransactionQuery query, CancellationToken ct) =>
        AskAsync<TransactionQuery, TransactionPage>("/transactions/query", query, CoreSense.Problem, ct);

    public async Task<BankParty?> PartyAsync(string customerId, CancellationToken ct) =>
        (await AskAsync<PartyQuestion, PartyAnswer>("/party/query", new PartyQuestion(customerId), CoreSense.Problem, ct)).Party;

    public Task<OfAccounts<AccountParty>> PartiesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<AccountParty>("/parties/query", customerId, accountIds, row => row.AccountId, ct);

    public Task<OfAccounts<AccountProduct>> ProductsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<AccountProduct>("/products/query", customerId, accountIds, row => row.AccountId, ct);

    public Task<OfAccounts<BankBeneficiary>> BeneficiariesAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<BankBeneficiary>("/beneficiaries/query", customerId, accountIds, null, ct);

    public Task<OfAccounts<BankStandingOrder>> StandingOrdersAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<BankStandingOrder>("/standing-orders/query", customerId, accountIds, row => row.AccountId, ct);

    public Task<OfAccounts<BankDirectDebit>> DirectDebitsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<BankDirectDebit>("/direct-debits/query", customerId, accountIds, row => row.AccountId, ct);

    public Task<OfAccounts<BankScheduledPayment>> ScheduledPaymentsAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<BankScheduledPayment>("/scheduled-payments/query", customerId, accountIds, row => row.AccountId, ct);

    public Task<OfAccounts<BankOffer>> OffersAsync(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct) =>
        AskOfAccountsAsync<BankOffer>("/offers/query", customerId, accountIds, row => row.AccountId, ct);

    public Task<StatementPage> StatementsAsync(StatementQuery query, CancellationToken ct) =>
        AskAsync<StatementQuery, StatementPage>("/statements/query", query, CoreSense.Problem, ct);

    // These change something, and may be said again all the same: the core does each once for a transfer's id.
    public async Task<HoldResult> HoldAsync(TransferOrder order, CancellationToken ct)
    {
        await holds.BeginAsync(order.TransferId, ct);
        var result = await AskAsync<TransferOrder, HoldResult>("/transfers/hold", order, CoreSense.Problem, ct);
        holds.EndWithCommit(order.TransferId);
        return result;
    }

    public Task<bool> PostAsync(string transferId, string? rail, CancellationToken ct) => MoveAsync("/transfers/post", new TransferMove(transferId, rail), ct);

    public Task<bool> ReleaseAsync(string transferId, CancellationToken ct) => MoveAsync("/transfers/release", new TransferMove(transferId), ct);

    public Task<bool> ReturnAsync(string transferId, string why, CancellationToken ct) => MoveAsync("/transfers/return", new TransferMove(transferId, Why: why), ct);

    private async Task<bool> MoveAsync(string path, TransferMove move, CancellationToken ct) =>
        (await AskAsync<TransferMove, MoveAnswer>(path, move, (_, _) => null, ct)).IsDone;

    private Task<OfAccounts<TRow>> AskOfAccountsAsync<TRow>(
        string path, string customerId, IReadOnlyCollection<string> accountIds, Func<TRow, string>? account, CancellationToken ct) =>
        AskAsync<OfAccountsQuestion, OfAccounts<TRow>>(
            path, new OfAccountsQuestion(customerId, accountIds), (asked, answer) => CoreSense.Problem(asked, answer, account), ct);

    private async Task<TAnswer> AskAsync<TQuestion, TAnswer>(string path, TQuestion question, Func<TQuestion, TAnswer, string?> firstProblem, CancellationToken ct)
        where TAnswer : class
    {
        // A slow core must not hold connections to the database.
        await unit.RestAsync();
        return await core.AskAsync<TQuestion, TAnswer>(HttpMethod.Post, path, question, answer => firstProblem(question, answer), ct);
    }
}
