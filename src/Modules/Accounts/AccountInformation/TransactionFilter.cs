using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>What a third party asks of a transaction listing: a range of booking dates, and a page of it.</summary>
/// <param name="From">Inclusive (OB-DAT-4); its spelling stays, for links repeat it (OB-PAG-1).</param>
internal sealed record TransactionFilter(string? FromAsSent, DateTimeOffset? From, string? ToAsSent, DateTimeOffset? To, string? Page)
{
    private const string FromName = "fromBookingDateTime";
    private const string ToName = "toBookingDateTime";
    private const string PageName = "page";

    public static Outcome<TransactionFilter, ApiError> Read(IQueryCollection query)
    {
        var faults = new List<ApiFault>();
        var from = Date(query, FromName, faults);
        var to = Date(query, ToName, faults);
        if (query[PageName].Count > 1) faults.Add(new ApiFault("U002", "OB-PAG-6", "Use page links as they were given.", PageName));

        // An empty list would hide the mistake.
        if (from > to) faults.Add(new ApiFault("U003", "OB-DAT-7", "The range ends before it begins.", ToName));
        if (faults.Count > 0) return ApiError.BadRequest(faults);
        return new TransactionFilter(Text(query, FromName), from, Text(query, ToName), to, Text(query, PageName));
    }

    /// <summary>The listing in one fixed spelling; a page link is good for exactly this (OB-PAG-4, OB-PAG-6).</summary>
    public string Listing(string path) => path + Query(null);

    /// <summary>The address of a page of this listing, with its filters.</summary>
    public string Link(string path, string? page) => path + Query(page);

    private string Query(string? page)
    {
        var query = QueryString.Empty;
        if (FromAsSent is not null) query = query.Add(FromName, FromAsSent);
        if (ToAsSent is not null) query = query.Add(ToName, ToAsSent);
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
