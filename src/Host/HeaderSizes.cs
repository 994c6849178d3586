using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.Features;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Host;

/// <summary>
/// Bounds of one header and of the request line, inside those of the whole that Kestrel keeps (HTTP-14). Proxies and other resource
/// servers take 8 KB, so what would not get through there is not taken here either; and how large headers are is measured, so that an
/// operator sees a limit coming.
/// </summary>
internal sealed partial class HeaderSizes(RequestDelegate next, HostSettings settings, IMeterFactory meters, ILogger<HeaderSizes> log)
{
    public const string Meter = "OpenBanking.Host";
    internal const int MaxHeader = 8 * 1024;
    internal const int MaxLine = 8 * 1024;

    /// <summary>Of all others in a chain of certificates (FWD-06).</summary>
    internal const int MaxChain = 16 * 1024;

    private const string Version = " HTTP/1.1";
    private readonly Histogram<int> sizes = meters.Create(Meter).CreateHistogram<int>(
        "openbanking.http.request.headers", "By", "Size of all headers of a request, their names included");

    public Task InvokeAsync(HttpContext http)
    {
        // A request object by value stands in the address; it is for browsers, so the port of the certificates does not take it.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var line = http.Request.Method.Length + 1 + target.Length + Version.Length;
        if (line > MaxLine && !(http.Request.Path == "/authorize" && http.Connection.LocalPort != settings.MtlsPort))
            return RefuseAsync(http, StatusCodes.Status414UriTooLong, "the request line", line);

        var all = 0;
        foreach (var (name, values) in http.Request.Headers)
        {
            var size = name.Length;
            foreach (var value in values) size += value?.Length ?? 0;
            all += size;
            if (size - name.Length > (name.Equals(ForwardedCertificates.ChainHeader, StringComparison.OrdinalIgnoreCase) ? MaxChain : MaxHeader))
                return RefuseAsync(http, StatusCodes.Status431RequestHeaderFieldsTooLarge, name, size - name.Length);
        }

        sizes.Record(all);
        return next(http);
    }

    private Task RefuseAsync(HttpContext http, int status, string what, int size)
    {
        // A name may be anything its sender made up; its letters alone are worth a log line.
        Log.TooLarge(log, new string([.. what.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or ' ').Take(64)]), size, http.InteractionIdentifier());
        return ApiError.Bare(status, "HTTP-14").ExecuteAsync(http);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Too large: {What} has {Size} bytes, interaction {InteractionId}")]
        public static partial void TooLarge(ILogger logger, string what, int size, string interactionId);
    }
}
