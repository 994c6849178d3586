using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;

namespace OpenBanking.Identity.Authorize;

/// <summary>Tells a page what it may show.</summary>
internal sealed class DescribeInteractionHandler(Interactions interactions, Decisions decisions, IMediator mediator, IdentityDb db)
    : IRequestHandler<DescribeInteraction, InteractionState>
{
    public async Task<InteractionState> Handle(DescribeInteraction request, CancellationToken cancellationToken)
    {
        if ((await interactions.FindAsync(request.Interaction, cancellationToken)).Failed(out var unusable, out var open))
            return new InteractionState.NotUsable(unusable.Rule);

        var summary = await SummaryAsync(open, cancellationToken);
        if (decisions.IsTimedOut(open))
        {
            return await decisions.TimeOutAsync(open, cancellationToken) is { } back
                ? new InteractionState.TimedOut(summary, back)
                : new InteractionState.NotUsable("CO-08");
        }

        var (interaction, reference) = (open.Interaction, request.Interaction);
        if (!Decisions.IsSignedInFor(open, reference)) return new InteractionState.SignInNeeded(summary);
        if (ApprovalPolicy.MustConfirm(interaction)) return new InteractionState.SignInNeeded(summary, interaction.AskedAgainBecause);
        var customerId = await db.Users.Where(user => user.Id == interaction.UserId).Select(user => user.CustomerId).SingleAsync(cancellationToken);
        return new InteractionState.DecisionNeeded(summary, customerId, interaction.AuthenticatedAt!.Value, interaction.ChosenAccounts) { ApprovalId = interaction.ApprovalId };
    }

    private async Task<InteractionSummary> SummaryAsync(OpenInteraction open, CancellationToken ct)
    {
        var found = await mediator.Send(new FindConsentForAuthorisation(open.Pushed.ConsentId, open.Client.ClientId), ct);
        return new InteractionSummary(
            open.Client.ClientId,
            open.Client.Name,
            open.Client.OnBehalfOf,
            open.Pushed.ConsentId,
            open.Interaction.DecideBefore,
            found is AuthorisableConsent.Found { Continues: true })
        { Asks = (found as AuthorisableConsent.Found)?.Kind.DetailsType };
    }
}

/// <summary>Takes the customer's approval.</summary>
internal sealed class ApproveInteractionHandler(
    Interactions interactions, Decisions decisions, ApprovalPolicy policy, PasskeyApproval passkeys, IHttpContextAccessor browser) : IRequestHandler<ApproveInteraction, DecisionAnswer>
{
    public async Task<DecisionAnswer> Handle(ApproveInteraction request, CancellationToken cancellationToken)
    {
        if ((await interactions.FindAsync(request.Interaction, cancellationToken)).Failed(out var unusable, out var open))
            return new DecisionAnswer.NotUsable(unusable.Rule, unusable.Status);
        if (decisions.IsTimedOut(open)) return Decisions.Answer(await decisions.TimeOutAsync(open, cancellationToken));

        // The step is what the server has on record, not the page that was posted (OA-47): authenticated, for this request, in this session.
        if (!Decisions.IsSignedInFor(open, request.Interaction) || ApprovalPolicy.MustConfirm(open.Interaction)) return new DecisionAnswer.SignInNeeded();
        var said = await policy.DecideAsync(open, cancellationToken);
        if (said.Verdict != Verdict.Allow) return await policy.HoldAsync(open, said, request.AccountIds, cancellationToken);

        // Money moves by a passkey that has signed amount and payee: a sign-in has signed neither (OB-SCA-2, P-10). Whether it may without one
        // says who keeps the consent, and asks for it otherwise.
        PasskeySignature? signature = null;
        if (ConsentKind.OfId(open.Pushed.ConsentId) is { MovesMoney: true } && request.Passkey is { } used && browser.HttpContext is { } http)
        {
            var subject = new ApprovalSubject(open.Interaction.ApprovalId, request.ShownDigest, request.AccountIds);
            if ((await passkeys.FinishAsync(http, open.Interaction.UserId!.Value, subject, used, cancellationToken)).Failed(out var refusal, out var asserted))
                return await decisions.FailedAsync(open, refusal.Rule, cancellationToken);
            signature = asserted.Signature;
        }

        var answer = await decisions.ApproveAsync(open, request, signature, cancellationToken);
        if (answer is DecisionAnswer.Done) await policy.ApprovedAsync(open, said, cancellationToken);
        return answer;
    }
}

/// <summary>Takes the customer's refusal, also before the customer has signed in.</summary>
internal sealed class DenyInteractionHandler(Interactions interactions, Decisions decisions) : IRequestHandler<DenyInteraction, DecisionAnswer>
{
    public async Task<DecisionAnswer> Handle(DenyInteraction request, CancellationToken cancellationToken)
    {
        if ((await interactions.FindAsync(request.Interaction, cancellationToken)).Failed(out var unusable, out var open))
            return new DecisionAnswer.NotUsable(unusable.Rule, unusable.Status);
        if (decisions.IsTimedOut(open)) return Decisions.Answer(await decisions.TimeOutAsync(open, cancellationToken));

        // Once a customer has signed in it is that customer's, and nobody else says no to it (CO-04).
        if (open.Interaction.SessionId is not null && !Decisions.IsSignedInFor(open, request.Interaction)) return new DecisionAnswer.SignInNeeded();
        return Decisions.Answer(await decisions.DenyAsync(open, request.From, cancellationToken));
    }
}
