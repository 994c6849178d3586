namespace OpenBanking.Host;

/// <summary>What every answer says to browsers and caches. The portal's pages add their own policy on top. No page of another
/// origin reads anything here: there is no Access-Control-Allow-Origin anywhere (TLS-08, RS-14).</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    // TLS-07: a year at least, with sub-domains, ready for the preload list.
    private const string Hsts = "max-age=63072000; includeSubDomains; preload";

    // Nothing that is not a page may do anything in a browser; pages bring the portal's own policy.
    private const string NothingRuns = "default-src 'none'; frame-ancestors 'none'";

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
        if (headers.ContentSecurityPolicy.Count == 0) headers.ContentSecurityPolicy = NothingRuns;

        // The rest of such a body is not read, so the connection ends; a client that is not told would send its next request into it.
        if (response.StatusCode == StatusCodes.Status413PayloadTooLarge) headers.Connection = "close";

        // Only what is the same for everybody is kept anywhere, and that says so itself (HTTP-03, OB-HDR-13).
        if (headers.CacheControl.Count == 0) headers.CacheControl = headers.ETag.Count == 0 ? "no-store" : "no-cache";
    }
}
