using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>One thing wrong with a request, in the UK standard's words (OB-ERR-1).</summary>
/// <param name="ErrorCode">The four-character code, e.g. U002 (OB-ERR-2).</param>
/// <param name="Rule">The rule that was broken: the log's reason, and what a test asserts. Never on the wire.</param>
/// <param name="Message">What to change, without account data (OB-ERR-3).</param>
/// <param name="Path">JSON path from Data, header or parameter name (OB-ERR-4).</param>
public sealed record ApiFault(string ErrorCode, [property: JsonIgnore] string Rule, string Message, string? Path = null);

/// <summary>
/// A refusal of an open-banking API; it is its own HTTP response, and names every independent fault at once (OB-ERR-5).
/// Without faults it has a status and no body, as the standard wants for 401, 404, 405, 406 and 415. What is wrong with a token is said
/// in RFC 6750's words and not here (RS-15).
/// </summary>
public sealed record ApiError(int Status, string Rule, IReadOnlyList<ApiFault> Faults) : IResult
{
    private static readonly JsonSerializerOptions Wire = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>400 with one fault.</summary>
    public static ApiError BadRequest(string errorCode, string rule, string message, string? path = null) =>
        new(StatusCodes.Status400BadRequest, rule, [new ApiFault(errorCode, rule, message, path)]);

    /// <summary>400 with every fault that was found.</summary>
    public static ApiError BadRequest(IReadOnlyList<ApiFault> faults) => new(StatusCodes.Status400BadRequest, faults[0].Rule, faults);

    /// <summary>403 with one fault.</summary>
    public static ApiError Forbidden(string errorCode, string rule, string message) =>
        new(StatusCodes.Status403Forbidden, rule, [new ApiFault(errorCode, rule, message)]);

    /// <summary>A status without a body.</summary>
    public static ApiError Bare(int status, string rule) => new(status, rule, []);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        RefusalLog.Write(httpContext, Faults.Count > 0 ? Faults[0].ErrorCode : "-", Rule);
        httpContext.Response.StatusCode = Status;
        httpContext.Response.Headers.CacheControl = "no-store";
        return Faults.Count == 0
            ? Task.CompletedTask
            : httpContext.Response.WriteAsJsonAsync(
                new { Id = httpContext.InteractionIdentifier(), Errors = Faults }, Wire, "application/json; charset=utf-8");
    }
}
