using System.Globalization;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>How much one address and one client may ask for: settings under <c>RateLimits</c>, wide in the sandbox.</summary>
internal sealed record RateLimits(int Requests, int ClientRequests, TimeSpan Window)
{
    public static RateLimits From(IConfiguration configuration, bool sandbox)
    {
        var requests = Number(configuration, "RateLimits:Requests", sandbox ? 6000 : 600);
        return new RateLimits(
            requests,

            // A third party calls from several addresses; never less than one of them may send.
            Number(configuration, "RateLimits:ClientRequests", Math.Max(requests, sandbox ? 6000 : 3000)),
            TimeSpan.FromSeconds(Number(configuration, "RateLimits:WindowSeconds", 10)));
    }

    public static void Add(IServiceCollection services, RateLimits limits)
    {
        // The machine's time, not the product's: what is limited is the load, and a tester who moves the clock frees nobody.
        services.AddSingleton(_ => new RequestCounts(limits.Window, Server.RealTime));
        services.AddSingleton(provider => new RequestLimits(provider.GetRequiredService<RequestCounts>(), limits.Requests, limits.ClientRequests));
        services.AddHostedService<SharedCounts>();
    }

    /// <summary>Turns an address away that has reached its limit, before anything is done for it.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var limits = http.RequestServices.GetRequiredService<RequestLimits>();
        if (http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) || limits.AdmitsAddress(http.Connection.RemoteIpAddress)) return next(http);
        limits.SayWhen(http);
        return ApiError.Bare(StatusCodes.Status429TooManyRequests, "HTTP-15").ExecuteAsync(http);
    }

    private static int Number(IConfiguration configuration, string name, int otherwise)
    {
        if (configuration[name] is not { Length: > 0 } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new SettingsException($"{name.Replace(":", "__", StringComparison.Ordinal)} must be a whole number above 0.");
    }
}
