using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace OpenBanking.Kernel.Http;

/// <summary>What every endpoint of the UK standard does with headers, said once (OB-HDR-2, OB-HDR-5 to OB-HDR-9, OB-HDR-13, RS-09).</summary>
public static class UkApi
{
    public const string Json = "application/json; charset=utf-8";

    /// <summary>A group of endpoints under the standard's path: the version's major and minor number, never the patch (OB-GEN-1).
    /// All of them are under this one prefix (OB-GEN-2), where the framework's routing takes a trailing slash (OB-GEN-11) and answers 405 to
    /// a method that is not there (OB-GEN-15).</summary>
    public static RouteGroupBuilder MapUkApi(this IEndpointRouteBuilder routes, string family) =>
        routes.MapGroup("/open-banking/v4.0/" + family).AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            http.Response.Headers.CacheControl = "no-store";
            return FirstRefusal(http.Request) ?? await next(context).ConfigureAwait(false);
        });

    /// <summary>A <c>Content-Type</c> without its parameters; empty where there is none.</summary>
    public static string MediaTypeOf(string? contentType) => contentType?.Split(';')[0].Trim() ?? "";

    /// <summary>What is wrong with the headers of a request, if anything.</summary>
    public static ApiError? FirstRefusal(HttpRequest request)
    {
        var faults = HeaderFaults(request.Headers).ToList();
        if (faults.Count > 0) return ApiError.BadRequest(faults);
        if (!IsAcceptable(request.Headers, request.HttpContext.GetEndpoint()?.Metadata.GetOrderedMetadata<AnswersIn>() ?? [])) return ApiError.Bare(StatusCodes.Status406NotAcceptable, "OB-HDR-7");
        var takesFiles = request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TakesFiles>() is not null;
        var taken = request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<Takes>()?.MediaType ?? "application/json";
        return CarriesBody(request.Method) && !takesFiles && !IsJson(request.ContentType, taken)
            ? ApiError.Bare(StatusCodes.Status415UnsupportedMediaType, "OB-HDR-6")
            : null;
    }

    // None of these headers must be there (OB-HDR-4). What else a third party says of its customer is its word and decides nothing: an
    // x-fapi-customer-ip-address of whatever form means that the customer is there (OB-HDR-3), is never a reason to refuse (RS-11), and
    // opens nothing (CO-21), since no access is counted or limited for want of it (OB-AIS-25). payload-version is for the past (OB-HDR-12).
    private static IEnumerable<ApiFault> HeaderFaults(IHeaderDictionary headers)
    {
        if (headers.TryGetValue(InteractionId.Header, out var id) && (id.Count != 1 || !Guid.TryParseExact(id, "D", out _)))
            yield return new ApiFault("U006", "OB-HDR-2", "The header must be one UUID.", InteractionId.Header);
        if (headers.TryGetValue("x-fapi-auth-date", out var date) && (date.Count != 1 || !IsHttpDate(date[0])))
            yield return new ApiFault("U006", "OB-HDR-5", "The header must be an HTTP date such as Sun, 10 Sep 2017 19:43:31 GMT.", "x-fapi-auth-date");
    }

    // RS-12: an x-fapi-end-user-present is not even read. The official schema also lets the zone be called UTC.
    private static bool IsHttpDate(string? text) => text is not null && DateTime.TryParseExact(
        text,
        ["ddd, dd MMM yyyy HH:mm:ss 'GMT'", "ddd, dd MMM yyyy HH:mm:ss 'UTC'"],
        CultureInfo.InvariantCulture,
        DateTimeStyles.None,
        out _);

    private static bool CarriesBody(string method) =>
        HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method);

    // Encryption of messages is not offered (OB-HDR-8).
    private static bool IsJson(string? contentType, string taken) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals(taken, StringComparison.OrdinalIgnoreCase)
        && IsUtf8(type);

    private static bool IsAcceptable(IHeaderDictionary headers, IReadOnlyList<AnswersIn> alsoAnswered)
    {
        if (headers.AcceptCharset.Count > 0
            && (!StringWithQualityHeaderValue.TryParseList(headers.AcceptCharset, out var charsets)
                || !charsets.Any(charset => charset.Quality != 0 && (charset.Value == "*" || charset.Value.Equals(Encoding.UTF8.WebName, StringComparison.OrdinalIgnoreCase)))))
            return false;
        if (headers.Accept.Count == 0) return true;
        if (!MediaTypeHeaderValue.TryParseList(headers.Accept, out var ranges)) return false;

        // RS-13. The most specific range that speaks of JSON decides, so "*/*, application/json;q=0" excludes it (RFC 9110 12.5.1).
        return Accepts(ranges, "application/json") || alsoAnswered.Any(file => Accepts(ranges, file.MediaType));
    }

    private static bool Accepts(IList<MediaTypeHeaderValue> ranges, string mediaType) => ranges
        .Where(range => IsUtf8(range) && Specificity(range, mediaType) > 0)
        .MaxBy(range => Specificity(range, mediaType)) is { } best && best.Quality != 0;

    private static int Specificity(MediaTypeHeaderValue range, string mediaType) =>
        range.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase) ? 3
        : range.MediaType.Equals("application/*", StringComparison.OrdinalIgnoreCase) ? 2
        : range.MatchesAllTypes ? 1
        : 0;

    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals(Encoding.UTF8.WebName, StringComparison.OrdinalIgnoreCase);
}

/// <summary>An endpoint answers a file of this type, where the standard's file lists JSON alone: who accepts either gets it (OB-DEC-2).</summary>
public sealed record AnswersIn(string MediaType);

/// <summary>An endpoint takes JSON of this type and of no other, where the standard's file lists another than plain JSON.</summary>
public sealed record Takes(string MediaType);

/// <summary>An endpoint takes files as what they are, where the standard's file lists JSON alone (OB-DEC-2); which, it judges itself.</summary>
public sealed record TakesFiles;
