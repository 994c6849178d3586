using MediatR;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>Who looks at a page.</summary>
internal sealed class Visitors(IMediator mediator)
{
    /// <summary>The signed-in customer; null where there is none or the session has ended.</summary>
    public async Task<SessionDescription?> FindAsync(HttpContext http, CancellationToken ct) =>
        SessionIdOf(http) is { } id ? await mediator.Send(new DescribeSession(id), ct) : null;

    /// <summary>The interaction of a page's address, as this browser and this session may name it.</summary>
    public static InteractionReference Interaction(HttpContext http, string id) =>
        new(id, http.Request.Cookies[InteractionCookie.NameFor(id)], SessionIdOf(http));

    public static DecisionOrigin Origin(HttpContext http) =>
        new(http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null);

    public static Guid? SessionIdOf(HttpContext http) =>
        Guid.TryParseExact(http.User.FindFirst("sid")?.Value, "D", out var id) ? id : null;
}
