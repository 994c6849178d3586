using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Clients;

/// <summary>Of every API a client gets its share and no more, whichever of its tokens it shows and from wherever (OP-08, HTTP-15).</summary>
internal static class ClientShare
{
    /// <summary>The step after the token's check, which says who calls.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>() is null) return next(http);
        var limits = http.RequestServices.GetRequiredService<RequestLimits>();
        if (limits.AdmitsClient(http.AccessToken().ClientId)) return next(http);
        limits.SayWhen(http);
        return ApiError.Bare(StatusCodes.Status429TooManyRequests, "OP-08").ExecuteAsync(http);
    }
}
