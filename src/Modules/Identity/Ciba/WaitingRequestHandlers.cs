using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Identity.Users;

namespace OpenBanking.Identity.Ciba;

/// <summary>What the portal shows of requests, always only to the customer whom they are for (CO-19).</summary>
internal sealed class WaitingRequestHandlers(IdentityDb db, PortalSessions sessions, BackchannelRequests requests, ClientRegister register, IMediator mediator, TimeProvider time)
    : IRequestHandler<ListWaitingRequests, RequestInbox>, IRequestHandler<DescribeWaitingRequest, WaitingRequest?>, IRequestHandler<TakeRequests, Unit>
{
    private const int MostAnswered = 20;
    private static readonly TimeSpan Shown = TimeSpan.FromDays(1);

    public async Task<RequestInbox> Handle(ListWaitingRequests request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return new RequestInbox([], [], TakesRequests: true);
        var since = time.GetUtcNow() - Shown;
        var rows = await db.BackchannelRequests
            .Where(row => row.UserId == session.UserId && row.CreatedAt > since)
            .OrderByDescending(row => row.CreatedAt)
            .ToListAsync(cancellationToken);
        var (waiting, answered) = (new List<WaitingRequest>(), new List<WaitingRequest>());
        foreach (var row in rows)
        {
            if (!requests.IsWaiting(row) && answered.Count == MostAnswered) continue;
            if (await SeenAsync(row, cancellationToken) is { } seen) (seen.Outcome is null ? waiting : answered).Add(seen);
        }

        var takes = await db.Users.AnyAsync(user => user.Id == session.UserId && user.DeclinesRequestsSince == null, cancellationToken);
        return new RequestInbox([.. waiting.OrderBy(seen => seen.DecideBefore)], answered, takes);
    }

    public async Task<WaitingRequest?> Handle(DescribeWaitingRequest request, CancellationToken cancellationToken) =>
        await sessions.FindAsync(request.SessionId, cancellationToken) is { } session
        && await requests.FindAsync(request.RequestId, session.UserId, cancellationToken) is { } row
            ? await SeenAsync(row, cancellationToken)
            : null;

    public async Task<Unit> Handle(TakeRequests request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return Unit.Value;
        DateTimeOffset? since = request.Take ? null : time.GetUtcNow();
        await db.Users
            .Where(user => user.Id == session.UserId)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.DeclinesRequestsSince, since), cancellationToken);
        return Unit.Value;
    }

    private async Task<WaitingRequest?> SeenAsync(BackchannelRequest row, CancellationToken ct)
    {
        if (await register.FindAsync(row.ClientId, ct) is not { } client) return null;
        var found = await mediator.Send(new FindConsentForAuthorisation(row.ConsentId, row.ClientId), ct) as AuthorisableConsent.Found;
        return new WaitingRequest(
            row.Id, client.ClientId, client.Name, client.OnBehalfOf, row.ConsentId, row.BindingMessage, row.CreatedAt, row.ExpiresAt,
            OutcomeOf(row), row.DecidedAt, found is { Continues: true })
        { Asks = found?.Kind.DetailsType };
    }

    private RequestOutcome? OutcomeOf(BackchannelRequest row) => row.Outcome switch
    {
        BackchannelOutcome.Approved => RequestOutcome.Approved,
        BackchannelOutcome.Declined => RequestOutcome.Declined,
        BackchannelOutcome.Ended => RequestOutcome.Ended,
        BackchannelOutcome.TimedOut => RequestOutcome.TimedOut,
        _ => requests.IsWaiting(row) ? null : RequestOutcome.TimedOut,
    };
}

