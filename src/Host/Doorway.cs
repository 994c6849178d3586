using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>Turns away what no endpoint should ever see: other hosts' names, and methods that HTTP does not know or that echo requests.</summary>
internal sealed class Doorway(RequestDelegate next, HostSettings settings)
{
    private readonly HashSet<string> names = new(settings.HostNames, StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext http)
    {
        // Links, issuer and metadata come from settings, never from here; but a name that is not ours is an attack or a mistake (OA-53).
        if (!names.Contains(http.Request.Host.Host)) return Refuse(http, StatusCodes.Status400BadRequest, "OA-53");

        // A proxy that takes requests without TLS would hand us what anybody on the way has read and changed.
        if (ForwardedFrom.WasInTheClear(http)) return Refuse(http, StatusCodes.Status400BadRequest, "TLS-01");

        // Methods are case-sensitive, and the framework's routing is not (OP-15).
        switch (http.Request.Method)
        {
            case "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "PATCH" or "OPTIONS":
                return next(http);
            case "TRACE" or "CONNECT":
                http.Response.Headers.Allow = "GET, HEAD, POST, PUT, DELETE";
                return Refuse(http, StatusCodes.Status405MethodNotAllowed, "OP-15");
            default:
                return Refuse(http, StatusCodes.Status501NotImplemented, "OP-15");
        }
    }

    private static Task Refuse(HttpContext http, int status, string rule)
    {
        RefusalLog.Write(http, "-", rule);
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
