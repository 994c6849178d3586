using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Protocol;

/// <summary>Headers of the pages of the authorization endpoint: no script, nothing kept, framed or told to others (HTTP-16, OA-35).</summary>
internal static class PageHeaders
{
    /// <param name="formTarget">The one foreign address that a form on the page may post to.</param>
    public static void Set(HttpContext http, Uri? formTarget = null)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            + $"form-action {formTarget?.GetLeftPart(UriPartial.Authority) ?? "'none'"}";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
    }
}
