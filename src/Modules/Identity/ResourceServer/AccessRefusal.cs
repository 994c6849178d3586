using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.ResourceServer;

/// <summary>A refusal of an API call for its token; it is its own HTTP response, with a challenge for each scheme there is (RS-07).</summary>
/// <param name="Scheme">The scheme the caller used, whose challenge carries the error; null where there was none.</param>
/// <param name="Code">RFC 6750's error code; null where nothing was presented, so that nothing is wrong (RS-01).</param>
/// <param name="Rule">The line of the requirement list that was broken: the log's reason, and what a test asserts.</param>
internal sealed record AccessRefusal(int Status, string? Scheme, string? Code, string Rule, string? Description) : IResult
{
    private const string Realm = "realm=\"open-banking\"";

    /// <summary>The scope that would have been enough; only with 403.</summary>
    public string? Scope { get; init; }

    /// <summary>What the UK standard says of it in a body; null for an empty one, as it wants for 401 (OB-HTTP-6).</summary>
    public ApiFault? Fault { get; init; }

    /// <summary>No token at all.</summary>
    public static AccessRefusal NoToken(string rule) => new(StatusCodes.Status401Unauthorized, null, null, rule, null);

    public static AccessRefusal InvalidToken(string scheme, string rule, string description) =>
        new(StatusCodes.Status401Unauthorized, scheme, "invalid_token", rule, description);

    /// <summary>The request shows its token in a way that has no one meaning (RS-08).</summary>
    public static AccessRefusal Malformed(string description) =>
        new(StatusCodes.Status400BadRequest, AccessTokenHandler.Bearer, "invalid_request", "RS-08", description);

    public static AccessRefusal InsufficientScope(string scheme, string scope, string rule) =>
        new(StatusCodes.Status403Forbidden, scheme, "insufficient_scope", rule, "the token does not open this resource") { Scope = scope };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var headers = httpContext.Response.Headers;
        headers.Append("WWW-Authenticate", Challenge(AccessTokenHandler.Dpop) + Algorithms);
        headers.Append("WWW-Authenticate", Challenge(AccessTokenHandler.Bearer));
        headers.CacheControl = "no-store";
        if (Fault is not null) return new ApiError(Status, Rule, [Fault]).ExecuteAsync(httpContext);

        RefusalLog.Write(httpContext, Code ?? "-", Rule);
        httpContext.Response.StatusCode = Status;
        return Task.CompletedTask;
    }

    /// <summary>A client that has no proof yet learns here what to sign it with (DPOP-22).</summary>
    private static readonly string Algorithms = $", algs=\"{string.Join(' ', SigningKeys.Algorithms)}\"";

    private string Challenge(string scheme)
    {
        var challenge = $"{scheme} {Realm}";
        if (scheme != Scheme) return challenge;
        if (Code is not null) challenge += $", error=\"{Code}\"";
        if (Description is not null) challenge += $", error_description=\"{Description}\"";
        if (Scope is not null) challenge += $", scope=\"{Scope}\"";
        return challenge;
    }
}
