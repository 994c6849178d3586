using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Web.Portal.Approve;

/// <summary>Draws the page that leads back where an endpoint without pages has left it to us .</summary>
internal static class WaysBack
{
    public static async Task ShowAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);

        // Only when all went well: a transaction that could not be committed has another answer by now.
        if (http.WayBack() is not var (clientName, back) || http.Response.HasStarted || http.Response.StatusCode != StatusCodes.Status200OK) return;
        await ApproveEndpoints.GoBack(http, ReturnResult.Answered, clientName, back).ExecuteAsync(http);
    }
}
