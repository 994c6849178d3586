using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>
/// Transactions of one account, of one statement, or of all accounts of a consent, newest first, page by page, as far back as the bank
/// knows them (OB-AIS-14).
/// </summary>
internal sealed class TransactionEndpoints(AccountAccess access, ICoreBank bank, Listings listings)
{
    private static readonly Resource Transactions = new("/transactions", "/transactions", "ReadTransactionsBasic", "ReadTransactionsDetail");

    public static void Map(IEndpointRouteBuilder aisp)
    {
        Listings.Map<TransactionEndpoints>(aisp, Transactions, (endpoints, http, accountId, ct) => endpoints.ListAsync(http, accountId, ct));
        aisp.MapGet(
            "/accounts/{accountId}/statements/{statementId}/transactions",
            (TransactionEndpoints endpoints, string accountId, string statementId, HttpContext http, CancellationToken ct) => endpoints.OfStatementAsync(accountId, statementId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
    }

    private async Task<IResult> ListAsync(HttpContext http, string? accountId, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, Transactions.AnyOf)).Failed(out var error, out var granted)) return error;
        return await AnswerAsync(http, granted, accountId, Window(granted), bookedOnly: false, Transactions.PathOf(accountId), ct);
    }

    /// <summary>What a statement is made of, by the permissions of transactions (OB-AIS-18).</summary>
    private async Task<IResult> OfStatementAsync(string accountId, string statementId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, Transactions.AnyOf)).Failed(out var error, out var granted)) return error;
        if ((await StatementEndpoints.FindAsync(bank, granted, accountId, statementId, ct)).Failed(out error, out var statement)) return error;
        var period = new Period(statement.StartAt, statement.Next.AddTicks(-TimeSpan.TicksPerMicrosecond));
        return await AnswerAsync(
            http, granted, accountId, period.Within(Window(granted)), bookedOnly: true, $"{Resource.Root}/accounts/{accountId}/statements/{statementId}/transactions", ct);
    }

    /// <summary>The consent's window, which nothing that is asked for widens (OB-AIS-13, OB-DAT-6, CO-15).</summary>
    public static Period Window(AccountAccessDecision.Granted granted) => new(granted.TransactionsFrom, granted.TransactionsTo);

    private async Task<IResult> AnswerAsync(
        HttpContext http, AccountAccessDecision.Granted granted, string? accountId, Period open, bool bookedOnly, string path, CancellationToken ct)
    {
        if (ListingFilter.Read(http.Request.Query, ListingFilter.Bookings).Failed(out var error, out var filter)) return error;
        if (listings.Start(http, filter, path).Failed(out error, out var page)) return error;
        var found = await bank.TransactionsAsync(
            new TransactionQuery(
                granted.CustomerId,
                accountId is null ? granted.AccountIds : [accountId],
                open,
                filter.Asked,
                Credits: granted.Permissions.Contains("ReadTransactionsCredits"),
                Debits: granted.Permissions.Contains("ReadTransactionsDebits"),
                bookedOnly,
                page.Start,
                Listings.PageSize),
            ct);
        if (accountId is not null && found.AccountIds.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);

        var rows = found.Transactions;
        var links = listings.LinksOf(
            http, filter, path, found.HasNewer ? (rows[0].BookedAt, rows[0].Id) : null, found.HasOlder ? (rows[^1].BookedAt, rows[^1].Id) : null);
        var allowed = new AllowList(granted.Permissions);
        var body = new TransactionList.TransactionData([.. rows.Select(row => allowed.Of(Mapping.Of(row)))]);
        var meta = (found.HasNewer || found.HasOlder ? Meta.OfMany : Meta.OnePage) with
        {
            FirstAvailableDateTime = found.Available.From is { } first ? IsoDateTime.ToWire(first) : null,
            LastAvailableDateTime = found.Available.To is { } last ? IsoDateTime.ToWire(last) : null,
        };
        return TypedResults.Json(new TransactionList(body, links, meta), Wire.Default.TransactionList, UkApi.Json);
    }
}
