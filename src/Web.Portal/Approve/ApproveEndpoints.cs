using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Web.Portal.Shared;

namespace OpenBanking.Web.Portal.Approve;

/// <summary>The approval page and the decision. Reading changes nothing; only the form does (PO-02).</summary>
internal sealed class ApproveEndpoints(IMediator mediator, Visitors visitors, PortalForms forms)
{
    private static readonly TimeSpan ReturnPause = TimeSpan.FromSeconds(3);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/approve", (HttpContext http, ApproveEndpoints endpoints, string? interaction, CancellationToken ct) =>
            endpoints.ShowAsync(http, interaction, Notice.None, ct));
        routes.MapPost("/approve", (HttpContext http, ApproveEndpoints endpoints, CancellationToken ct) => endpoints.DecideAsync(http, ct));
    }

    public static string AddressOf(string interaction) => $"/approve?interaction={Uri.EscapeDataString(interaction)}";

    /// <summary>Loads a request's page again when its time is up: by then the server has another answer (X-10).</summary>
    /// <param name="address">Of the request's page.</param>
    public static void ReturnWhenTimeIsUp(HttpContext http, string address, DateTimeOffset until)
    {
        var left = until - http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        Pages.GoOnAfter(http, (left > TimeSpan.Zero ? left : TimeSpan.Zero) + TimeSpan.FromSeconds(1), address);
    }

    /// <summary>The page of an interaction that takes no decision any more.</summary>
    public static IResult Ended(HttpContext http, InteractionState state) => state switch
    {
        InteractionState.TimedOut timedOut => GoBack(http, ReturnResult.TimedOut(KindOf(timedOut.Summary), timedOut.Summary.Continues), timedOut.Summary.ClientName, timedOut.Return),
        InteractionState.NotUsable notUsable => Refuse(http, StatusCodes.Status400BadRequest, notUsable.Rule),
        InteractionState.DecisionNeeded needed => Pages.Error(StatusCodes.Status409Conflict),
        _ => Pages.Error(StatusCodes.Status400BadRequest, "expired"),
    };

    private async Task<IResult> ShowAsync(HttpContext http, string? interaction, Notice notice, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(interaction)) return Refuse(http, StatusCodes.Status400BadRequest, "OA-47");
        var state = await mediator.Send(new DescribeInteraction(Visitors.Interaction(http, interaction)), ct);
        if (state is InteractionState.SignInNeeded) return Pages.SeeOther($"/signin?interaction={Uri.EscapeDataString(interaction)}");
        if (state is not InteractionState.DecisionNeeded needed) return Ended(http, state);

        var summary = needed.Summary;
        var document = await mediator.Send(new DescribeForApproval(summary.ConsentId, summary.ClientId, needed.CustomerId), ct);
        if (document is null)
        {
            // No dead end: the third party is told, also by the clock (OB-SEC-12).
            RefusalLog.Write(http, "page", "CO-04");
            ReturnWhenTimeIsUp(http, AddressOf(interaction), summary.DecideBefore);
            return Pages.Show<NotToDecidePage>(new { Interaction = interaction, Summary = summary }, StatusCodes.Status400BadRequest);
        }

        // Whichever is first: the interaction's end or the session's.
        var customer = await visitors.FindAsync(http, ct);
        var until = customer?.EndsAt is { } end && end < summary.DecideBefore ? end : summary.DecideBefore;
        ReturnWhenTimeIsUp(http, AddressOf(interaction), until);
        if (document.Payment is not null)
        {
            var available = await mediator.Send(new ListAvailableFunds(needed.CustomerId, [.. document.Accounts.Select(account => account.AccountId)]), ct);
            return Pages.Show<ApprovePaymentPage>(
                new
                {
                    Interaction = interaction,
                    needed.ApprovalId,
                    Document = document,
                    Available = available,
                    DecideBefore = until,
                    SignInEnds = until < summary.DecideBefore,
                    Notice = notice,
                    Chosen = needed.ChosenAccounts ?? [],
                },
                notice.Status);
        }

        return document.Kind == ConsentKind.FundsConfirmation
            ? Pages.Show<ApproveFundsPage>(
                new { Interaction = interaction, Document = document, DecideBefore = until, SignInEnds = until < summary.DecideBefore, Notice = notice }, notice.Status)
            : Pages.Show<ApprovePage>(
                new { Interaction = interaction, Document = document, DecideBefore = until, SignInEnds = until < summary.DecideBefore, Notice = notice, Chosen = needed.ChosenAccounts ?? [] },
                notice.Status);
    }

    private async Task<IResult> DecideAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is not { } form) return Pages.Error(StatusCodes.Status400BadRequest);
        var interaction = form["interaction"].ToString();
        var reference = Visitors.Interaction(http, interaction);
        var summary = (await mediator.Send(new DescribeInteraction(reference), ct)) switch
        {
            InteractionState.DecisionNeeded state => state.Summary,
            InteractionState.SignInNeeded state => state.Summary,
            InteractionState.TimedOut state => state.Summary,
            _ => null,
        };
        var (clientName, continues, kind) = (summary?.ClientName ?? "", summary?.Continues == true, KindOf(summary));

        var isApproval = form["decision"] == "approve";
        var answer = isApproval
            ? await mediator.Send(new ApproveInteraction(reference, [.. form["account"].OfType<string>()], form["digest"].ToString(), Visitors.Origin(http)) { Passkey = PasskeyOf(form) }, ct)
            : await mediator.Send(new DenyInteraction(reference, Visitors.Origin(http)), ct);
        return answer switch
        {
            DecisionAnswer.Done done => GoBack(http, isApproval ? ReturnResult.Approved(kind, clientName, continues) : ReturnResult.Cancelled(kind, continues), clientName, done.Return),
            DecisionAnswer.PasskeyNeeded needed => await AskForPasskeyAsync(http, interaction, needed.Rule, ct),
            DecisionAnswer.Changed => await ShowAgainAsync(http, interaction, Notice.Changed, "CO-07", ct),
            DecisionAnswer.NotAcceptable wrong => await ShowAgainAsync(http, interaction, Notice.Wrong(wrong.Message), wrong.Rule, ct),
            DecisionAnswer.Forbidden forbidden => Refuse(http, StatusCodes.Status403Forbidden, forbidden.Rule),
            DecisionAnswer.SignInNeeded => Pages.SeeOther($"/signin?interaction={Uri.EscapeDataString(interaction)}"),
            DecisionAnswer.Held held => Hold(http, held, new OpenRequest(AddressOf(interaction), clientName, summary!.DecideBefore, continues, StaysHere: false) { MovesMoney = kind?.MovesMoney == true }),
            DecisionAnswer.Ended ended => GoneMeanwhile(http, clientName, kind, ended),
            DecisionAnswer.NotUsable gone => Refuse(http, gone.Status, gone.Rule),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static ConsentKind? KindOf(InteractionSummary? summary) => summary is null ? null : ConsentKind.OfId(summary.ConsentId);

    private static PasskeyUse? PasskeyOf(IFormCollection form) =>
        form["ceremony"].ToString() is { Length: > 0 } ceremony ? new PasskeyUse(ceremony, form["credential"].ToString()) : null;

    private Task<IResult> AskForPasskeyAsync(HttpContext http, string interaction, string rule, CancellationToken ct) => ShowAgainAsync(
        http, interaction, Notice.Wrong("Your passkey was not used for this payment, so nothing was approved and no money has moved. Please try again."), rule, ct);

    private Task<IResult> ShowAgainAsync(HttpContext http, string interaction, Notice notice, string rule, CancellationToken ct)
    {
        RefusalLog.Write(http, "page", rule);
        return ShowAsync(http, interaction, notice, ct);
    }

    private static IResult Refuse(HttpContext http, int status, string rule)
    {
        RefusalLog.Write(http, "page", rule);
        return Pages.Error(status, status == StatusCodes.Status400BadRequest ? "expired" : null);
    }

    // The request stays open: after the wait the page leads back to it, where the customer may also cancel; at the latest when its time is
    // up, so that nobody is left here without a way back (X-10).
    public static IResult Hold(HttpContext http, DecisionAnswer.Held held, OpenRequest request)
    {
        RefusalLog.Write(http, "page", $"policy {held.Rule}");
        if (held.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (!held.IsRefused) Pages.GoOnAfter(http, TimeSpan.FromSeconds(seconds), request.Address);
        }

        if (held.IsRefused || held.RetryAfterSeconds is null) ReturnWhenTimeIsUp(http, request.Address, request.DecideBefore);
        return Pages.Show<HeldPage>(
            new { Request = request, Held = held }, held.IsRefused ? StatusCodes.Status403Forbidden : StatusCodes.Status429TooManyRequests);
    }

    private static IResult GoneMeanwhile(HttpContext http, string clientName, ConsentKind? kind, DecisionAnswer.Ended ended)
    {
        RefusalLog.Write(http, "page", ended.Rule);
        return GoBack(http, ReturnResult.Ended(ended.Rule, kind), clientName, ended.Return, StatusCodes.Status409Conflict);
    }

    // An answer of our own with the way back in it, not a redirect: browsers hold a form's redirects to form-action, and the customer
    // is told the result before leaving (X-8).
    public static IResult GoBack(HttpContext http, ReturnResult result, string clientName, ReturnToClient back, int status = StatusCodes.Status200OK)
    {
        if (back.FormAction is { } target) FormTarget.Allow(http, new Uri(target));
        else Pages.GoOnAfter(http, ReturnPause, back.Location);
        return Pages.Show<ReturnPage>(new { Result = result, ClientName = clientName, Back = back }, status);
    }
}

