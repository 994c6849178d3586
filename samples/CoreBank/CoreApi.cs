using System.Security.Cryptography;
using System.Text;
using OpenBanking.Samples.CoreBank.Books;

namespace OpenBanking.Samples.CoreBank;

/// <summary>The contract's questions, answered out of the books.</summary>
internal sealed class CoreApi(Bank bank, CoreOptions options, Notices notices)
{
    private const int LargestPage = 1000;

    public static void Map(WebApplication app)
    {
        var api = app.Services.GetRequiredService<CoreApi>();
        var contract = app.MapGroup("").AddEndpointFilter(async (context, next) => api.IsAllowed(context.HttpContext) ? await next(context) : Results.Unauthorized());
        contract.MapPost("/accounts/query", api.Accounts);
        contract.MapPost("/balances/query", api.Balances);
        contract.MapPost("/transactions/query", api.Transactions);
        contract.MapPost("/party/query", (PartyQuestion question) => Results.Json(new { Party = Papers.PartyOf(question.CustomerId) }));
        contract.MapPost("/parties/query", (OfAccountsQuestion question) => api.OfAccounts(question, Papers.PartiesOf));
        contract.MapPost("/products/query", (OfAccountsQuestion question) => api.OfAccounts<AccountProduct>(question, account => [Papers.ProductOf(account)]));
        contract.MapPost("/beneficiaries/query", api.Beneficiaries);
        contract.MapPost("/standing-orders/query", (OfAccountsQuestion question) => api.OfAccounts(question, Papers.StandingOrdersOf));
        contract.MapPost("/direct-debits/query", (OfAccountsQuestion question) => api.OfAccounts(question, Papers.DirectDebitsOf));
        contract.MapPost("/scheduled-payments/query", (OfAccountsQuestion question) => api.OfAccounts(question, account => Papers.ScheduledPaymentsOf(account, api.Now)));
        contract.MapPost("/offers/query", (OfAccountsQuestion question) => api.OfAccounts(question, account => Papers.OffersOf(account, api.Now)));
        contract.MapPost("/statements/query", api.Statements);
        contract.MapPost("/transfers/hold", (TransferOrder order) => api.Transfer(all => all.Transfers.Hold(all, order)));
        contract.MapPost("/transfers/post", (TransferMove move) => api.Transfer(all => all.Transfers.Post(all, move.TransferId)));
        contract.MapPost("/transfers/release", (TransferMove move) => api.Transfer(all => all.Transfers.Release(move.TransferId)));
        contract.MapPost("/transfers/return", (TransferMove move) => api.Transfer(all => all.Transfers.Return(all, move.TransferId)));

        // Beside the contract: what happens at a bank, so that it can be watched from the other side.
        var simulator = contract.MapGroup("/simulator");
        simulator.MapPost("/close/{accountId}", api.CloseAsync);
        simulator.MapPost("/book/{accountId}", api.BookAsync);
    }

    private IResult Accounts(AccountsQuestion question) => Results.Json(bank.With(all => new
    {
        Accounts = all.Held(question.CustomerId, question.AccountIds).Select(held => held.Account.Describe(held.Position)).ToList(),
    }));

    private IResult Balances(OfAccountsQuestion question) => Results.Json(bank.With(all => new
    {
        Balances = all.Held(question.CustomerId, question.AccountIds).Select(held => held.Account.Describe()).ToList(),
    }));

    private IResult Transactions(TransactionsQuestion question)
    {
        if (question.Size is < 1 or > LargestPage) return Results.BadRequest(new { Problem = "size must be from 1 to 1000" });
        return Results.Json(bank.With(all => PageOf(all, question)));
    }

    private static TransactionPage PageOf(Bank all, TransactionsQuestion question)
    {
        var accounts = all.Held(question.CustomerId, question.AccountIds).Select(held => held.Account).ToList();

        // Newest first; of two at one moment the greater id is the newer.
        var open = accounts
            .SelectMany(account => account.Lines)
            .Where(line => Within(line.BookedAt, question.Open) && (line.Amount >= 0 ? question.Credits : question.Debits) && !(line.IsPending && question.BookedOnly))
            .OrderByDescending(line => line.BookedAt)
            .ThenByDescending(line => line.Id)
            .ToList();
        var asked = open.Where(line => Within(line.BookedAt, question.Asked)).ToList();
        var (page, hasNewer, hasOlder) = Cut(asked, line => (line.BookedAt, line.Id), question.Start, question.Size);
        var available = open.Count == 0 ? new Period() : new Period(open[^1].BookedAt, open[0].BookedAt);
        return new TransactionPage([.. accounts.Select(account => account.Id)], page, hasNewer, hasOlder, available);
    }

