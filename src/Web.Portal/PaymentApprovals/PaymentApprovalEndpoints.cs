using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Payments.Contracts;
using OpenBanking.Web.Portal.Approve;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.PaymentApprovals;

/// <summary>
/// Payments out of accounts that need several approvals, for those who have yet to give theirs (P-8). Being signed in shows them; to approve one
/// takes the passkey, over what is shown; to refuse one takes none, since no money moves by it.
/// </summary>
internal sealed class PaymentApprovalEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    public const string Address = "/approvals";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Address, (HttpContext http, PaymentApprovalEndpoints endpoints, CancellationToken ct) => endpoints.ListAsync(http, ct));
        routes.MapGet(Address + "/{orderId}", (HttpContext http, PaymentApprovalEndpoints endpoints, string orderId, CancellationToken ct) => endpoints.ShowAsync(http, orderId, Notice.None, ct));
        routes.MapPost(Address + "/{orderId}", (HttpContext http, PaymentApprovalEndpoints endpoints, string orderId, CancellationToken ct) => endpoints.DecideAsync(http, orderId, ct));
    }

    public static string AddressOf(string orderId) => $"{Address}/{Uri.EscapeDataString(orderId)}";

    private async Task<IResult> ListAsync(HttpContext http, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        SignInEndpoints.EndWhenIdle(http);
        return Pages.Show<PaymentApprovalsPage>(new { Customer = customer, Orders = await mediator.Send(new ListOrdersToApprove(customer.CustomerId), ct) });
    }

    private async Task<IResult> ShowAsync(HttpContext http, string orderId, Notice notice, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        if (await mediator.Send(new DescribeOrderToApprove(orderId, customer.CustomerId), ct) is not { } order) return NotFound(http);
        if (await mediator.Send(new DescribeFurtherApproval(order.ConsentId, order.ClientId, customer.CustomerId), ct) is not { } document) return NotFound(http);
        SignInEndpoints.EndWhenIdle(http);
        return Pages.Show<PaymentApprovalPage>(new { Customer = customer, Order = order, Document = document, Notice = notice }, notice.Status);
    }

    private async Task<IResult> DecideAsync(HttpContext http, string orderId, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        if (await mediator.Send(new DescribeOrderToApprove(orderId, customer.CustomerId), ct) is not { } order) return NotFound(http);
        if (form["decision"] != "approve") return await AnswerAsync(http, orderId, await mediator.Send(new RefuseOrder(orderId, customer.CustomerId), ct), ct);

        var digest = form["digest"].ToString();
        var used = new PasskeyUse(form["ceremony"].ToString(), form["credential"].ToString());
        if (await mediator.Send(new DescribeFurtherApproval(order.ConsentId, order.ClientId, customer.CustomerId), ct) is not { } document) return NotFound(http);
        string[] account = [.. document.Accounts.Select(one => one.AccountId)];
        switch (await mediator.Send(new ConfirmByPasskey(customer.SessionId, order.Subject, digest, account, used, document.ClientName), ct))
        {
            case PasskeyConfirmation.Refused refused:
                return await ShowAgainAsync(http, orderId, Notice.Wrong("Your passkey was not used for this payment, so nothing was approved. Please try again."), refused.Rule, ct);
            case PasskeyConfirmation.Held held:
                return ApproveEndpoints.Hold(http, held.Because, new OpenRequest(AddressOf(orderId), document.ClientName, order.DecideBefore, Continues: false, StaysHere: true));
            case PasskeyConfirmation.Confirmed confirmed:
                var evidence = new AuthenticationEvidence(confirmed.At, confirmed.PasskeyId, Visitors.Origin(http)) { Signature = confirmed.Signature };
                return await AnswerAsync(http, orderId, await mediator.Send(new ApproveOrder(orderId, customer.CustomerId, digest, evidence), ct), ct);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<IResult> AnswerAsync(HttpContext http, string orderId, OrderApprovalAnswer answer, CancellationToken ct) => answer switch
    {
        OrderApprovalAnswer.Done or OrderApprovalAnswer.Complete => Pages.SeeOther(AddressOf(orderId)),
        OrderApprovalAnswer.Changed => await ShowAgainAsync(http, orderId, Notice.Changed, "CO-07", ct),
        OrderApprovalAnswer.ApprovedBefore => await ShowAgainAsync(http, orderId, new Notice(StatusCodes.Status409Conflict, "You have approved this payment before; it counts once."), "CO-08", ct),
        OrderApprovalAnswer.Over => await ShowAgainAsync(http, orderId, new Notice(StatusCodes.Status409Conflict, "Nothing has changed: this payment had been decided before."), "CO-09", ct),
        OrderApprovalAnswer.NotFound => NotFound(http),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private Task<IResult> ShowAgainAsync(HttpContext http, string orderId, Notice notice, string rule, CancellationToken ct)
    {
        RefusalLog.Write(http, "page", rule);
        return ShowAsync(http, orderId, notice, ct);
    }

    // Another's payment and none at all are not told apart.
    private static IResult NotFound(HttpContext http)
    {
        RefusalLog.Write(http, "page", "CO-19");
        return Pages.Error(StatusCodes.Status404NotFound);
    }
}
