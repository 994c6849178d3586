using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Contracts;

/// <summary>
/// How an endpoint that has no pages of its own leaves a refusal to a page: it sets a status and this code, and writes no body; the
/// portal shows the page (HTTP-07: never a redirect to an address that was not verified).
/// </summary>
public static class BrowserError
{
    private static readonly object Key = new();

    /// <summary>Has the refusal shown as a page with this OAuth error code.</summary>
    public static void SetBrowserErrorCode(this HttpContext http, string code) => http.Items[Key] = code;

    /// <summary>The code to show; null where the answer is not meant for a page.</summary>
    public static string? BrowserErrorCode(this HttpContext http) => http.Items[Key] as string;
}
