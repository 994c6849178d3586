using System.Globalization;
using Microsoft.AspNetCore.Http;
using OpenBanking.Payments.Contracts;

namespace OpenBanking.Web.Portal.Payments;

/// <summary>How the list of payments is narrowed: all of it stands in the page's address, so a reload or a bookmark shows the same.</summary>
/// <param name="Show">open, made or notmade; anything else is all.</param>
/// <param name="Kind">What orders of a type are called.</param>
/// <param name="Sort">amount or payee; anything else is the latest first.</param>
/// <param name="Page">From 1.</param>
public sealed record PaymentFilter(string? Search, string? Show, string? Kind, string? Sort, int Page)
{
    /// <summary>From this many payments on the list can be searched.</summary>
    public const int ManyFrom = 6;

    /// <summary>How many payments a page of the list has.</summary>
    public const int PageSize = 20;

    private const int LongestSearch = 100;
    private const int LastPage = 100_000;

    /// <summary>From a page's address; what is unknown there is as if it were not.</summary>
    public static PaymentFilter From(IQueryCollection query) => new(
        query["q"].ToString().Trim() is { Length: > 0 and <= LongestSearch } search && !search.Any(char.IsControl) ? search : null,
        OneOf(query["show"], "open", "made", "notmade"),
        query["kind"].ToString() is { Length: > 0 and <= 40 } kind && kind.All(one => one is '-' || char.IsAsciiLetterLower(one)) ? kind : null,
        OneOf(query["sort"], "amount", "payee"),
        int.TryParse(query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page is > 0 and <= LastPage ? page : 1);

    public bool IsSet => (Search ?? Show ?? Kind ?? Sort) is not null;

    /// <summary>The address of a page of the same list.</summary>
    public string AddressOf(int page)
    {
        (string Name, string? Value)[] all = [("q", Search), ("show", Show), ("kind", Kind), ("sort", Sort), ("page", page > 1 ? page.ToString(CultureInfo.InvariantCulture) : null)];
        return PaymentEndpoints.Address + QueryString.Create(all.Where(part => part.Value is not null).Select(part => KeyValuePair.Create(part.Name, part.Value)));
    }

    public PaymentSearch ToSearch() => new(
        Search,
        Show switch { "open" => PaymentState.Open, "made" => PaymentState.Made, "notmade" => PaymentState.NotMade, _ => null },
        Kind,
        Sort switch { "amount" => PaymentOrdering.Amount, "payee" => PaymentOrdering.Payee, _ => PaymentOrdering.Latest },
        (Page - 1) * PageSize,
        PageSize);

    private static string? OneOf(string? value, params string[] known) => Array.Find(known, one => one == value);
}
