using Microsoft.AspNetCore.Http;
using OpenBanking.Consent.Contracts;
using OpenBanking.Web.Portal.Shared;

namespace OpenBanking.Web.Portal.Connections;

/// <summary>How a long list is narrowed (D-2): all of it stands in the page's address, so a reload or a bookmark shows the same.</summary>
/// <param name="Show">active or inactive; anything else is both.</param>
/// <param name="Kind">One of the keys of <see cref="AccessWords"/>.</param>
/// <param name="GivenBy">me or other.</param>
/// <param name="Sort">name, granted, ends or used; anything else is by status.</param>
/// <param name="Page">From 1.</param>
public sealed record ConnectionFilter(string? Search, string? Show, string? Kind, string? GivenBy, string? Sort, int Page)
{
    /// <summary>From this many entries on the list can be searched.</summary>
    public const int ManyFrom = 6;

    /// <summary>How many entries a page of the list has.</summary>
    public const int PageSize = 20;

    private const int LongestSearch = 100;

    /// <summary>From a page's address; what is unknown there is as if it were not.</summary>
    public static ConnectionFilter From(IQueryCollection query) => new(
        Text(query["q"]) is { Length: <= LongestSearch } search ? search : null,
        OneOf(query["show"], "active", "inactive"),
        OneOf(query["kind"], [.. AccessWords.All.Select(words => words.Key)]),
        OneOf(query["by"], "me", "other"),
        OneOf(query["sort"], "name", "granted", "ends", "used"),
        int.TryParse(query["page"], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var page) && page > 0 ? page : 1);

    public bool IsSet => (Search ?? Show ?? Kind ?? GivenBy ?? Sort) is not null;

    /// <summary>The address of a page of the same list.</summary>
    public string AddressOf(int page)
    {
        (string Name, string? Value)[] all =
            [("q", Search), ("show", Show), ("kind", Kind), ("by", GivenBy), ("sort", Sort), ("page", page > 1 ? page.ToString(System.Globalization.CultureInfo.InvariantCulture) : null)];
        return "/connections" + QueryString.Create(all.Where(part => part.Value is not null).Select(part => KeyValuePair.Create(part.Name, part.Value)));
    }

    public IReadOnlyList<ConnectionSummary> Apply(IReadOnlyList<ConnectionSummary> all)
    {
        var wanted = all.Where(connection => IsShown(connection) && IsFound(connection));
        return
        [
            .. Sort switch
            {
                "name" => wanted.OrderBy(connection => connection.ClientName, StringComparer.OrdinalIgnoreCase),
                "granted" => wanted.OrderByDescending(connection => connection.GrantedAt),
                "ends" => wanted.OrderBy(connection => connection.EndedAt is null ? 0 : 1).ThenBy(connection => connection.Expires ?? DateTimeOffset.MaxValue),
                "used" => wanted.OrderByDescending(connection => connection.LastUsedAt ?? DateTimeOffset.MinValue),
                _ => wanted,
            },
        ];
    }

    private bool IsShown(ConnectionSummary connection) =>
        (Show is null || (Show == "active") == connection.IsActive)
        && (Kind is null || AccessWords.Of(connection.Kind).Key == Kind)
        && (GivenBy is null || (GivenBy == "other") == connection.GivenByOtherHolder);

    // By whom it was given to, and by account; as names are shown, too: what a customer reads can be searched for.
    private bool IsFound(ConnectionSummary connection) => Search is null
        || connection.AccountNames.Append(connection.ClientName).Append(connection.OnBehalfOf ?? "").Any(name =>
            name.Contains(Search, StringComparison.OrdinalIgnoreCase) || VisibleText.Of(name).Contains(Search, StringComparison.OrdinalIgnoreCase));

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    private static string? OneOf(string? value, params string[] known) => Array.Find(known, one => one == value);
}
