using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Consent.Contracts;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Connections;

/// <summary>The customer's dashboard of accesses given to third parties.</summary>
internal sealed class ConnectionEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/connections", (HttpContext http, ConnectionEndpoints endpoints, string? q, string? show, string? sort, CancellationToken ct) =>
            endpoints.ListAsync(http, new ConnectionFilter(q, show, sort), ct));
        routes.MapGet("/connections/{consentId}", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.DetailAsync(http, consentId, ct));
        routes.MapGet("/connections/{consentId}/cancel", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.ConfirmAsync(http, consentId, ct));
        routes.MapPost("/connections/{consentId}/cancel", (HttpContext http, ConnectionEndpoints endpoints, string consentId, CancellationToken ct) =>
            endpoints.CancelAsync(http, consentId, ct));
    }

    private async Task<IResult> ListAsync(HttpContext http, ConnectionFilter filter, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        var all = await mediator.Send(new ListConnections(customer.CustomerId), ct);
        return Pages.Show<ConnectionsPage>(new { Customer = customer, All = all, Filter = filter });
    }

    private async Task<IResult> DetailAsync(HttpContext http, string consentId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor("/connections");
        SignInEndpoints.EndWhenIdle(http);
        return await mediator.Send(new DescribeConnection(consentId, customer.CustomerId), ct) is { } detail
            ? Pages.Show<ConnectionPage>(new { Customer = customer, Detail = detail })
            : Pages.Error(StatusCodes.Status404NotFound);
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
}

/// <summary>How a long list is narrowed (D-2).</summary>
public sealed record ConnectionFilter(string? Search, string? Show, string? Sort)
{
    public IEnumerable<ConnectionSummary> Apply(IReadOnlyList<ConnectionSummary> all)
    {
        var wanted = all
            .Where(connection => Show != "active" || connection.IsActive)
            .Where(connection => string.IsNullOrWhiteSpace(Search)
                || connection.ClientName.Contains(Search.Trim(), StringComparison.OrdinalIgnoreCase)
                || connection.OnBehalfOf?.Contains(Search.Trim(), StringComparison.OrdinalIgnoreCase) == true);
        return Sort switch
        {
            "name" => wanted.OrderBy(connection => connection.ClientName, StringComparer.OrdinalIgnoreCase),
            "granted" => wanted.OrderByDescending(connection => connection.GrantedAt),
            _ => wanted,
        };
    }
}
