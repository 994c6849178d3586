using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;

namespace OpenBanking.Identity.Authorize;

/// <summary>The policy at the moment of an approval: what it says, and what becomes of the interaction then.</summary>
internal sealed class ApprovalPolicy(IdentityDb db, AuthenticationPolicy policy, SignIns history, IHttpContextAccessor requests, TimeProvider clock)
{
    // More than a page shows, and no more than a row should keep of what a form may send.
    private const int MostAccounts = 200;
    private const int LongestAccount = 64;

    /// <summary>Whether the customer was asked for the passkey again and has not used it since.</summary>
    public static bool MustConfirm(Interaction interaction) => interaction.AskedAgainAt is { } asked && !(interaction.AuthenticatedAt > asked);

    public async Task<PolicyDecision> DecideAsync(OpenInteraction open, CancellationToken ct)
    {
        var interaction = open.Interaction;
        var account = await db.Users.Where(user => user.Id == interaction.UserId).Select(user => user.NormalizedUsername).SingleAsync(ct);
        return await policy.DecideAsync(
            requests.HttpContext,
            new Attempt(Occasion.Approval, account, interaction.UserId, interaction.AuthenticatedAt, HasConfirmed: interaction.AskedAgainAt is not null),
            ct);
    }

    /// <summary>Holds an approval back: the passkey right here, or not now.</summary>
    public async Task<DecisionAnswer> HoldAsync(OpenInteraction open, PolicyDecision decision, IReadOnlyList<string> chosen, CancellationToken ct)
    {
        var outcome = decision.Verdict switch
        {
            Verdict.AskAgain => SignInOutcome.ApprovalAskedAgain,
            Verdict.Delay => SignInOutcome.ApprovalDelayed,
            Verdict.Refuse => SignInOutcome.ApprovalRefused,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        await RecordAsync(open, outcome, decision, ct);
        if (decision.Verdict != Verdict.AskAgain) return new DecisionAnswer.Held(decision.Due!.Name, decision.Verdict == Verdict.Refuse, decision.Message, decision.RetryAfterSeconds);

        var (hash, now, accounts) = (open.Interaction.Hash, clock.GetUtcNow(), chosen.Where(account => account.Length <= LongestAccount).Take(MostAccounts).ToArray());
        await db.Interactions
            .Where(row => row.Hash == hash)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.AskedAgainAt, now)
                    .SetProperty(row => row.AskedAgainBecause, decision.Reason)
                    .SetProperty(row => row.ChosenAccounts, accounts),
                ct);
        return new DecisionAnswer.SignInNeeded();
    }

    public Task ApprovedAsync(OpenInteraction open, PolicyDecision decision, CancellationToken ct) => RecordAsync(open, SignInOutcome.Approved, decision, ct);

    private Task RecordAsync(OpenInteraction open, SignInOutcome outcome, PolicyDecision decision, CancellationToken ct) =>
        history.RecordAsync(requests.HttpContext, open.Interaction.UserId!.Value, outcome, passkeyName: null, open.Client.Name, decision, ct);
}
