using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Users;

/// <summary>
/// Why a passkey ceremony failed. The browser is told the same whatever the cause, so that nobody learns from it whether a
/// customer, a code or a credential exists (PO-12); the rule is for the log.
/// </summary>
internal sealed record PasskeyRefusal(string Rule) : IResult
{
    private const string Code = "passkey_failed";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        RefusalLog.Write(httpContext, Code, Rule);
        httpContext.Response.StatusCode = StatusCodes.Status400BadRequest;
        httpContext.Response.Headers.CacheControl = "no-store";
        return httpContext.Response.WriteAsJsonAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = Code });
    }
}
