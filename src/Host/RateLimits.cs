using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>How much one address may ask for (HTTP-15, OP-08): settings under <c>RateLimits</c>, wide in the sandbox.</summary>
internal sealed record RateLimits(int Requests, TimeSpan Window)
{
    private const int Segments = 10;

    public static RateLimits From(IConfiguration configuration, bool sandbox) => new(
        Number(configuration, "RateLimits:Requests", sandbox ? 3000 : 600),
        TimeSpan.FromSeconds(Number(configuration, "RateLimits:WindowSeconds", 10)));

    public static void Add(IServiceCollection services, RateLimits limits) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(http =>
            http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
                ? RateLimitPartition.GetNoLimiter("health")
                : RateLimitPartition.GetSlidingWindowLimiter(Peer(http.Connection.RemoteIpAddress), _ => new SlidingWindowRateLimiterOptions
                {
                    PermitLimit = limits.Requests,
                    Window = limits.Window,
                    SegmentsPerWindow = Segments,
                }));
        limiter.OnRejected = (rejected, _) =>
        {
            var wait = Math.Max(1, (int)Math.Ceiling((limits.Window / Segments).TotalSeconds));
            rejected.HttpContext.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
            RefusalLog.Write(rejected.HttpContext, "-", "HTTP-15");
            return ValueTask.CompletedTask;
        };
    });

    // Who has one IPv6 address has 2^64 of them.
    private static string Peer(IPAddress? address)
    {
        if (address is null) return "-";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address)
            ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }

    private static int Number(IConfiguration configuration, string name, int otherwise)
    {
        if (configuration[name] is not { Length: > 0 } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new SettingsException($"{name.Replace(":", "__", StringComparison.Ordinal)} must be a whole number above 0.");
    }
}
