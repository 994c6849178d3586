using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>What follows from a good assertion: a new session, a line in the history, and the interaction that waited for it.</summary>
internal sealed class PasskeySignIn(PortalSessions sessions, SignIns history)
{
    public async Task<Outcome<SignedIn, PasskeyRefusal>> CompleteAsync(HttpContext http, AssertedPasskey asserted, string? interactionId, CancellationToken ct)
    {
        var session = await sessions.BeginAsync(http, asserted.User.Id, asserted.Passkey.Id, ct);
        await history.RecordAsync(http, asserted.User.Id, SignInOutcome.SignedIn, asserted.Passkey.Name, clientName: null, ct);
        return new SignedIn(session, interactionId is null ? null : $"/approve?interaction={Uri.EscapeDataString(interactionId)}");
    }
}

/// <param name="Next">Where an interaction goes on; null where there is none and the page knows its own way.</param>
internal sealed record SignedIn(PortalSession Session, string? Next);
