namespace OpenBanking.Host;

/// <summary>What every answer says to browsers and caches. A page that needs another policy sets its own header; this one is then left out.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    // TLS-07: a year at least, with sub-domains, ready for the preload list.
    private const string Hsts = "max-age=63072000; includeSubDomains; preload";

    // HTTP-16, OP-22: everything from this origin, nothing inline, never in a frame. A form may lead on to any https address, because
    // browsers apply form-action to the redirect after it too, and approval ends at the third party.
    private const string ForPages =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + "form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'";

    private const string ForData = "default-src 'none'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext http)
    {
        http.Response.OnStarting(() =>
        {
            Write(http.Response);
            return Task.CompletedTask;
        });
        return next(http);
    }

    private static void Write(HttpResponse response)
    {
        var headers = response.Headers;
        headers.StrictTransportSecurity = Hsts;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (headers.ContentSecurityPolicy.Count == 0)
            headers.ContentSecurityPolicy = response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true ? ForPages : ForData;

        // Only what is the same for everybody is kept anywhere, and that says so itself (HTTP-03, OB-HDR-13).
        if (headers.CacheControl.Count == 0) headers.CacheControl = headers.ETag.Count == 0 ? "no-store" : "no-cache";
    }
}
