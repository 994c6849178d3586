using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Connections;

/// <summary>The customer's dashboard of accesses given to third parties: each is seen and ended here (CON-06).</summary>
internal sealed class ConnectionEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/connections", (HttpContext http, ConnectionEndpoints endpoints, string? q, string? show, string? sort, string? stopped, CancellationToken ct) =>
            endpoints.ListAsync(http, new ConnectionFilter(q, show, sort), stopped, ct));
        routes.MapGet("/connections/stop-all", (HttpContext http, ConnectionEndpoints endpoints, string? client, CancellationToken ct) =>
            endpoints.ConfirmAllAsync(http, client, ct));
        routes.MapPost("/connections/stop-all", (HttpContext http, ConnectionEndpoints endpoints, CancellationToken ct) => endpoints.CancelAllAsync(http, ct));
        routes.MapGet("/connections/{consentId}", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.DetailAsync(http, consentId, ct));
        routes.MapGet("/connections/{consentId}/cancel", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.ConfirmAsync(http, consentId, ct));
        routes.MapPost("/connections/{consentId}/cancel", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.CancelAsync(http, consentId, ct));
    }

    /// <summary>Where everything of a third party is stopped (D-12).</summary>
    public static string StopAllAddressOf(string clientId) => $"/connections/stop-all?client={Uri.EscapeDataString(clientId)}";

    private async Task<IResult> ListAsync(HttpContext http, ConnectionFilter filter, string? stopped, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        var all = await mediator.Send(new ListConnections(customer.CustomerId), ct);
        var lastVisit = await mediator.Send(new FindPreviousVisit(customer.SessionId), ct);
        var accountsKnown = await mediator.Send(new ListOwnAccountsIfKnown(customer.CustomerId), ct) is not null;
        return Pages.Show<ConnectionsPage>(
            new { Customer = customer, All = all, Filter = filter, LastVisit = lastVisit, StoppedName = NameOfStopped(all, stopped), AccountsKnown = accountsKnown });
    }

    private async Task<IResult> DetailAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        if (await mediator.Send(new DescribeConnection(consentId, customer.CustomerId), ct) is not { } detail)
            return Pages.Error(StatusCodes.Status404NotFound);
        var more = detail.Summary.IsActive ? await ActiveOfAsync(detail.Summary.ClientId, customer, ct) : [];
        var checks = detail.Summary.Kind == ConsentKind.FundsConfirmation ? await mediator.Send(new ListFundsChecks(consentId, FundsChecks.Most), ct) : null;
        return Pages.Show<ConnectionPage>(new { Customer = customer, Detail = detail, ActiveOfClient = more.Count, Checks = checks });
    }

    private async Task<IResult> ConfirmAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        if (await mediator.Send(new DescribeConnection(consentId, customer.CustomerId), ct) is not { } detail)
            return Pages.Error(StatusCodes.Status404NotFound);
        return detail.Summary.IsActive
            ? Pages.Show<CancelAccessPage>(new { Customer = customer, Detail = detail })
            : Pages.SeeOther($"/connections/{Uri.EscapeDataString(consentId)}");
    }

    private async Task<IResult> CancelAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is null) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        var answer = await mediator.Send(new CancelConnection(consentId, customer.CustomerId, Visitors.Origin(http)), ct);
        return answer == CancellationAnswer.NotFound
            ? Pages.Error(StatusCodes.Status404NotFound)
            : Pages.SeeOther($"/connections/{Uri.EscapeDataString(consentId)}");
    }

    private async Task<IResult> ConfirmAllAsync(HttpContext http, string? clientId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        var details = new List<ConnectionDetail>();
        foreach (var connection in await ActiveOfAsync(clientId, customer, ct))
        {
            if (await mediator.Send(new DescribeConnection(connection.ConsentId, customer.CustomerId), ct) is { } detail) details.Add(detail);
        }

        return details.Count > 0 ? Pages.Show<StopAllPage>(new { Customer = customer, Details = details }) : Pages.SeeOther(Stopped(clientId));
    }

    private async Task<IResult> CancelAllAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        var clientId = form["client"].ToString();
        await mediator.Send(new CancelAllOfClient(clientId, customer.CustomerId, Visitors.Origin(http)), ct);
        return Pages.SeeOther(Stopped(clientId));
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

/// <summary>How a long list is narrowed (D-2): all of it stands in the page's address, so a reload or a bookmark shows the same.</summary>
public sealed record ConnectionFilter(string? Search, string? Show, string? Sort)
{
    /// <summary>From this many entries on the list can be searched.</summary>
    public const int ManyFrom = 6;

    public bool IsSet => !string.IsNullOrWhiteSpace(Search) || Show is "active" or "inactive" || Sort is "name" or "granted" or "used";

    public IEnumerable<ConnectionSummary> Apply(IReadOnlyList<ConnectionSummary> all)
    {
        var wanted = all.Where(connection => IsShown(connection) && IsFound(connection));
        return Sort switch
        {
            "name" => wanted.OrderBy(connection => connection.ClientName, StringComparer.OrdinalIgnoreCase),
            "granted" => wanted.OrderByDescending(connection => connection.GrantedAt),
            "used" => wanted.OrderByDescending(connection => connection.LastUsedAt ?? DateTimeOffset.MinValue),
            _ => wanted,
        };
    }

    private bool IsShown(ConnectionSummary connection) => Show switch
    {
        "active" => connection.IsActive,
        "inactive" => !connection.IsActive,
        _ => true,
    };

    // As the name is shown, too: what a customer reads can be searched for.
    private bool IsFound(ConnectionSummary connection) => string.IsNullOrWhiteSpace(Search)
        || new[] { connection.ClientName, connection.OnBehalfOf ?? "" }.Any(name =>
            name.Contains(Search.Trim(), StringComparison.OrdinalIgnoreCase) || VisibleText.Of(name).Contains(Search.Trim(), StringComparison.OrdinalIgnoreCase));
}
