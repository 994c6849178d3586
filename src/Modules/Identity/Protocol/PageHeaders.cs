using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Protocol;

/// <summary>Headers of whatever a browser gets from the authorization endpoint: nothing is kept, framed or told to others (HTTP-16, OA-35).</summary>
internal static class PageHeaders
{
    /// <param name="formAction">The one origin that a form on the page may post to; null for none.</param>
    public static void Set(HttpContext http, string? formAction = null)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {formAction ?? "'none'"}";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
    }
}
