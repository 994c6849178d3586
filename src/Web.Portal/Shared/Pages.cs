using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>Answers with a page.</summary>
internal static class Pages
{
    public static IResult Show<TPage>(object parameters, int status = StatusCodes.Status200OK)
        where TPage : IComponent =>
        new RazorComponentResult<TPage>(parameters) { StatusCode = status, PreventStreamingRendering = true };

    public static IResult Error(int status, string? code = null, string? reference = null, string? again = null) =>
        Show<ErrorPage>(new { Status = status, Code = code, Reference = reference, Again = again }, status);

    /// <summary>303, so that the browser comes back with GET whatever it sent (HTTP-10).</summary>
    public static IResult SeeOther(string path) => new SeeOtherResult(path);

    /// <summary>
    /// Has the browser go on by itself after a while. A header, since it does what the meta element does and works without script.
    /// </summary>
    public static void GoOnAfter(HttpContext http, TimeSpan wait, string address)
    {
        if (address.All(character => character is > ' ' and < (char)127))
            http.Response.Headers["Refresh"] = $"{(int)Math.Ceiling(wait.TotalSeconds)}; url={address}";
    }

    private sealed record SeeOtherResult(string Path) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = Path;
            httpContext.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }
    }
}
