using Microsoft.AspNetCore.Http;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>What a third party asks of a listing: a range of dates, and a page of it.</summary>
/// <param name="Asked">Both ends inclusive (OB-DAT-4); their spelling stays beside it, for links repeat it (OB-PAG-1).</param>
internal sealed record ListingFilter(ListingFilter.Ends Names, string? FromAsSent, string? ToAsSent, Period Asked, string? Page)
{
    /// <summary>What the ends of the range are called.</summary>
    internal sealed record Ends(string From, string To);

    public static readonly Ends Bookings = new("fromBookingDateTime", "toBookingDateTime");
    public static readonly Ends Statements = new("fromStatementDateTime", "toStatementDateTime");
    private const string PageName = "page";

    public static Outcome<ListingFilter, ApiError> Read(IQueryCollection query, Ends names)
    {
        var faults = new List<ApiFault>();
        var from = Date(query, names.From, faults);
        var to = Date(query, names.To, faults);
        if (query[PageName].Count > 1) faults.Add(new ApiFault("U002", "OB-PAG-6", "Use page links as they were given.", PageName));

        // An empty list would hide the mistake.
        if (from > to) faults.Add(new ApiFault("U003", "OB-DAT-7", "The range ends before it begins.", names.To));
        if (faults.Count > 0) return ApiError.BadRequest(faults);
        return new ListingFilter(names, Text(query, names.From), Text(query, names.To), new Period(from, to), Text(query, PageName));
    }

    /// <summary>The listing in one fixed spelling; a page link is good for exactly this (OB-PAG-4, OB-PAG-6).</summary>
    public string Listing(string path) => path + Query(null);

    /// <summary>The address of a page of this listing, with its filters.</summary>
    public string Link(string path, string? page) => path + Query(page);

    private string Query(string? page)
    {
        var query = QueryString.Empty;
        if (FromAsSent is not null) query = query.Add(Names.From, FromAsSent);
        if (ToAsSent is not null) query = query.Add(Names.To, ToAsSent);
        if (page is not null) query = query.Add(PageName, page);
        return query.Value ?? string.Empty;
    }

    private static string? Text(IQueryCollection query, string name) => query.TryGetValue(name, out var values) ? values.ToString() : null;

    private static DateTimeOffset? Date(IQueryCollection query, string name, List<ApiFault> faults)
    {
        if (!query.TryGetValue(name, out var values)) return null;
        var date = values is [{ } text] ? IsoDateTime.ParseFilter(text) : null;
        if (date is null) faults.Add(new ApiFault("U003", "OB-DAT-8", "Must be one ISO 8601 date and time.", name));
        return date;
    }
}
