using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Passkeys;

/// <summary>The customer's own passkeys: see, add, name and remove them.</summary>
internal sealed class PasskeyPages(IMediator mediator, Visitors visitors, PortalForms forms)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/passkeys", (HttpContext http, PasskeyPages pages, CancellationToken ct) => pages.ListAsync(http, null, ct));
        routes.MapPost("/passkeys/{id:guid}/name", (HttpContext http, PasskeyPages pages, string id, CancellationToken ct) => pages.RenameAsync(http, id, ct));
        routes.MapGet("/passkeys/{id:guid}/remove", (HttpContext http, PasskeyPages pages, string id, CancellationToken ct) => pages.ConfirmAsync(http, id, ct));
        routes.MapPost("/passkeys/{id:guid}/remove", (HttpContext http, PasskeyPages pages, string id, CancellationToken ct) => pages.RemoveAsync(http, id, ct));
    }

    private async Task<IResult> ListAsync(HttpContext http, PasskeyChange? problem, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/passkeys");
        SignInEndpoints.EndWhenIdle(http);
        var passkeys = await mediator.Send(new ListPasskeys(customer.SessionId), ct);
        return Pages.Show<MyPasskeysPage>(
            new { Customer = customer, Passkeys = passkeys, Problem = problem, NewName = Device.NameOf(http.Request.Headers.UserAgent) },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private async Task<IResult> RenameAsync(HttpContext http, string id, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        if (Visitors.SessionIdOf(http) is not { } session) return SignInEndpoints.SignInFor("/passkeys");
        return await AfterAsync(http, await mediator.Send(new RenamePasskey(session, id, form["name"].ToString()), ct), ct);
    }

    private async Task<IResult> ConfirmAsync(HttpContext http, string id, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/passkeys");
        SignInEndpoints.EndWhenIdle(http);
        var passkeys = await mediator.Send(new ListPasskeys(customer.SessionId), ct);
        if (passkeys.FirstOrDefault(passkey => passkey.Id == id) is not { } passkey) return Pages.Error(StatusCodes.Status404NotFound);
        return Pages.Show<RemovePasskeyPage>(new { Customer = customer, Passkey = passkey });
    }

    private async Task<IResult> RemoveAsync(HttpContext http, string id, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is null) return Pages.Error(StatusCodes.Status400BadRequest);
        if (Visitors.SessionIdOf(http) is not { } session) return SignInEndpoints.SignInFor("/passkeys");
        return await AfterAsync(http, await mediator.Send(new RemovePasskey(session, id), ct), ct);
    }

    private async Task<IResult> AfterAsync(HttpContext http, PasskeyChange change, CancellationToken ct)
    {
        if (change == PasskeyChange.Done) return Pages.SeeOther("/passkeys");
        RefusalLog.Write(http, "page", change == PasskeyChange.SignInAgain ? "PO-15" : "PK-16");
        return change switch
        {
            PasskeyChange.SignInAgain => Pages.SeeOther("/signin?ended=fresh&returnUrl=%2Fpasskeys"),
            PasskeyChange.NotFound => Pages.Error(StatusCodes.Status404NotFound),
            _ => await ListAsync(http, change, ct),
        };
    }
}
