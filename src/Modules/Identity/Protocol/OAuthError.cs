using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Protocol;

/// <summary>A refusal in OAuth's own words; it is its own HTTP response (HTTP-04).</summary>
/// <param name="Code">What the client's program branches on.</param>
/// <param name="Rule">The line of the requirement list that was broken: the log's reason, and what a test asserts.</param>
/// <param name="Description">What the client's developer reads: names the parameter, quotes no input (HTTP-05).</param>
/// <param name="Status">400 unless the rule says otherwise.</param>
internal sealed record OAuthError(string Code, string Rule, string Description, int Status = StatusCodes.Status400BadRequest) : IResult
{
    public static OAuthError InvalidRequest(string rule, string description) => new("invalid_request", rule, description);

    /// <summary>One text whatever the cause (CA-15): who guesses learns nothing; the rule tells the log.</summary>
    public static OAuthError InvalidClient(string rule) =>
        new("invalid_client", rule, "client authentication failed", StatusCodes.Status401Unauthorized);

    /// <summary>One text whatever the cause.</summary>
    public static OAuthError InvalidGrant(string rule) => new("invalid_grant", rule, "the grant is not valid for this request");

    public static OAuthError InvalidDpopProof(string rule, string description) => new("invalid_dpop_proof", rule, description);

    /// <summary>The client has asked for more than its share (OP-08); the answer says when to come again.</summary>
    public static OAuthError TooManyRequests { get; } =
        new("temporarily_unavailable", "OP-08", "the client sends too many requests", StatusCodes.Status429TooManyRequests);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        RefusalLog.Write(httpContext, Code, Rule);
        httpContext.Response.StatusCode = Status;
        httpContext.Response.Headers.CacheControl = "no-store";
        return httpContext.Response.WriteAsJsonAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = Code, ["error_description"] = Description });
    }
}