/// <summary>
/// What became of a request, as the page on the way back says it (X-8). Who continues an access has shared before (R-2); who was asked for
/// a payment must know whether money can still move (P-12).
/// </summary>
public sealed record ReturnResult(string Title, string Text, bool IsApproved = false)
{
    /// <summary>The request was answered without a page of its own.</summary>
    public static readonly ReturnResult Answered = new("Back to where you came from", "We have answered the request. Nothing was shared and nothing has changed.");

    /// <summary>Between the page and the click the third party withdrew its request, or it expired.</summary>
    public static ReturnResult GoneMeanwhile(ConsentKind? kind) => new("This request has ended", $"It was withdrawn or has expired while this page was open. {Nothing(kind)}");

    /// <summary>The request is over for good, and why.</summary>
    public static ReturnResult Ended(string rule, ConsentKind? kind) => rule switch
    {
        "OB-PIS-18" => new("Too late for today", "Payments of this kind are taken until a certain hour, and it has passed. Nothing was approved and no money has moved."),
        "CON-05" => new("This request has ended", "Your passkey did not fit it too many times. Nothing was approved and no money has moved. If you still want this, start again."),
        _ => GoneMeanwhile(kind),
    };

    public static ReturnResult Approved(ConsentKind? kind, string clientName, bool continues) => (IsOnePayment(kind), continues) switch
    {
        (true, _) => new("Payment approved", $"{VisibleText.Of(clientName)} now has us make it. You find it under Payments.", IsApproved: true),
        (_, true) => new("Access continued", "You can end it at any time under Connected accounts.", IsApproved: true),
        _ => new("Access approved", "You can end it at any time under Connected accounts.", IsApproved: true),
    };

