using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.Events;

/// <summary>
/// Where a third party fetches its events and says which it has (OB-EVT-9). What is not acknowledged comes again; what is, is gone. The
/// events are signed, the answer itself is not (OB-JWS-13).
/// </summary>
internal sealed class EventPollEndpoint(ConsentDb db, SecurityEventTokens tokens, EventWaits waits, UnitOfWork unit, TimeProvider time)
{
    /// <summary>In one answer: each event takes a signature.</summary>
    public const int Most = 50;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/events", (EventPollEndpoint endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(http, ct))
            .RequireAccessToken(EventSubscriptionEndpoints.Scopes, TokenKind.Client);

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (PollRequest.From(document.RootElement).Failed(out error, out var request)) return error;

        var clientId = http.Caller().ClientId;
        await AcknowledgeAsync(clientId, request.Acknowledged, ct);
        await RejectAsync(clientId, request.Rejected, ct);

        // One more than is sent tells whether there are more.
        var most = Math.Min(request.MaxEvents ?? Most, Most);
        var waiting = await NextAsync(clientId, most, ct);
        if (waiting.Count == 0 && request.MayWait && most > 0 && await WaitAsync(request, http, ct)) waiting = await NextAsync(clientId, most, ct);
        var sets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in waiting.Take(most)) sets[row.Id.ToString("N")] = await tokens.SignAsync(row, ct);
        return TypedResults.Json(new PollAnswer(waiting.Count > most, sets), EventWire.Default.PollAnswer, UkApi.Json);
    }

    private Task<List<EventRecord>> NextAsync(string clientId, int most, CancellationToken ct) =>
        db.Events.Where(row => row.ClientId == clientId && row.RejectedAt == null).OrderBy(row => row.Sequence).Take(most + 1).ToListAsync(ct);

    /// <summary>
    /// Waits without a connection to the database, and so without a transaction: a request that has acknowledged something is answered at
    /// once, because that is not to wait for events that may not come. False where nobody has waited.
    /// </summary>
    private async Task<bool> WaitAsync(PollRequest request, HttpContext http, CancellationToken ct)
    {
        if (request.Acknowledged.Count + request.Rejected.Count > 0) return false;
        await unit.ReleaseAsync(ct);
        var start = time.GetTimestamp();
        await waits.WaitAsync(http.Caller().ClientId, ct);
        LongPoll.Waited(http, time.GetElapsedTime(start));
        return true;
    }

    /// <summary>Only its own; an id of nothing or of somebody else's is passed over (OB-EVT-11, OB-EVT-12).</summary>
    private async Task AcknowledgeAsync(string clientId, IReadOnlyList<string> ids, CancellationToken ct)
    {
        if (ids.Select(IdOf).OfType<Guid>().ToArray() is { Length: > 0 } own)
            await db.Events.Where(row => row.ClientId == clientId && own.Contains(row.Id)).ExecuteDeleteAsync(ct);
    }

    /// <summary>Marks what its third party cannot use: it is not sent again, neither this way nor by push, and kept for support.</summary>
    private async Task RejectAsync(string clientId, IReadOnlyDictionary<string, string> errors, CancellationToken ct)
    {
        var known = errors.Where(error => IdOf(error.Key) is not null).ToList();
        if (known.Count == 0) return;
        Guid[] ids = [.. known.Select(error => IdOf(error.Key)!.Value)];
        string[] why = [.. known.Select(error => error.Value)];
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE consent.events e SET "RejectedAt" = {time.GetUtcNow()}, "Problem" = said.why, "PushFor" = NULL
            FROM unnest({ids}, {why}) said(id, why) WHERE e."Id" = said.id AND e."ClientId" = {clientId} AND e."RejectedAt" IS NULL
            """,
            ct);
    }

    private static Guid? IdOf(string jti) => Guid.TryParseExact(jti, "N", out var id) ? id : null;
}
