using MediatR;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>
/// Decisions that bring a passkey assertion of their own: it is verified for this very decision, and the policy, which could ask for no more than
/// that, may still put the decision off or refuse it.
/// </summary>
internal sealed class ConfirmedDecisions(PasskeyApproval passkeys, AuthenticationPolicy policy, SignIns history, TimeProvider time)
{
    public async Task<Outcome<ConfirmedDecision, PasskeyRefusal>> ConfirmAsync(
        HttpContext http, Guid userId, ApprovalSubject subject, PasskeyUse used, string clientName, CancellationToken ct)
    {
        if ((await passkeys.FinishAsync(http, userId, subject, used, ct)).Failed(out var refusal, out var asserted)) return refusal;
        var now = time.GetUtcNow();
        var said = await policy.DecideAsync(http, new Attempt(Occasion.Approval, asserted.User.NormalizedUsername, asserted.User.Id, now, HasConfirmed: true), ct);
        if (said.Verdict is not (Verdict.Delay or Verdict.Refuse)) return new ConfirmedDecision(asserted, now, said, Held: null);

        var outcome = said.Verdict == Verdict.Refuse ? SignInOutcome.ApprovalRefused : SignInOutcome.ApprovalDelayed;
        await history.RecordAsync(http, asserted.User.Id, outcome, asserted.Passkey.Name, clientName, said, ct);
        return new ConfirmedDecision(asserted, now, said, new DecisionAnswer.Held(said.Due!.Name, said.Verdict == Verdict.Refuse, said.Message, said.RetryAfterSeconds));
    }

    /// <summary>Notes a decision in the customer's sign-in history once it stands.</summary>
    public Task ApprovedAsync(HttpContext http, ConfirmedDecision decision, string clientName, CancellationToken ct) =>
        history.RecordAsync(http, decision.Passkey.User.Id, SignInOutcome.Approved, decision.Passkey.Passkey.Name, clientName, decision.Said, ct);
}

/// <summary>A passkey that was used for a decision, and what the policy has said to it.</summary>
/// <param name="Held">Why the decision does not count now; null where it does.</param>
internal sealed record ConfirmedDecision(AssertedPasskey Passkey, DateTimeOffset At, PolicyDecision Said, DecisionAnswer.Held? Held);

/// <summary>For decisions that are made in the bank's own channel.</summary>
internal sealed class ConfirmByPasskeyHandler(ConfirmedDecisions decisions, PortalSessions sessions, IHttpContextAccessor browser) : IRequestHandler<ConfirmByPasskey, PasskeyConfirmation>
{
    public async Task<PasskeyConfirmation> Handle(ConfirmByPasskey request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return new PasskeyConfirmation.Refused("CO-10");
        var http = browser.HttpContext ?? throw new InvalidOperationException("A passkey is used in a browser.");
        var subject = new ApprovalSubject(request.Subject, request.ShownDigest, request.Choice);
        if ((await decisions.ConfirmAsync(http, session.UserId, subject, request.Passkey, request.ClientName, cancellationToken)).Failed(out var refusal, out var decision))
            return new PasskeyConfirmation.Refused(refusal.Rule);
        if (decision.Held is { } held) return new PasskeyConfirmation.Held(held);
        await decisions.ApprovedAsync(http, decision, request.ClientName, cancellationToken);
        return new PasskeyConfirmation.Confirmed(decision.At, decision.Passkey.Passkey.Id.ToString("D"), decision.Passkey.Signature!);
    }
}
