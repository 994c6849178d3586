using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>A kind of data: where it is read of one account and of all accounts of a consent (OB-AIS-8), and what opens it (OB-PERM-2).</summary>
/// <param name="Bulk">Below the family's root.</param>
/// <param name="Single">Below an account.</param>
/// <param name="AnyOf">One of these permissions is enough.</param>
internal sealed record Resource(string Bulk, string Single, params string[] AnyOf)
{
    public const string Root = "/open-banking/v4.0/aisp";

    public string PathOf(string? accountId) => accountId is null ? Root + Bulk : $"{Root}/accounts/{accountId}{Single}";
}

/// <summary>Asks the bank for rows of one kind.</summary>
internal delegate Task<OfAccounts<T>> Ask<T>(string customerId, IReadOnlyCollection<string> accountIds, CancellationToken ct);

/// <summary>The part of an answer that every kind of data has.</summary>
internal sealed record Frame(string? AccountId, AllowList Allowed, DateTimeOffset Now, Links Links, Meta Meta);

/// <summary>The steps that the listings of all kinds of data have in common, and the pages of those that have pages.</summary>
internal sealed class Listings(AccountAccess access, ICoreBank bank, PageCursors cursors, ApiAddresses addresses, TimeProvider time)
{
    /// <summary>Within the 25 to 1000 of the standard (OB-PAG-3).</summary>
    public const int PageSize = 100;

    /// <summary>A kind of data whose rows all go on one page: what a person has arranged is not much.</summary>
    public static void Map<T, TBody>(
        IEndpointRouteBuilder aisp, Resource resource, Func<ICoreBank, Ask<T>> ask, Func<IReadOnlyList<T>, Frame, TBody> body, JsonTypeInfo<TBody> type) =>
        Map<Listings>(aisp, resource, (listings, http, accountId, ct) => listings.AnswerAsync(http, resource, accountId, ask(listings.Bank), body, type, ct));

    /// <summary>Both addresses of a kind of data.</summary>
    /// <param name="answer">Given the account, or null for all of the consent.</param>
    public static void Map<TEndpoints>(IEndpointRouteBuilder aisp, Resource resource, Func<TEndpoints, HttpContext, string?, CancellationToken, Task<IResult>> answer)
        where TEndpoints : notnull
    {
        aisp.MapGet(resource.Bulk, (TEndpoints endpoints, HttpContext http, CancellationToken ct) => answer(endpoints, http, null, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet("/accounts/{accountId}" + resource.Single, (TEndpoints endpoints, string accountId, HttpContext http, CancellationToken ct) => answer(endpoints, http, accountId, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
    }

    private ICoreBank Bank => bank;

    private async Task<IResult> AnswerAsync<T, TBody>(
        HttpContext http, Resource resource, string? accountId, Ask<T> ask, Func<IReadOnlyList<T>, Frame, TBody> body, JsonTypeInfo<TBody> type, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, resource.AnyOf)).Failed(out var error, out var granted)) return error;
        var found = await ask(granted.CustomerId, accountId is null ? granted.AccountIds : [accountId], ct);
        if (accountId is not null && found.AccountIds.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);
        var links = new Links(addresses.Of(http, resource.PathOf(accountId)));
        return TypedResults.Json(body(found.Rows, new Frame(accountId, new AllowList(granted.Permissions), time.GetUtcNow(), links, Meta.OnePage)), type, UkApi.Json);
    }

    /// <summary>Where the page that was asked for begins; null is the newest. Refused where the link was made for something else (OB-PAG-6).</summary>
    public Outcome<Position, ApiError> Start(HttpContext http, ListingFilter filter, string path)
    {
        if (filter.Page is not { } page) return new Position(null);
        if (cursors.Open(page, http.Caller().Consent!.ConsentId, filter.Listing(path)).Failed(out var error, out var position)) return error;
        return new Position(Read(position));
    }

    /// <summary>The links of a page, each good for exactly its listing (OB-PAG-1, OB-PAG-2, OB-PAG-4).</summary>
    /// <param name="newest">When and which the page's first row is; null where nothing is newer.</param>
    /// <param name="oldest">The same of its last row; null where nothing is older.</param>
    public Links LinksOf(HttpContext http, ListingFilter filter, string path, (DateTimeOffset At, Guid Id)? newest, (DateTimeOffset At, Guid Id)? oldest)
    {
        var consentId = http.Caller().Consent!.ConsentId;
        string? Beside((DateTimeOffset At, Guid Id)? edge, char side) => edge is { } at
            ? addresses.Of(http, filter.Link(path, cursors.Seal(consentId, filter.Listing(path), string.Create(CultureInfo.InvariantCulture, $"{side}{at.At.UtcTicks}.{at.Id:N}"))))
            : null;
        return new Links(addresses.Of(http, filter.Link(path, filter.Page)), Beside(newest, 'n'), Beside(oldest, 'o'));
    }

    // Only positions made above come back: the cursor is authenticated.
    private static PageStart Read(string position)
    {
        var dot = position.IndexOf('.', StringComparison.Ordinal);
        var ticks = long.Parse(position.AsSpan(1, dot - 1), CultureInfo.InvariantCulture);
        return new PageStart(new DateTimeOffset(ticks, TimeSpan.Zero), Guid.ParseExact(position[(dot + 1)..], "N"), position[0] == 'n');
    }

    internal sealed record Position(PageStart? Start);
}
