using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Policies;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>What follows from a good assertion: the policy's word, a new session, the interaction that waited for it, and a line in the history.</summary>
internal sealed class PasskeySignIn(
    PortalSessions sessions, Interactions interactions, AuthenticationPolicy policy, KnownDevices devices, SignIns history)
{
    /// <summary>What the policy says to a passkey that was good.</summary>
    public Task<PolicyDecision> DecideAsync(HttpContext http, AssertedPasskey asserted, CancellationToken ct) => policy.DecideAsync(
        http,
        new Attempt(Occasion.SignIn, asserted.User.NormalizedUsername, asserted.User.Id, asserted.Passkey.LastUsedAt ?? asserted.Passkey.CreatedAt, asserted.HasConfirmed),
        ct);

    /// <summary>Leaves a line about a sign-in that does not go on yet.</summary>
    public Task HoldAsync(HttpContext http, AssertedPasskey asserted, PolicyDecision decision, CancellationToken ct)
    {
        var outcome = decision.Verdict switch
        {
            Verdict.AskAgain => SignInOutcome.AskedAgain,
            Verdict.Delay => SignInOutcome.Delayed,
            Verdict.Refuse => SignInOutcome.Refused,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return history.RecordAsync(http, asserted.User.Id, outcome, asserted.Passkey.Name, clientName: null, decision, ct);
    }

    public async Task<Outcome<SignedIn, PasskeyRefusal>> CompleteAsync(HttpContext http, AssertedPasskey asserted, PolicyDecision decision, string? interactionId, CancellationToken ct)
    {
        var session = await sessions.BeginAsync(http, asserted.User.Id, asserted.Passkey.Id, ct);
        Client? client = null;
        if (interactionId is not null)
        {
            var signIn = new InteractionSignIn(
                session.Id, asserted.User.Id, session.AuthenticatedAt, asserted.Passkey.Id.ToString("D"), asserted.Amr);
            client = await interactions.AuthenticatedAsync(http, interactionId, signIn, ct);
            if (client is null)
            {
                // The passkey was good, the interaction is somebody else's or over: no session comes of it either (CO-04).
                await sessions.EndAsync(row => row.Id == session.Id, ct);
                return new PasskeyRefusal("CO-04");
            }
        }

        await devices.RememberAsync(http, asserted.User.Id, ct);
        await history.RecordAsync(http, asserted.User.Id, SignInOutcome.SignedIn, asserted.Passkey.Name, client?.Name, decision, ct);
        return new SignedIn(interactionId is null ? null : $"/approve?interaction={Uri.EscapeDataString(interactionId)}");
    }
}

/// <param name="Next">Where an interaction goes on; null where there is none and the page knows its own way.</param>
internal sealed record SignedIn(string? Next);
