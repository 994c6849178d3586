using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>Writes the customer's sign-in history.</summary>
internal sealed class SignIns(IdentityDb db, TimeProvider clock)
{
    private const int LongestAgent = 300;
    private static readonly TimeSpan HeldAgain = TimeSpan.FromMinutes(10);
    private static readonly JsonSerializerOptions Stored = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <param name="http">Where it came from; null where a program of our own acts.</param>
    /// <param name="decision">What the policy said to it; null where it was not asked.</param>
    public async Task RecordAsync(
        HttpContext? http, Guid userId, SignInOutcome outcome, string? passkeyName, string? clientName, PolicyDecision? decision, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        db.SignIns.Add(new SignIn
        {
            Id = Guid.CreateVersion7(now),
            UserId = userId,
            At = now,
            Outcome = outcome,
            PasskeyName = passkeyName,
            Address = http?.Connection.RemoteIpAddress?.ToString(),
            UserAgent = AgentOf(http),
            ClientName = clientName,
            Country = decision?.Signals.Country,
            Reason = decision?.Reason,
            Decision = decision is null ? null : Record(decision),
        });
        await db.SaveChangesAsync(ct);
    }

    /// <summary>
    /// Notes that an activation was held back, in the history of whoever has that name. One statement whether somebody has it or not
    /// (PO-12), and one line in a while, since strangers cause them.
    /// </summary>
    public Task RecordHeldActivationAsync(HttpContext http, string normalizedUsername, PolicyDecision decision, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (id, since, outcome) = (Guid.CreateVersion7(now), now - HeldAgain, nameof(SignInOutcome.ActivationHeld));
        var (address, agent) = (http.Connection.RemoteIpAddress?.ToString(), AgentOf(http));
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.sign_ins ("Id", "UserId", "At", "Outcome", "Address", "UserAgent", "Country", "Reason", "Decision")
            SELECT {id}, u."Id", {now}, {outcome}, {address}, {agent}, {decision.Signals.Country}, {decision.Reason}, {Record(decision)}::jsonb
            FROM identity.users u
            WHERE u."NormalizedUsername" = {normalizedUsername}
                AND NOT EXISTS (SELECT FROM identity.sign_ins s WHERE s."UserId" = u."Id" AND s."At" > {since} AND s."Outcome" = {outcome})
            """,
            ct);
    }

    private static string? AgentOf(HttpContext? http)
    {
        var agent = http?.Request.Headers.UserAgent.ToString() ?? "";
        return agent.Length == 0 ? null : Shortened.To(LongestAgent, agent);
    }

    private static string Record(PolicyDecision decision) => JsonSerializer.Serialize(
        new { decision.Verdict, Rule = decision.Due?.Name, Matched = decision.Matched.Select(rule => rule.Name), decision.Signals }, Stored);
}
