using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.ResourceServer;

/// <summary>A refusal of an API call for its token; it is its own HTTP response.</summary>
/// <param name="Scheme">The scheme the caller used, whose challenge carries the error; null where there was none.</param>
/// <param name="Code">RFC 6750's error code; null where nothing was presented, so that nothing is wrong (RS-01).</param>
/// <param name="Rule">The line of the requirement list that was broken: the log's reason, and what a test asserts.</param>
public sealed record AccessRefusal(int Status, string? Scheme, string? Code, string Rule, string? Description) : IResult
{
    /// <summary>The scope that would have been enough; only with 403.</summary>
    public string? Scope { get; init; }

    /// <summary>The authentication that would have been enough; only with <c>insufficient_user_authentication</c>.</summary>
    public StepUp? StepUp { get; init; }

    /// <summary>What the UK standard says of it in a body; null for an empty one, as it wants for 401 (OB-HTTP-6).</summary>
    public ApiFault? Fault { get; init; }

    /// <summary>No token at all.</summary>
    public static AccessRefusal NoToken(string rule) => new(StatusCodes.Status401Unauthorized, null, null, rule, null);

    public static AccessRefusal InvalidToken(string scheme, string rule, string description) =>
        new(StatusCodes.Status401Unauthorized, scheme, "invalid_token", rule, description);

    /// <summary>The request shows its token in a way that has no one meaning (RS-08).</summary>
    public static AccessRefusal Malformed(string description) =>
        new(StatusCodes.Status400BadRequest, Challenge.Bearer, "invalid_request", "RS-08", description);

    public static AccessRefusal InsufficientScope(string scheme, string scope, string rule) =>
        new(StatusCodes.Status403Forbidden, scheme, "insufficient_scope", rule, "the token does not open this resource") { Scope = scope };

    /// <summary>The customer's authentication is too weak or too old for this; how to get a better one is in the challenge (STEP-01).</summary>
    public static AccessRefusal InsufficientAuthentication(string scheme, StepUp demand, string rule) => new(
        StatusCodes.Status401Unauthorized, scheme, "insufficient_user_authentication", rule, "a fresher or stronger authentication is required")
    {
        StepUp = demand,
    };

    /// <summary>It says nothing of the token, for nobody could be asked.</summary>
    public static AccessRefusal Unavailable(HttpContext http, string rule)
    {
        http.Response.Headers.RetryAfter = "1";
        return new AccessRefusal(StatusCodes.Status503ServiceUnavailable, null, null, rule, null);
    }

    /// <summary>The same for an endpoint whose steps refuse in the API's own words: the challenge is written, and what comes back is the rest.</summary>
    public ApiError AsApiError(HttpContext http)
    {
        new Challenge(Scheme, Code, Description) { Scope = Scope, StepUp = StepUp }.Write(http);
        return ApiError.Bare(Status, Rule);
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (Status < StatusCodes.Status500InternalServerError) new Challenge(Scheme, Code, Description) { Scope = Scope, StepUp = StepUp }.Write(httpContext);
        httpContext.Response.Headers.CacheControl = "no-store";
        if (Fault is not null) return new ApiError(Status, Rule, [Fault]).ExecuteAsync(httpContext);

        RefusalLog.Write(httpContext, Code ?? "-", Rule);
        httpContext.Response.StatusCode = Status;
        return Task.CompletedTask;
    }
}