    public static ReturnResult Cancelled(ConsentKind? kind, bool continues) => new("Cancelled", continues ? "Nothing has changed: the access stays as it was." : Nothing(kind));

    public static ReturnResult TimedOut(ConsentKind? kind, bool continues) =>
        new("Time ran out", $"You did not decide in time. {(continues ? "Nothing has changed: the access stays as it was." : Nothing(kind))}");

    /// <summary>It is over with one payment; there is no access that could be ended.</summary>
    public static bool IsOnePayment(ConsentKind? kind) => kind is { MovesMoney: true } && kind != ConsentKind.VariableRecurringPayments;

    /// <summary>What a request that was not approved has led to.</summary>
    public static string Nothing(ConsentKind? kind) => kind is { MovesMoney: true } ? "No money moves." : "Nothing was shared.";
}

/// <summary>A third party's request that waits on while its approval is put off.</summary>
/// <param name="Address">Of its page.</param>
/// <param name="Continues">There is an access already, which stays as it is.</param>
/// <param name="StaysHere">It came without the browser, so there is no third party's page to go back to.</param>
public sealed record OpenRequest(string Address, string ClientName, DateTimeOffset DecideBefore, bool Continues, bool StaysHere)
{
    /// <summary>It asks for a payment.</summary>
    public bool MovesMoney { get; init; }
}

/// <summary>Why the approval page is shown anew.</summary>
public sealed record Notice(int Status, string? Text)
{
    public static readonly Notice None = new(StatusCodes.Status200OK, null);

    public static readonly Notice Changed = new(
        StatusCodes.Status409Conflict, "What you would approve has changed since this page was shown. Please look at it again and decide anew.");

    public static Notice Wrong(string text) => new(StatusCodes.Status400BadRequest, text);
}
