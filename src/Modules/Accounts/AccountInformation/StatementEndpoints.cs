using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>Statements: those of one account or of all of a consent, one by itself, and one as a file to keep.</summary>
internal sealed class StatementEndpoints(AccountAccess access, ICoreBank bank, Listings listings, ApiAddresses addresses)
{
    private const string Detail = "ReadStatementsDetail";
    private const string One = "/accounts/{accountId}/statements/{statementId}";
    private static readonly Resource Statements = new("/statements", "/statements", "ReadStatementsBasic", Detail);

    public static void Map(IEndpointRouteBuilder aisp)
    {
        Listings.Map<StatementEndpoints>(aisp, Statements, (endpoints, http, accountId, ct) => endpoints.ListAsync(http, accountId, ct));
        aisp.MapGet(One, (StatementEndpoints endpoints, string accountId, string statementId, HttpContext http, CancellationToken ct) => endpoints.GetAsync(accountId, statementId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet(One + "/file", (StatementEndpoints endpoints, string accountId, string statementId, HttpContext http, CancellationToken ct) => endpoints.FileAsync(accountId, statementId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer)
            .WithMetadata(new AnswersIn(StatementFile.MediaType));
    }

    /// <summary>A statement of an account; what lies outside the consent's window is as if it were not there (OB-AIS-13, OB-HTTP-1).</summary>
    public static async Task<Outcome<BankStatement, ApiError>> FindAsync(
        ICoreBank bank, AccountAccessDecision.Granted granted, string accountId, string statementId, CancellationToken ct)
    {
        if (!Guid.TryParseExact(statementId, "N", out var id)) return Unknown();
        var found = await bank.StatementsAsync(new StatementQuery(granted.CustomerId, [accountId], id, TransactionEndpoints.Window(granted), null, 1), ct);
        if (found.AccountIds.Count == 0) return AccountAccess.NotShared();
        return found.Statements.Count == 0 ? Unknown() : found.Statements[0];
    }

    private static ApiError Unknown() => ApiError.BadRequest("U011", "OB-HTTP-1", "The account has no such statement.", "StatementId");

    private async Task<IResult> ListAsync(HttpContext http, string? accountId, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, Statements.AnyOf)).Failed(out var error, out var granted)) return error;
        if (ListingFilter.Read(http.Request.Query, ListingFilter.Statements).Failed(out error, out var filter)) return error;
        var path = Statements.PathOf(accountId);
        if (listings.Start(http, filter, path).Failed(out error, out var page)) return error;

        var within = filter.Asked.Within(TransactionEndpoints.Window(granted));
        var found = await bank.StatementsAsync(
            new StatementQuery(granted.CustomerId, accountId is null ? granted.AccountIds : [accountId], null, within, page.Start, Listings.PageSize), ct);
        if (accountId is not null && found.AccountIds.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);

        var rows = found.Statements;
        var links = listings.LinksOf(http, filter, path, found.HasNewer ? (rows[0].EndAt, rows[0].Id) : null, found.HasOlder ? (rows[^1].EndAt, rows[^1].Id) : null);
        return Answer(rows, granted, links, found.HasNewer || found.HasOlder ? Meta.OfMany : Meta.OnePage);
    }

    private async Task<IResult> GetAsync(string accountId, string statementId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, Statements.AnyOf)).Failed(out var error, out var granted)) return error;
        if ((await FindAsync(bank, granted, accountId, statementId, ct)).Failed(out error, out var statement)) return error;
        await access.UsedAsync(http, ct);
        return Answer([statement], granted, new Links(addresses.Of(http, $"{Statements.PathOf(accountId)}/{statementId}")), Meta.OnePage);
    }

    /// <summary>The statement as the customer gets it: with its lines, whole, by the one permission for it (OB-AIS-18, OB-DEC-2).</summary>
    private async Task<IResult> FileAsync(string accountId, string statementId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, Detail)).Failed(out var error, out var granted)) return error;
        if ((await FindAsync(bank, granted, accountId, statementId, ct)).Failed(out error, out var statement)) return error;
        if (await bank.AccountsAsync(granted.CustomerId, [accountId], ct) is not [var account]) return AccountAccess.NotShared();

        var period = new Period(statement.StartAt, statement.Next.AddTicks(-TimeSpan.TicksPerMicrosecond));
        var query = new TransactionQuery(granted.CustomerId, [accountId], period, Period.Always, Credits: true, Debits: true, BookedOnly: true, null, StatementFile.LinesAtOnce);
        var lines = new List<BankTransaction>();
        TransactionPage page;
        do
        {
            page = await bank.TransactionsAsync(query, ct);
            lines.AddRange(page.Transactions);
            if (lines.Count > 0) query = query with { Start = new PageStart(lines[^1].BookedAt, lines[^1].Id, Backwards: false) };
        }
        while (page.HasOlder);

        lines.Reverse();
        await access.UsedAsync(http, ct);
        return TypedResults.File(StatementFile.Of(account, statement, lines), StatementFile.MediaType, $"statement-{statement.Reference}.pdf");
    }

    private static JsonHttpResult<StatementList> Answer(IReadOnlyList<BankStatement> rows, AccountAccessDecision.Granted granted, Links links, Meta meta)
    {
        var allowed = new AllowList(granted.Permissions);
        var body = new StatementList.StatementData([.. rows.Select(row => allowed.Of(Mapping.Of(row)))]);
        return TypedResults.Json(new StatementList(body, links, meta), Wire.Default.StatementList, UkApi.Json);
    }
}
