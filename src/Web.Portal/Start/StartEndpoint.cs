using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Start;

/// <summary>The start page: the way in for visitors, the overview for customers (D-1: the dashboard is one click away).</summary>
internal sealed class StartEndpoint(IMediator mediator, Visitors visitors)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/", (HttpContext http, StartEndpoint endpoint, CancellationToken ct) => endpoint.GetAsync(http, ct));

    private async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return Pages.Show<WelcomePage>(new { });
        SignInEndpoints.EndWhenIdle(http);
        var accounts = await mediator.Send(new ListOwnAccountsIfKnown(customer.CustomerId), ct);
        var connections = await mediator.Send(new ListConnections(customer.CustomerId), ct);
        var payments = await mediator.Send(new ListPayments(customer.CustomerId, new PaymentSearch(null, PaymentState.Open, null, PaymentOrdering.Latest, 0, 0)), ct);
        var approves = accounts?.Any(account => account.ApproversNeeded > 1) == true;
        var orders = approves ? await mediator.Send(new ListOrdersToApprove(customer.CustomerId), ct) : [];
        return Pages.Show<OverviewPage>(new
        {
            Customer = customer,
            Accounts = accounts,
            Connections = connections,
            Payments = payments,
            Approves = approves,
            OrdersToApprove = orders.Count(order => !order.IsApprovedByCustomer),
        });
    }
}
