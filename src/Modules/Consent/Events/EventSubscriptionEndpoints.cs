using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Consent.Events;

/// <summary>
/// How a third party says what it wants to hear of: it makes one subscription, looks at it, changes it, deletes it. What it sends and what
/// it gets are signed (OB-JWS-13). There is no other way to register a callback address, so nothing has to be superseded (OB-EVT-3).
/// </summary>
internal sealed class EventSubscriptionEndpoints(
    ConsentDb db, SubscriptionRequestValidator validator, CallbackAddresses callbacks, ApiAddresses addresses, TimeProvider time)
{
    /// <summary>Any one of them: every third party has events, whatever its role (OB-SEC-1).</summary>
    public static readonly string[] Scopes = ["accounts", "payments", "fundsconfirmations"];

    private const string Path = "/event-subscriptions";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost(Path, (EventSubscriptionEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.PostAsync(http, ct))
            .RequireAccessToken(Scopes, TokenKind.Client).TakesSignedRequests();
        api.MapGet(Path, (EventSubscriptionEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.GetAsync(http, ct))
            .RequireAccessToken(Scopes, TokenKind.Client).SignsAnswers();
        api.MapPut(Path + "/{subscriptionId}", (EventSubscriptionEndpoints endpoint, string subscriptionId, HttpContext http, CancellationToken ct) => endpoint.PutAsync(subscriptionId, http, ct))
            .RequireAccessToken(Scopes, TokenKind.Client).TakesSignedRequests();
        api.MapDelete(Path + "/{subscriptionId}", (EventSubscriptionEndpoints endpoint, string subscriptionId, HttpContext http, CancellationToken ct) => endpoint.DeleteAsync(subscriptionId, http, ct))
            .RequireAccessToken(Scopes, TokenKind.Client);
    }

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await ReadAsync(http, subscriptionId: null, ct)).Failed(out var error, out var request)) return error;
        var subscription = Of(request, EventSubscription.NewId(), http.Caller().ClientId);

        // The unique index decides: of two at one moment one is made (OB-EVT-1).
        var added = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO consent.event_subscriptions ("Id", "ClientId", "CallbackUrl", "Version", "EventTypes", "Urns", "PushAt", "Failures")
            VALUES ({subscription.Id}, {subscription.ClientId}, {subscription.CallbackUrl}, {subscription.Version}, {subscription.EventTypes}, {subscription.Urns}, {subscription.PushAt}, 0)
            ON CONFLICT ("ClientId") DO NOTHING
            """,
            ct);
        return added == 1
            ? Answer(http, subscription, StatusCodes.Status201Created)
            : new ApiError(StatusCodes.Status409Conflict, "OB-EVT-1", [new ApiFault("U029", "OB-EVT-1", "There is a subscription already; change that one.")]);
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var clientId = http.Caller().ClientId;
        var own = await db.EventSubscriptions.Where(subscription => subscription.ClientId == clientId).ToListAsync(ct);
        var answer = new SubscriptionsResource(new([.. own.Select(SubscriptionResource.Subscription.Of)]), new Links(Self(http, Path)), Meta.OnePage);
        return TypedResults.Json(answer, EventWire.Default.SubscriptionsResource, UkApi.Json);
    }

    /// <summary>Puts the new state in the place of the old one, whole; what is left out is left out.</summary>
    public async Task<IResult> PutAsync(string subscriptionId, HttpContext http, CancellationToken ct)
    {
        if ((await FindAsync(subscriptionId, http, ct)).Failed(out var error, out var known)) return error;
        if ((await ReadAsync(http, subscriptionId, ct)).Failed(out error, out var request)) return error;
        var wanted = Of(request, known.Id, known.ClientId);
        var changed = await db.EventSubscriptions.Where(row => row.Id == known.Id).ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.CallbackUrl, wanted.CallbackUrl)
                .SetProperty(row => row.Version, wanted.Version)
                .SetProperty(row => row.EventTypes, wanted.EventTypes)
                .SetProperty(row => row.Urns, wanted.Urns)

                // What an earlier address has failed to do says nothing of this one.
                .SetProperty(row => row.PushAt, wanted.PushAt)
                .SetProperty(row => row.Failures, 0),
            ct);
        return changed == 1 ? Answer(http, wanted, StatusCodes.Status200OK) : Unknown();
    }

    public async Task<IResult> DeleteAsync(string subscriptionId, HttpContext http, CancellationToken ct)
    {
        if ((await FindAsync(subscriptionId, http, ct)).Failed(out var error, out var known)) return error;
        if (await db.EventSubscriptions.Where(row => row.Id == known.Id).ExecuteDeleteAsync(ct) == 0) return Unknown();

        // Nothing is pushed any more; it can be polled.
        await db.Events.Where(row => row.PushFor == known.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.PushFor, (string?)null), ct);
        return Results.NoContent();
    }

    /// <summary>Only its owner may change or delete it (OB-EVT-13).</summary>
    private async Task<Outcome<EventSubscription, ApiError>> FindAsync(string id, HttpContext http, CancellationToken ct)
    {
        if (!EventSubscription.IsWellFormed(id) || await db.EventSubscriptions.SingleOrDefaultAsync(row => row.Id == id, ct) is not { } found) return Unknown();
        return found.ClientId == http.Caller().ClientId
            ? found
            : ApiError.Forbidden("U011", "OB-HTTP-2", "This subscription belongs to another third party.");
    }

    private async Task<Outcome<SubscriptionRequest, ApiError>> ReadAsync(HttpContext http, string? subscriptionId, CancellationToken ct)
    {
        if ((await JsonBody.ReadAsync(http.Request, ct)).Failed(out var error, out var body)) return error;
        using var document = body;
        if (SubscriptionRequest.From(document.RootElement, isChange: subscriptionId is not null).Failed(out error, out var request)) return error;
        if (validator.FirstRefusal(request) is { } refusal) return refusal;
        if (request.Id != subscriptionId)
            return ApiError.BadRequest(request.Id is null ? "U004" : "U002", "OB-EVT-13", "Must be the id in the path.", "Data.EventSubscriptionId");
        return request.CallbackUrl is { } address && await callbacks.ProblemAsync(address, http.Caller().ClientId, ct) is { } problem
            ? ApiError.BadRequest("U002", "DC-19", $"The address {problem}.", "Data.CallbackUrl")
            : request;
    }

    private EventSubscription Of(SubscriptionRequest request, string id, string clientId) => new()
    {
        Id = id,
        ClientId = clientId,
        CallbackUrl = request.CallbackUrl,
        Version = request.Version!,
        EventTypes = request.EventTypes is { } types ? [.. types] : null,

        // An empty list names no type to leave the others out for.
        Urns = request.EventTypes is { Count: > 0 } named ? [.. named.Select(name => EventType.Named(name)!.Urn).Distinct()] : null,
        PushAt = time.GetUtcNow(),
    };

    private JsonHttpResult<SubscriptionResource> Answer(HttpContext http, EventSubscription subscription, int status) => TypedResults.Json(
        new SubscriptionResource(SubscriptionResource.Subscription.Of(subscription), new Links(Self(http, $"{Path}/{subscription.Id}")), Meta.OnePage),
        EventWire.Default.SubscriptionResource,
        UkApi.Json,
        status);

    private string Self(HttpContext http, string path) => addresses.Of(http, "/open-banking/v4.0" + path);

    private static ApiError Unknown() => ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such subscription.");
}
