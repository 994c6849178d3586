using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>Gives a person a page where a program would be content with a status.</summary>
internal static class ErrorPages
{
    public static Task ShowAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var isForPerson = http.BrowserErrorCode() is not null
            || http.Request.Headers.Accept.Any(accept => accept?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true);
        var again = http.BrowserErrorCode() == "accounts_unavailable" && HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString : null;
        return isForPerson
            ? Pages.Error(http.Response.StatusCode, http.BrowserErrorCode(), http.InteractionIdentifier(), again).ExecuteAsync(http)
            : Task.CompletedTask;
    }
}
