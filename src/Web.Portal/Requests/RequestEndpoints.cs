using System.Collections.ObjectModel;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Web.Portal.Approve;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.Requests;

/// <summary>
/// Requests that third parties have sent without a browser: the customer finds them here and decides. Being signed in shows them;
/// to approve one takes the passkey, for that one.
/// </summary>
internal sealed class RequestEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    public const string Address = "/requests";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Address, (HttpContext http, RequestEndpoints endpoints, CancellationToken ct) => endpoints.ListAsync(http, ct));
        routes.MapPost(Address + "/taking", (HttpContext http, RequestEndpoints endpoints, CancellationToken ct) => endpoints.TakeAsync(http, ct));
        routes.MapGet(Address + "/{id:guid}", (HttpContext http, RequestEndpoints endpoints, Guid id, CancellationToken ct) =>
            endpoints.ShowAsync(http, id, Notice.None, [], ct));
        routes.MapPost(Address + "/{id:guid}", (HttpContext http, RequestEndpoints endpoints, Guid id, CancellationToken ct) => endpoints.DecideAsync(http, id, ct));
    }

    public static string AddressOf(Guid id) => $"{Address}/{id:D}";

    private async Task<IResult> ListAsync(HttpContext http, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        SignInEndpoints.EndWhenIdle(http);
        var inbox = await mediator.Send(new ListWaitingRequests(customer.SessionId), ct);
        return Pages.Show<RequestsPage>(new { Customer = customer, Inbox = inbox });
    }

    private async Task<IResult> TakeAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        if (Visitors.SessionIdOf(http) is not { } session) return SignInEndpoints.SignInFor(Address);
        await mediator.Send(new TakeRequests(session, form["take"] == "yes"), ct);
        return Pages.SeeOther(Address);
    }

    private async Task<IResult> ShowAsync(HttpContext http, Guid id, Notice notice, IReadOnlyList<string> chosen, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        if (await mediator.Send(new DescribeWaitingRequest(customer.SessionId, id), ct) is not { } request) return NotFound(http);
        if (request.Outcome is not null)
        {
            SignInEndpoints.EndWhenIdle(http);
            return Pages.Show<RequestEndedPage>(new { Customer = customer, Request = request, Notice = notice }, notice.Status);
        }

        var document = await mediator.Send(new DescribeForApproval(request.ConsentId, request.ClientId, customer.CustomerId), ct);
        if (document is null) return NotFound(http);

        IReadOnlyDictionary<string, Money> available = document.Payment is null
            ? ReadOnlyDictionary<string, Money>.Empty
            : await mediator.Send(new ListAvailableFunds(customer.CustomerId, [.. document.Accounts.Select(account => account.AccountId)]), ct);

        // Whichever is first: the request's end or the session's. The page is loaded again then, and says what has happened.
        var until = customer.EndsAt < request.DecideBefore ? customer.EndsAt : request.DecideBefore;
        ApproveEndpoints.ReturnWhenTimeIsUp(http, AddressOf(id), until);
        return Pages.Show<RequestPage>(
            new
            {
                Customer = customer,
                Request = request,
                Document = document,
                Available = available,
                Notice = notice,
                Chosen = chosen,
                DecideBefore = until,
                SignInEnds = until < request.DecideBefore,
            },
            notice.Status);
    }

    private async Task<IResult> DecideAsync(HttpContext http, Guid id, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        if (Visitors.SessionIdOf(http) is not { } session) return SignInEndpoints.SignInFor(Address);

        string[] chosen = [.. form["account"].OfType<string>()];
        var answer = form["decision"] == "approve"
            ? await mediator.Send(
                new ApproveWaitingRequest(session, id, chosen, form["digest"].ToString(), form["ceremony"].ToString(), form["credential"].ToString(), Visitors.Origin(http)), ct)
            : await mediator.Send(new DeclineWaitingRequest(session, id, Visitors.Origin(http)), ct);
        return answer switch
        {
            RequestAnswer.Done => Pages.SeeOther(AddressOf(id)),
            RequestAnswer.Changed => await ShowAgainAsync(http, id, Notice.Changed, "CO-07", chosen, ct),
            RequestAnswer.NotAcceptable wrong => await ShowAgainAsync(http, id, Notice.Wrong(wrong.Message), wrong.Rule, chosen, ct),
            RequestAnswer.PasskeyNeeded needed => await AskAgainAsync(http, id, needed.Rule, chosen, ct),
            RequestAnswer.Held held => await HoldAsync(http, session, id, held.Because, ct),
            RequestAnswer.Forbidden forbidden => Refuse(http, StatusCodes.Status403Forbidden, forbidden.Rule),
            RequestAnswer.Over over => await ShowEndedAsync(http, id, over.Rule, ct),
            RequestAnswer.NotFound => NotFound(http),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private Task<IResult> ShowAgainAsync(HttpContext http, Guid id, Notice notice, string rule, IReadOnlyList<string> chosen, CancellationToken ct)
    {
        RefusalLog.Write(http, "page", rule);
        return ShowAsync(http, id, notice, chosen, ct);
    }

    private async Task<IResult> HoldAsync(HttpContext http, Guid session, Guid id, DecisionAnswer.Held held, CancellationToken ct)
    {
        if (await mediator.Send(new DescribeWaitingRequest(session, id), ct) is not { } request) return NotFound(http);
        return ApproveEndpoints.Hold(http, held, new OpenRequest(AddressOf(id), request.ClientName, request.DecideBefore, request.Continues, StaysHere: true) { MovesMoney = ConsentKind.OfId(request.ConsentId)?.MovesMoney == true });
    }

    private Task<IResult> AskAgainAsync(HttpContext http, Guid id, string rule, IReadOnlyList<string> chosen, CancellationToken ct)
    {
        RefusalLog.Write(http, "page", rule);
        return ShowAsync(http, id, Notice.Wrong("Your passkey could not be checked, so nothing was approved. Please try again."), chosen, ct);
    }

    private Task<IResult> ShowEndedAsync(HttpContext http, Guid id, string rule, CancellationToken ct)
    {
        RefusalLog.Write(http, "page", rule);
        return ShowAsync(http, id, new Notice(StatusCodes.Status409Conflict, "Nothing has changed: the request had ended before."), [], ct);
    }

    private static IResult NotFound(HttpContext http) => Refuse(http, StatusCodes.Status404NotFound, "CO-19");

    private static IResult Refuse(HttpContext http, int status, string rule)
    {
        RefusalLog.Write(http, "page", rule);
        return Pages.Error(status);
    }
}