/// <summary>
/// Takes the customer's decision. An approval brings a passkey assertion of its own: being signed in is not enough, and the assertion
/// is good for this request, for what was shown and for what was chosen, and for nothing else (CIBA-32, PK-17).
/// </summary>
internal sealed class WaitingRequestDecisions(
    IdentityDb db, PortalSessions sessions, BackchannelRequests requests, ClientRegister register, Authorisations authorisations, ConfirmedDecisions confirmed,
    PairwiseSubject subjects, IHttpContextAccessor browser)
    : IRequestHandler<ApproveWaitingRequest, RequestAnswer>, IRequestHandler<DeclineWaitingRequest, RequestAnswer>
{
    private static RequestAnswer.NotAcceptable NothingChosen => new("A-1", "Choose at least one account.");

    public async Task<RequestAnswer> Handle(ApproveWaitingRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request.SessionId, request.RequestId, cancellationToken) is not var (waiting, client)) return new RequestAnswer.NotFound();
        if (!requests.IsWaiting(waiting)) return new RequestAnswer.Over("CO-09");
        if (request.AccountIds.Count == 0) return NothingChosen;

        var subject = new ApprovalSubject(waiting.Id, request.ShownDigest, request.AccountIds);
        var http = browser.HttpContext ?? throw new InvalidOperationException("A passkey is used in a browser.");
        var used = new PasskeyUse(request.Ceremony, request.Credential);
        if ((await confirmed.ConfirmAsync(http, waiting.UserId, subject, used, client.Name, cancellationToken)).Failed(out var refusal, out var decision))
            return new RequestAnswer.PasskeyNeeded(refusal.Rule);
        if (decision.Held is { } held) return new RequestAnswer.Held(held);
        var asserted = decision.Passkey;
        if (!await requests.DecideAsync(waiting, BackchannelOutcome.Approved, cancellationToken)) return new RequestAnswer.Over("CO-08");
        var approver = new Approver(
            asserted.User,
            await subjects.ForAsync(client, asserted.User.Id, cancellationToken),
            decision.At,
            asserted.Passkey.Id.ToString("D"),
            asserted.Amr,
            request.From)
        { Signature = asserted.Signature };
        var (answer, grant) = await authorisations.ApproveAsync(
            BackchannelRequests.ToDecide(waiting, client), approver, request.AccountIds, request.ShownDigest, cancellationToken);
        if (grant is not null)
        {
            await requests.GrantedAsync(waiting, grant.Id, cancellationToken);
            await confirmed.ApprovedAsync(http, decision, client.Name, cancellationToken);
            return new RequestAnswer.Done();
        }

        if (answer is AuthorisationAnswer.InWrongState or AuthorisationAnswer.TooLate)
        {
            await requests.EndedAsync(waiting, cancellationToken);
            return new RequestAnswer.Over(answer is AuthorisationAnswer.TooLate ? "OB-PIS-18" : "CO-09");
        }

        // The customer may still decide.
        await requests.ReopenAsync(waiting, cancellationToken);
        return answer switch
        {
            AuthorisationAnswer.Changed => new RequestAnswer.Changed(),
            AuthorisationAnswer.NoAccountChosen => NothingChosen,
            AuthorisationAnswer.AccountNotShown => new RequestAnswer.NotAcceptable("CO-06", "Choose among the accounts that are shown."),
            AuthorisationAnswer.AccountNotOffered => new RequestAnswer.Forbidden("CO-05"),
            AuthorisationAnswer.PasskeyNeeded needed => new RequestAnswer.PasskeyNeeded(needed.Rule),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    public async Task<RequestAnswer> Handle(DeclineWaitingRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request.SessionId, request.RequestId, cancellationToken) is not var (waiting, client)) return new RequestAnswer.NotFound();
        var on = BackchannelRequests.ToDecide(waiting, client);
        var customerId = await db.Users.Where(user => user.Id == waiting.UserId).Select(user => user.CustomerId).SingleAsync(cancellationToken);
        var cause = await authorisations.CauseOfRefusalAsync(on, customerId, cancellationToken);
        if (!await requests.DecideAsync(waiting, BackchannelOutcome.Declined, cancellationToken)) return new RequestAnswer.Over("CO-08");
        await authorisations.RejectAsync(on, cause, customerId, request.From, cancellationToken);
        return new RequestAnswer.Done();
    }

    private async Task<(BackchannelRequest Waiting, Client Client)?> FindAsync(Guid sessionId, Guid requestId, CancellationToken ct) =>
        await sessions.FindAsync(sessionId, ct) is { } session
        && await requests.FindAsync(requestId, session.UserId, ct) is { } waiting
        && await register.FindAsync(waiting.ClientId, ct) is { } client
            ? (waiting, client)
            : null;
}

/// <summary>What waits for a consent ends with it, in the same transaction.</summary>
internal sealed class ConsentEndedForBackchannel(BackchannelRequests requests) : INotificationHandler<ConsentEnded>
{
    public Task Handle(ConsentEnded notification, CancellationToken cancellationToken) =>
        requests.EndByConsentAsync(notification.ConsentId, cancellationToken);
}
