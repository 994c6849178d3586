using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>Writes the customer's sign-in history.</summary>
internal sealed class SignIns(IdentityDb db, TimeProvider clock)
{
    private const int LongestAgent = 300;

    public async Task RecordAsync(HttpContext http, Guid userId, SignInOutcome outcome, string? passkeyName, string? clientName, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var agent = http.Request.Headers.UserAgent.ToString();
        db.SignIns.Add(new SignIn
        {
            Id = Guid.CreateVersion7(now),
            UserId = userId,
            At = now,
            Outcome = outcome,
            PasskeyName = passkeyName,
            Address = http.Connection.RemoteIpAddress?.ToString(),
            UserAgent = agent.Length == 0 ? null : Shortened.To(LongestAgent, agent),
            ClientName = clientName,
        });
        await db.SaveChangesAsync(ct);
    }
}
