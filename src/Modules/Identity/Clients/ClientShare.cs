using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Clients;

/// <summary>Of every API a client gets its share and no more, whichever of its tokens it shows and from wherever (OP-08, HTTP-15).</summary>
internal static class ClientShare
{
    /// <summary>The step after the token's check, which says who calls.</summary>
    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>() is null)
        {
            await next(http);
            return;
        }

        var limits = http.RequestServices.GetRequiredService<RequestLimits>();
        var clientId = http.AccessToken().ClientId;
        if (!limits.AdmitsClient(clientId))
        {
            limits.SayWhen(http);
            await ApiError.Bare(StatusCodes.Status429TooManyRequests, "OP-08").ExecuteAsync(http);
            return;
        }

        await next(http);
        if (http.Response is { StatusCode: < StatusCodes.Status400BadRequest, HasStarted: false } && http.Request.Path.StartsWithSegments("/open-banking", StringComparison.Ordinal))
            limits.SayShare(http, clientId);
    }
}
