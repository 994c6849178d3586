using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Payments.Contracts;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Payments;

/// <summary>
/// The payments that third parties have had made, with their names (D-10): what became of each, and the end of what has not gone yet. To stop
/// one moves no money and takes no more than to give it in did not: a confirmation, and no passkey (D-5, OB-PIS-21).
/// </summary>
internal sealed class PaymentEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    public const string Address = "/payments";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Address, (HttpContext http, PaymentEndpoints endpoints, CancellationToken ct) => endpoints.ListAsync(http, PaymentFilter.From(http.Request.Query), ct));
        routes.MapGet(Address + "/{orderId}", (HttpContext http, PaymentEndpoints endpoints, string orderId, CancellationToken ct) => endpoints.ShowAsync(http, orderId, StatusCodes.Status200OK, ct));
        routes.MapGet(Address + "/{orderId}/cancel", (HttpContext http, PaymentEndpoints endpoints, string orderId, CancellationToken ct) => endpoints.ConfirmAsync(http, orderId, ct));
        routes.MapPost(Address + "/{orderId}/cancel", (HttpContext http, PaymentEndpoints endpoints, string orderId, CancellationToken ct) => endpoints.CancelAsync(http, orderId, ct));
    }

    public static string AddressOf(string orderId) => $"{Address}/{Uri.EscapeDataString(orderId)}";

    private async Task<IResult> ListAsync(HttpContext http, PaymentFilter filter, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        SignInEndpoints.EndWhenIdle(http);
        var list = await mediator.Send(new ListPayments(customer.CustomerId, filter.ToSearch()), ct);
        return Pages.Show<PaymentsPage>(new { Customer = customer, List = list, Filter = filter, Accounts = await AccountsAsync(customer, ct) });
    }

    private async Task<IResult> ShowAsync(HttpContext http, string orderId, int status, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        SignInEndpoints.EndWhenIdle(http);
        if (await mediator.Send(new DescribePayment(orderId, customer.CustomerId), ct) is not { } detail) return NotFound(http);
        var shown = await mediator.Send(new DescribeApprovedPayment(detail.Summary.ConsentId, customer.CustomerId), ct);
        return Pages.Show<PaymentPage>(
            new { Customer = customer, Detail = detail, Shown = shown, Accounts = await AccountsAsync(customer, ct), CameTooLate = status == StatusCodes.Status409Conflict }, status);
    }

    private async Task<IResult> ConfirmAsync(HttpContext http, string orderId, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        SignInEndpoints.EndWhenIdle(http);
        if (await mediator.Send(new DescribePayment(orderId, customer.CustomerId), ct) is not { } detail) return NotFound(http);
        return detail.Summary.CanBeCancelled
            ? Pages.Show<CancelPaymentPage>(new { Customer = customer, Payment = detail.Summary })
            : Pages.SeeOther(AddressOf(orderId));
    }

    private async Task<IResult> CancelAsync(HttpContext http, string orderId, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is null) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        if (await mediator.Send(new CancelOrder(orderId, customer.CustomerId), ct)) return Pages.SeeOther(AddressOf(orderId));

        // It went, or was stopped, while the page was open: what is so now is shown (OB-PIS-21).
        RefusalLog.Write(http, "page", "OB-PIS-21");
        return await ShowAsync(http, orderId, StatusCodes.Status409Conflict, ct);
    }

    private async Task<IReadOnlyDictionary<string, OwnAccount>> AccountsAsync(SessionDescription customer, CancellationToken ct) =>
        (await mediator.Send(new ListOwnAccountsIfKnown(customer.CustomerId), ct) ?? []).ToDictionary(account => account.AccountId, StringComparer.Ordinal);

    // Another customer's and none at all: the same page (CO-19).
    private static IResult NotFound(HttpContext http)
    {
        RefusalLog.Write(http, "page", "CO-19");
        return Pages.Error(StatusCodes.Status404NotFound);
    }
}