    private IResult Statements(StatementsQuestion question)
    {
        if (question.Size is < 1 or > LargestPage) return Results.BadRequest(new { Problem = "size must be from 1 to 1000" });
        return Results.Json(bank.With(all =>
        {
            var accounts = all.Held(question.CustomerId, question.AccountIds).Select(held => held.Account).ToList();
            var rows = accounts
                .SelectMany(account => Papers.StatementsOf(account, all.Now))
                .Where(row => (question.Only is null || row.Id == question.Only) && Within(row.StartAt, question.Within) && Within(row.EndAt, question.Within))
                .OrderByDescending(row => row.EndAt)
                .ThenByDescending(row => row.Id)
                .ToList();
            var (page, hasNewer, hasOlder) = Cut(rows, row => (row.EndAt, row.Id), question.Start, question.Size);
            return new StatementPage([.. accounts.Select(account => account.Id)], page, hasNewer, hasOlder);
        }));
    }

    private IResult Beneficiaries(OfAccountsQuestion question) => Results.Json(bank.With(all => new OfAccounts<Beneficiary>(
        [.. all.Held(question.CustomerId, question.AccountIds).Select(held => held.Account.Id)],
        [.. Papers.BeneficiariesOf(question.CustomerId, all.Held(question.CustomerId, null).Select(held => held.Account))])));

    private IResult OfAccounts<T>(OfAccountsQuestion question, Func<Book, IEnumerable<T>> rows) => Results.Json(bank.With(all =>
    {
        var accounts = all.Held(question.CustomerId, question.AccountIds).Select(held => held.Account).ToList();
        return new OfAccounts<T>([.. accounts.Select(account => account.Id)], [.. accounts.SelectMany(rows)]);
    }));

    private IResult Transfer<T>(Func<Bank, T> work) => Results.Json(bank.With(work));

    private DateTimeOffset Now => bank.Now;

    private static bool Within(DateTimeOffset moment, Period period) => (period.From is null || moment >= period.From) && (period.To is null || moment <= period.To);

    /// <summary>A page begins beside a row and not at a number; rows are newest first.</summary>
    private static (IReadOnlyList<T> Page, bool HasNewer, bool HasOlder) Cut<T>(List<T> rows, Func<T, (DateTimeOffset At, Guid Id)> at, PageStart? start, int size)
    {
        var (first, count) = (0, size);
        if (start is not null)
        {
            var beside = (start.At, start.Id);
            var newer = rows.Count(row => at(row).CompareTo(beside) > 0);
            (first, count) = start.Backwards ? (Math.Max(0, newer - size), Math.Min(size, newer)) : (rows.Count(row => at(row).CompareTo(beside) >= 0), size);
        }

        var page = rows.Skip(first).Take(count).ToList();
        return (page, page.Count > 0 && first > 0, page.Count > 0 && first + page.Count < rows.Count);
    }

    private async Task<IResult> CloseAsync(string accountId, CancellationToken ct)
    {
        var closed = bank.With(all =>
        {
            var account = all.Accounts.FirstOrDefault(one => one.Id == accountId && one.IsOpen);
            account?.Close(all.Now);
            return account is not null;
        });
        if (!closed) return Results.NotFound();
        await notices.SendAsync(NoticeKind.AccountClosed, accountId, ct);
        return Results.NoContent();
    }

    private async Task<IResult> BookAsync(string accountId, BookingWish wish, CancellationToken ct)
    {
        var booked = bank.With(all => all.Accounts.FirstOrDefault(one => one.Id == accountId && one.IsOpen) is { } account
            ? account.Add(new Transaction(
                Guid.CreateVersion7(all.Now), account.Id, all.Now, all.Now, wish.Amount, account.Currency, IsPending: false,
                wish.Reference, wish.Reference, wish.Amount < 0 ? "ICDT" : "RCDT", "DMCT", "FPI"))
            : null);
        if (booked is null) return Results.NotFound();
        await notices.SendAsync(NoticeKind.TransactionBooked, accountId, ct);
        return Results.Json(new { booked.Id });
    }

    private bool IsAllowed(HttpContext http)
    {
        const string Scheme = "Bearer ";
        if (options.TokenFile is null) return true;
        var said = http.Request.Headers.Authorization.ToString();
        return said.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(Encoding.UTF8.GetBytes(said[Scheme.Length..])), SHA256.HashData(Encoding.UTF8.GetBytes(File.ReadAllText(options.TokenFile).Trim())));
    }

    internal sealed record BookingWish(decimal Amount, string Reference);
}
