using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Connections;

/// <summary>The customer's dashboard of accesses given to third parties: each is seen and ended here (CON-06).</summary>
internal sealed class ConnectionEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    /// <summary>Where notices are dismissed (D-13).</summary>
    public const string DismissAddress = "/notices/dismiss";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/connections", (HttpContext http, ConnectionEndpoints endpoints, string? stopped, CancellationToken ct) =>
            endpoints.ListAsync(http, ConnectionFilter.From(http.Request.Query), stopped, ct));
        routes.MapGet("/connections/stop-all", (HttpContext http, ConnectionEndpoints endpoints, string? client, CancellationToken ct) =>
            endpoints.ConfirmAllAsync(http, client, ct));
        routes.MapPost("/connections/stop-all", (HttpContext http, ConnectionEndpoints endpoints, CancellationToken ct) => endpoints.CancelAllAsync(http, ct));
        routes.MapGet("/connections/{consentId}", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.DetailAsync(http, consentId, ct));
        routes.MapGet("/connections/{consentId}/cancel", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.ConfirmAsync(http, consentId, ct));
        routes.MapPost("/connections/{consentId}/cancel", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.CancelAsync(http, consentId, ct));
        routes.MapPost(DismissAddress, (HttpContext http, ConnectionEndpoints endpoints, CancellationToken ct) => endpoints.DismissAsync(http, ct));
    }

    public static string AddressOf(string consentId) => $"/connections/{Uri.EscapeDataString(consentId)}";

    /// <summary>Where everything of a third party is stopped (D-12).</summary>
    public static string StopAllAddressOf(string clientId) => $"/connections/stop-all?client={Uri.EscapeDataString(clientId)}";

    private async Task<IResult> ListAsync(HttpContext http, ConnectionFilter filter, string? stopped, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        var all = await mediator.Send(new ListConnections(customer.CustomerId), ct);
        var accountsKnown = await mediator.Send(new ListOwnAccountsIfKnown(customer.CustomerId), ct) is not null;
        return Pages.Show<ConnectionsPage>(new { Customer = customer, All = all, Filter = filter, StoppedName = NameOfStopped(all, stopped), AccountsKnown = accountsKnown });
    }

    private async Task<IResult> DetailAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        if (await mediator.Send(new DescribeConnection(consentId, customer.CustomerId), ct) is not { } detail)
            return NotFound(http);
        var more = detail.Summary.IsActive ? await ActiveOfAsync(detail.Summary.ClientId, customer, ct) : [];
        var checks = detail.Summary.Kind == ConsentKind.FundsConfirmation ? await mediator.Send(new ListFundsChecks(detail.Summary.ConsentIds, FundsChecks.Most), ct) : null;
        return Pages.Show<ConnectionPage>(new { Customer = customer, Detail = detail, ActiveOfClient = more.Count, Checks = checks });
    }

    private async Task<IResult> ConfirmAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        if (await mediator.Send(new DescribeConnection(consentId, customer.CustomerId), ct) is not { } detail)
            return NotFound(http);
        return detail.Summary.IsActive
            ? Pages.Show<CancelAccessPage>(new { Customer = customer, Detail = detail })
            : Pages.SeeOther(AddressOf(consentId));
    }

    private async Task<IResult> CancelAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is null) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        if (await mediator.Send(new DescribeConnection(consentId, customer.CustomerId), ct) is not { } detail) return NotFound(http);

        // What the customer sees as one ends as one (D-9); always in the same order, so that two who do this cannot lock each other out.
        foreach (var id in detail.Summary.ConsentIds.Order(StringComparer.Ordinal))
            await mediator.Send(new CancelConnection(id, customer.CustomerId, Visitors.Origin(http)), ct);
        return Pages.SeeOther(AddressOf(consentId));
    }

    private async Task<IResult> ConfirmAllAsync(HttpContext http, string? clientId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        var active = await ActiveOfAsync(clientId, customer, ct);
        return active.Count > 0 ? Pages.Show<StopAllPage>(new { Customer = customer, Active = active }) : Pages.SeeOther(Stopped(clientId));
    }

    private async Task<IResult> CancelAllAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        var clientId = form["client"].ToString();
        await mediator.Send(new CancelAllOfClient(clientId, customer.CustomerId, Visitors.Origin(http)), ct);
        return Pages.SeeOther(Stopped(clientId));
    }

    private async Task<IResult> DismissAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        var back = LocalPath.Of(form["back"]);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(back);
        foreach (var notice in Enum.GetValues<AccessNotice>())
        {
            string[] ids = [.. form[notice.ToString()].OfType<string>()];
            if (ids.Length > 0 && !await mediator.Send(new DismissNotices(customer.CustomerId, notice, ids), ct)) return NotFound(http);
        }

        return Pages.SeeOther(back);
    }

    // Another customer's and none at all: the same page (CO-19).
    private static IResult NotFound(HttpContext http)
    {
        RefusalLog.Write(http, "page", "CO-19");
        return Pages.Error(StatusCodes.Status404NotFound);
    }

    private async Task<List<ConnectionSummary>> ActiveOfAsync(string? clientId, SessionDescription customer, CancellationToken ct) =>
        [.. (await mediator.Send(new ListConnections(customer.CustomerId), ct)).Where(connection => connection.IsActive && connection.ClientId == clientId)];

    private static string Stopped(string? clientId) => $"/connections?stopped={Uri.EscapeDataString(clientId ?? "")}";

    // Said because it is so, not because the address says it: the name of a third party all of whose accesses have ended.
    private static string? NameOfStopped(IReadOnlyList<ConnectionSummary> all, string? clientId)
    {
        var ofClient = all.Where(connection => connection.ClientId == clientId).ToList();
        return ofClient.Count > 0 && ofClient.All(connection => !connection.IsActive) ? ofClient[0].ClientName : null;
    }
}
