using Microsoft.AspNetCore.Http;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>The headers that every page carries, error pages too (HTTP-16, PO-03, PO-16).</summary>
internal static class PageHeaders
{
    private static readonly object FormTarget = new();

    /// <summary>Lets the forms of this one answer go to a third party as well: only for <c>form_post</c>, only to its verified address.</summary>
    public static void AllowFormTo(HttpContext http, Uri target) => http.Items[FormTarget] = target.GetLeftPart(UriPartial.Authority);

    public static void Set(HttpContext http)
    {
        var headers = http.Response.Headers;

        // No inline script and no inline style anywhere, so that text which slips through as markup stays dead (PO-04).
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
            + $"form-action 'self'{(http.Items[FormTarget] is string target ? " " + target : "")}; frame-ancestors 'none'; base-uri 'none'";
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), geolocation=(), microphone=()";
        headers.CacheControl = "no-store";
    }
}
