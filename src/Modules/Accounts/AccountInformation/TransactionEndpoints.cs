using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>Transactions of one account or of all accounts of a consent, newest first, page by page.</summary>
internal sealed class TransactionEndpoints(AccountAccess access, ICoreBank bank, PageCursors cursors, ApiAddresses addresses)
{
    /// <summary>Within the 25 to 1000 of the standard (OB-PAG-3).</summary>
    public const int PageSize = 100;

    private static readonly string[] AnyLevel = ["ReadTransactionsBasic", "ReadTransactionsDetail"];

    public static void Map(IEndpointRouteBuilder aisp)
    {
        aisp.MapGet("/transactions", (TransactionEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.ListAsync(http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet("/accounts/{accountId}/transactions", (TransactionEndpoints endpoint, string accountId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(accountId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, ct, AnyLevel)).Failed(out var error, out var granted)) return error;
        return await AnswerAsync(http, granted, granted.AccountIds, "/open-banking/v4.0/aisp/transactions", ct);
    }

    public async Task<IResult> GetAsync(string accountId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, AnyLevel)).Failed(out var error, out var granted)) return error;
        if ((await bank.AccountsAsync(granted.CustomerId, [accountId], ct)).Count == 0) return AccountAccess.NotShared();
        return await AnswerAsync(http, granted, [accountId], $"/open-banking/v4.0/aisp/accounts/{accountId}/transactions", ct);
    }

    private async Task<IResult> AnswerAsync(
        HttpContext http, AccountAccessDecision.Granted granted, IReadOnlyCollection<string> accountIds, string path, CancellationToken ct)
    {
        if (TransactionFilter.Read(http.Request.Query).Failed(out var error, out var filter)) return error;
        var consentId = http.Caller().Consent!.ConsentId;
        PageStart? start = null;
        if (filter.Page is { } page)
        {
            if (cursors.Open(page, consentId, filter.Listing(path)).Failed(out error, out var position)) return error;
            start = Position(position);
        }

        var found = await bank.TransactionsAsync(Query(granted, accountIds, filter, start), ct);
        await access.UsedAsync(http, ct);

        var rows = found.Transactions;
        string Beside(BankTransaction edge, bool newer) =>
            addresses.Of(http, filter.Link(path, cursors.Seal(consentId, filter.Listing(path), Position(edge, newer))));
        var links = new Links(
            addresses.Of(http, filter.Link(path, filter.Page)),
            found.HasNewer ? Beside(rows[0], newer: true) : null,
            found.HasOlder ? Beside(rows[^1], newer: false) : null);

        var allowed = new AllowList(granted.Permissions);
        var body = new TransactionList.TransactionData([.. rows.Select(row => allowed.Of(Mapping.Of(row)))]);
        var meta = found.HasNewer || found.HasOlder ? Meta.OfMany : Meta.OnePage;
        return TypedResults.Json(new TransactionList(body, links, meta), Wire.Default.TransactionList, UkApi.Json);
    }

    /// <summary>The consent's window and the filter's, whichever is narrower (OB-AIS-13, OB-DAT-6, CO-15).</summary>
    private static TransactionQuery Query(
        AccountAccessDecision.Granted granted, IReadOnlyCollection<string> accountIds, TransactionFilter filter, PageStart? start) => new(
        granted.CustomerId,
        accountIds,
        filter.From is null || granted.TransactionsFrom > filter.From ? granted.TransactionsFrom : filter.From,
        filter.To is null || granted.TransactionsTo < filter.To ? granted.TransactionsTo : filter.To,
        Credits: granted.Permissions.Contains("ReadTransactionsCredits"),
        Debits: granted.Permissions.Contains("ReadTransactionsDebits"),
        start,
        PageSize);

    private static string Position(BankTransaction edge, bool newer) =>
        string.Create(CultureInfo.InvariantCulture, $"{(newer ? 'n' : 'o')}{edge.BookedAt.UtcTicks}.{edge.Id:N}");

    // Only positions made above come back: the cursor is authenticated.
    private static PageStart Position(string position)
    {
        var dot = position.IndexOf('.', StringComparison.Ordinal);
        var ticks = long.Parse(position.AsSpan(1, dot - 1), CultureInfo.InvariantCulture);
        return new PageStart(new DateTimeOffset(ticks, TimeSpan.Zero), Guid.ParseExact(position[(dot + 1)..], "N"), position[0] == 'n');
    }
}
