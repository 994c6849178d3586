using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>The headers that every HTML answer carries, errors and pages of other modules too (HTTP-16, PO-03, PO-16).</summary>
internal static class PageHeaders
{
    public static Task AddAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.OnStarting(() =>
        {
            if (http.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) != true) return Task.CompletedTask;
            var headers = http.Response.Headers;

            // No inline script and no inline style anywhere, so that text which slips through as markup stays dead (PO-04).
            headers.ContentSecurityPolicy =
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
                + $"form-action 'self'{(FormTarget.Of(http) is { } target ? " " + target : "")}; frame-ancestors 'none'; base-uri 'none'";
            headers.XFrameOptions = "DENY";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), geolocation=(), microphone=()";
            headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(http);
    }
}
