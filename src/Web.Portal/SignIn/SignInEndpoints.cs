using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Identity.Contracts;
using OpenBanking.Web.Portal.Approve;
using OpenBanking.Web.Portal.Shared;

namespace OpenBanking.Web.Portal.SignIn;

/// <summary>Ways in and out: activation, sign-in, sign-out, and the history of sign-ins. The passkey itself is Identity's business.</summary>
internal sealed class SignInEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    private const int ShownSignIns = 50;

    // A moment after the server's own limit, so that the page which says so finds the session ended.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/signin", (HttpContext http, SignInEndpoints endpoints, string? interaction, string? returnUrl, string? ended, CancellationToken ct) =>
            endpoints.SignInAsync(http, interaction, returnUrl, ended, ct));
        routes.MapGet("/activate", (HttpContext http, SignInEndpoints endpoints, string? interaction, CancellationToken ct) =>
            endpoints.ActivateAsync(http, interaction, ct));
        routes.MapPost("/signout", (HttpContext http, SignInEndpoints endpoints, CancellationToken ct) => endpoints.SignOutAsync(http, ct));
        routes.MapGet("/signins", (HttpContext http, SignInEndpoints endpoints, CancellationToken ct) => endpoints.HistoryAsync(http, ct));
    }

    /// <summary>Has an idle page say that the session is over, rather than fail at the next click .</summary>
    public static void EndWhenIdle(HttpContext http) =>
        Pages.GoOnAfter(http, IdleLimit, $"/signin?ended=idle&returnUrl={Uri.EscapeDataString(LocalPath.Of(http.Request.Path))}");

    /// <summary>The sign-in page for a page that needs a customer.</summary>
    public static IResult SignInFor(string path) => Pages.SeeOther($"/signin?returnUrl={Uri.EscapeDataString(LocalPath.Of(path))}");

    private async Task<IResult> SignInAsync(HttpContext http, string? interaction, string? returnUrl, string? ended, CancellationToken ct)
    {
        InteractionSummary? summary = null;
        string? because = null;
        if (interaction is not null)
        {
            var state = await mediator.Send(new DescribeInteraction(Visitors.Interaction(http, interaction)), ct);
            switch (state)
            {
                case InteractionState.DecisionNeeded: return Pages.SeeOther(ApproveEndpoints.AddressOf(interaction));
                case InteractionState.SignInNeeded needed: (summary, because) = (needed.Summary, needed.Because); break;
                default: return ApproveEndpoints.Ended(http, state);
            }

            ApproveEndpoints.ReturnWhenTimeIsUp(http, ApproveEndpoints.AddressOf(interaction), summary.DecideBefore);
        }

        return Pages.Show<SignInPage>(new { Interaction = interaction, Summary = summary, Because = because, Next = LocalPath.Of(returnUrl), Ended = ended });
    }

    private async Task<IResult> ActivateAsync(HttpContext http, string? interaction, CancellationToken ct)
    {
        InteractionSummary? summary = null;
        if (interaction is not null)
        {
            var state = await mediator.Send(new DescribeInteraction(Visitors.Interaction(http, interaction)), ct);
            if (state is not InteractionState.SignInNeeded needed) return ApproveEndpoints.Ended(http, state);
            summary = needed.Summary;
            ApproveEndpoints.ReturnWhenTimeIsUp(http, ApproveEndpoints.AddressOf(interaction), summary.DecideBefore);
        }

        var name = Device.NameOf(http.Request.Headers.UserAgent);
        return Pages.Show<ActivatePage>(new { Interaction = interaction, Summary = summary, PasskeyName = name });
    }

    private async Task<IResult> SignOutAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is null) return Pages.Error(StatusCodes.Status400BadRequest);
        if (Visitors.SessionIdOf(http) is { } session) await mediator.Send(new EndSession(session), ct);

        // The row is what counts, and it has ended; without the cookie the browser also stops sending what is worth nothing (PO-06, PO-07).
        http.Response.Cookies.Delete("__Host-session", new CookieOptions { Secure = true, HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/" });
        return Pages.SeeOther("/signin?ended=signout");
    }

    private async Task<IResult> HistoryAsync(HttpContext http, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInFor("/signins");
        EndWhenIdle(http);
        var records = await mediator.Send(new ListSignIns(customer.SessionId, ShownSignIns), ct);
        return Pages.Show<SignInHistoryPage>(new { Customer = customer, Records = records });
    }
}
