using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// How an interaction ends: approved, declined or out of time. Each ending spends the pushed request first, so that of any number of
/// clicks at one moment one decides (CO-08); the consent, the grant and the code follow in the same transaction.
/// </summary>
internal sealed class Decisions(
    IdentityDb db, ManagedGrants grants, PushedRequests pushed, Interactions interactions, AuthorizationResponse response, Authorisations authorisations, IdTokenHints hints,
    PairwiseSubject subjects, IdToken idTokens, TimeProvider time)
{
    public bool IsTimedOut(OpenInteraction open) => time.GetUtcNow() >= open.Interaction.DecideBefore;

    /// <summary>
    /// Whether the customer at this browser has authenticated for this very request (CO-10, F1-19). So every request asks for the passkey and
    /// shows its page, as prompt=login, prompt=consent and max_age want it (ID-14, ID-15, STEP-04), and every scope is approved explicitly (F1-20).
    /// </summary>
    public static bool IsSignedInFor(OpenInteraction open, InteractionReference reference) =>
        open.Interaction.SessionId is { } session && session == reference.SessionId;

    /// <summary>The answer where the way back is all there is to say, or where somebody else has decided first.</summary>
    public static DecisionAnswer Answer(ReturnToClient? back) =>
        back is null ? new DecisionAnswer.NotUsable("CO-08", StatusCodes.Status409Conflict) : new DecisionAnswer.Done(back);

    /// <param name="signature">What the passkey has signed for it, where money is moved.</param>
    public async Task<DecisionAnswer> ApproveAsync(OpenInteraction open, ApproveInteraction approval, PasskeySignature? signature, CancellationToken ct)
    {
        var (interaction, request, client) = (open.Interaction, open.Request, open.Client);
        var user = await db.Users.SingleAsync(row => row.Id == interaction.UserId, ct);
        var subject = await subjects.ForAsync(client, user.Id, ct);
        if (request.IdTokenHint is { } hint && await hints.SubjectAsync(hint, client, ct) != subject)
            return Answer(await EndAsync(open, AuthorisationTallies.Failed, "login_required", "another customer is signed in", ct)); // ID-17

        if (!await grants.MayDecideAsync(request, client, user.Id, ct))
            return Answer(await EndAsync(open, AuthorisationTallies.Failed, "invalid_grant_id", "grant_id names no grant of this customer", ct)); // GM-03

        if (!await pushed.SpendAsync(open.Pushed.Hash, ct)) return Answer(back: null);

        // Who has signed this very payment has authenticated at this very moment (CON-05).
        var authenticatedAt = signature is null ? interaction.AuthenticatedAt!.Value : time.GetUtcNow();
        var approver = new Approver(user, subject, authenticatedAt, interaction.PasskeyId!, interaction.Amr ?? [], approval.From) { Signature = signature };
        var (answer, grant) = await authorisations.ApproveAsync(ToDecide(open), approver, approval.AccountIds, approval.ShownDigest, ct);
        if (grant is not null)
        {
            await interactions.DecidedAsync(interaction, AuthorisationTallies.Completed, ct);
            return new DecisionAnswer.Done(await AnswerAsync(open, grant, ct));
        }

        // Over for good (CO-09): the consent has gone another way meanwhile or is too late, and the third party is told (OB-SEC-12).
        if (answer is AuthorisationAnswer.InWrongState or AuthorisationAnswer.TooLate)
        {
            var (rule, why) = answer is AuthorisationAnswer.TooLate
                ? ("OB-PIS-18", "the bank's hour for this payment has passed")
                : ("CO-09", "the consent cannot be authorised any more");
            await interactions.DecidedAsync(interaction, AuthorisationTallies.Failed, ct);
            return new DecisionAnswer.Ended(rule, await response.ErrorAsync(request, client, "access_denied", why, ct));
        }

        // The customer may still decide.
        await pushed.ReopenAsync(open.Pushed.Hash, ct);
        return answer switch
        {
            AuthorisationAnswer.Changed => new DecisionAnswer.Changed(),
            AuthorisationAnswer.NoAccountChosen => new DecisionAnswer.NotAcceptable("A-1", "Choose at least one account."),
            AuthorisationAnswer.AccountNotShown => new DecisionAnswer.NotAcceptable("CO-06", "Choose among the accounts that are shown."),
            AuthorisationAnswer.AccountNotOffered => new DecisionAnswer.Forbidden("CO-05"),
            AuthorisationAnswer.PasskeyNeeded needed => new DecisionAnswer.PasskeyNeeded(needed.Rule),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>
    /// The passkey was used and not for this: the page is shown again, but after five failures the request is over, with the way back to the third
    /// party (CON-05, OB-SCA-1). A new request may be made at once; so nobody is locked out, and nobody tries for ever.
    /// </summary>
    public async Task<DecisionAnswer> FailedAsync(OpenInteraction open, string rule, CancellationToken ct)
    {
        if (await interactions.CountFailureAsync(open.Interaction, ct) < Interactions.MostFailures) return new DecisionAnswer.PasskeyNeeded(rule);
        var back = await EndAsync(open, AuthorisationTallies.Failed, "access_denied", "the customer failed to authenticate", ct);
        if (back is null) return Answer(back);
        await authorisations.RejectAsync(ToDecide(open), RejectionCause.FailedAuthentication, customerId: null, from: null, ct);
        return new DecisionAnswer.Ended("CON-05", back);
    }

    /// <summary>The way back with <c>access_denied</c> (ID-23); null where a decision was made before.</summary>
    public async Task<ReturnToClient?> DenyAsync(OpenInteraction open, DecisionOrigin from, CancellationToken ct)
    {
        var customerId = await db.Users.Where(row => row.Id == open.Interaction.UserId).Select(row => row.CustomerId).SingleOrDefaultAsync(ct);
        var cause = await authorisations.CauseOfRefusalAsync(ToDecide(open), customerId, ct);
        var back = await EndAsync(
            open, AuthorisationTallies.Refused, "access_denied", cause == RejectionCause.Declined ? "the customer declined" : "the customer has no account to share", ct);
        if (back is not null) await authorisations.RejectAsync(ToDecide(open), cause, customerId, from, ct);
        return back;
    }

    /// <summary>The way back for a customer who did not decide in time (X-10, OB-SEC-12); null where a decision was made before.</summary>
    public async Task<ReturnToClient?> TimeOutAsync(OpenInteraction open, CancellationToken ct)
    {
        var back = await EndAsync(open, AuthorisationTallies.Abandoned, "access_denied", "the customer did not decide in time", ct);
        if (back is not null) await authorisations.RejectAsync(ToDecide(open), RejectionCause.TimedOut, customerId: null, from: null, ct);
        return back;
    }

    private static RequestToDecide ToDecide(OpenInteraction open) => new(open.Interaction.ConsentId, open.Request, open.Client);

    private async Task<ReturnToClient?> EndAsync(OpenInteraction open, string outcome, string error, string description, CancellationToken ct)
    {
        if (!await pushed.SpendAsync(open.Pushed.Hash, ct)) return null;
        await interactions.DecidedAsync(open.Interaction, outcome, ct);
        return await response.ErrorAsync(open.Request, open.Client, error, description, ct);
    }

    private async Task<ReturnToClient> AnswerAsync(OpenInteraction open, Grant grant, CancellationToken ct)
    {
        var (request, client) = (open.Request, open.Client);
        var code = await IssueCodeAsync(open, grant, ct);
        var idToken = request.IsHybrid ? await idTokens.ForAnswerAsync(client, grant, code, request.State, ct) : null;
        return await response.CodeAsync(request, client, code, idToken, ct);
    }

    private async Task<string> IssueCodeAsync(OpenInteraction open, Grant grant, CancellationToken ct)
    {
        var code = Handle.New();
        db.Add(new AuthorizationCode
        {
            Hash = code.Hash,
            ClientId = open.Client.ClientId,
            GrantId = grant.Id,
            RedirectUri = open.Request.RedirectUri!,
            CodeChallenge = open.Request.CodeChallenge,
            DpopKeyThumbprint = open.Pushed.DpopKeyThumbprint,
            ExpiresAt = grant.CreatedAt + AuthorizationCode.Lifetime,
        });
        await db.SaveChangesAsync(ct);
        return code.Value;
    }
}
