using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Contracts;

/// <summary>
/// How an endpoint that has no pages of its own sends a browser back by <c>form_post</c>: it leaves the way here and writes no body;
/// the portal shows the page with the form, in one look with all its others.
/// </summary>
public static class BrowserReturn
{
    private static readonly object Key = new();

    /// <summary>Has the way back shown as a page.</summary>
    /// <param name="clientName">Where it leads, by the trading name .</param>
    public static void SetWayBack(this HttpContext http, string clientName, ReturnToClient back) => http.Items[Key] = (clientName, back);

    /// <summary>The way back to show; null where the answer is complete without.</summary>
    public static (string ClientName, ReturnToClient Back)? WayBack(this HttpContext http) => http.Items[Key] as (string, ReturnToClient)?;
}
