using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>Writes the customer's sign-in history.</summary>
internal sealed class SignIns(IdentityDb db, TimeProvider clock)
{
    private const int LongestAgent = 300;
    private static readonly JsonSerializerOptions Stored = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <param name="http">Where it came from; null where a program of our own acts.</param>
    /// <param name="decision">What the policy said to it; null where it was not asked.</param>
    public async Task RecordAsync(
        HttpContext? http, Guid userId, SignInOutcome outcome, string? passkeyName, string? clientName, PolicyDecision? decision, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var agent = http?.Request.Headers.UserAgent.ToString() ?? "";
        db.SignIns.Add(new SignIn
        {
            Id = Guid.CreateVersion7(now),
            UserId = userId,
            At = now,
            Outcome = outcome,
            PasskeyName = passkeyName,
            Address = http?.Connection.RemoteIpAddress?.ToString(),
            UserAgent = agent.Length == 0 ? null : Shortened.To(LongestAgent, agent),
            ClientName = clientName,
            Country = decision?.Signals.Country,
            Reason = decision?.Reason,
            Decision = decision is null ? null : Record(decision),
        });
        await db.SaveChangesAsync(ct);
    }

    private static string Record(PolicyDecision decision) => JsonSerializer.Serialize(
        new { decision.Verdict, Rule = decision.Due?.Name, Matched = decision.Matched.Select(rule => rule.Name), decision.Signals }, Stored);
}
