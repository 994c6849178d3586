using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>
/// Pushes events to those who want that, a subscription's in the order in which they happened: while the first has not arrived and is not
/// given up, the next ones wait (OB-EVT-14). Any number of hosts may run it. A subscription is taken by an update, together with the time
/// after which another host may take it if this one dies with it; what was on its way then is sent once more.
/// </summary>
internal sealed partial class EventPush(
    IServiceScopeFactory scopes, HttpMessageHandler outbound, TimeProvider clock, ILogger<EventPush> logger) : BackgroundService
{
    /// <summary>OB-EVT-8.</summary>
    internal const int MostTries = 10;

    /// <summary>Subscriptions at once; no more are taken, or some would be held and not served.</summary>
    private const int AtOnce = 8;

    /// <summary>OB-EVT-8.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(64);

    /// <summary>OB-EVT-8.</summary>
    internal static readonly TimeSpan LongestTime = TimeSpan.FromHours(24);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long one subscription is served at one go, so that a slow receiver with much to hear does not keep the others waiting.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(3);

    /// <summary>Longer than one try can take, also where the clocks of two hosts differ.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BackgroundWork.EveryAsync(Pause, clock, logger, PushAsync, stoppingToken);

    /// <summary>Pushes what is due, to a few at a time, so that a slow receiver does not hold up the others.</summary>
    internal async Task PushAsync(CancellationToken ct)
    {
        var taken = await scopes.InUnitAsync(services => TakeDueAsync(services.GetRequiredService<ConsentDb>(), ct), ct);
        await Parallel.ForEachAsync(taken, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (subscription, _) =>
        {
            try
            {
                await DeliverAsync(subscription, ct);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                Log.Failed(logger, failure, subscription.ClientId); // Of one; the others are served.
            }
        });
    }

    /// <summary>
    /// Subscriptions that have something to be pushed now. One whose time lies further ahead than any wait is due as well: the clock was
    /// put back.
    /// </summary>
    private Task<List<EventSubscription>> TakeDueAsync(ConsentDb db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.EventSubscriptions
            .FromSql($"""
                UPDATE consent.event_subscriptions SET "PushAt" = {now + Lease} WHERE "Id" = ANY (ARRAY(
                    SELECT s."Id" FROM consent.event_subscriptions s
                    WHERE s."CallbackUrl" IS NOT NULL AND (s."PushAt" <= {now} OR s."PushAt" > {now + LongestWait + Lease})
                        AND EXISTS (SELECT 1 FROM consent.events e WHERE e."PushFor" = s."Id")
                    ORDER BY s."PushAt" LIMIT {AtOnce} FOR UPDATE SKIP LOCKED))
                RETURNING *
                """)
            .ToListAsync(ct);
    }

    private async Task DeliverAsync(EventSubscription held, CancellationToken ct)
    {
        var start = clock.GetTimestamp();
        while (clock.GetElapsedTime(start) < Turn)
        {
            if (await scopes.InUnitAsync(services => NextAsync(services, held, ct), ct) is not { } next) break;
            var outcome = next.Problem is { } problem ? new Outcome(false, MayRetry: true, problem) : await TrySendAsync(held, next.Token, ct);
            if (await scopes.InUnitAsync(services => SettleAsync(services.GetRequiredService<ConsentDb>(), held, next.Event, outcome, ct), ct) is not { } still) return;
            held = still;
        }

        await scopes.InUnitAsync(services => KeepAsync(services.GetRequiredService<ConsentDb>(), held, clock.GetUtcNow(), failures: 0, ct), ct);
    }

    /// <summary>The oldest event that is still to be pushed, signed, and whether its address may be called now: third parties move and end.</summary>
    private static async Task<Next?> NextAsync(IServiceProvider services, EventSubscription held, CancellationToken ct)
    {
        var next = await services.GetRequiredService<ConsentDb>().Events.Where(row => row.PushFor == held.Id).OrderBy(row => row.Sequence).FirstOrDefaultAsync(ct);
        if (next is null) return null;
        var problem = await services.GetRequiredService<CallbackAddresses>().ProblemAsync(held.CallbackUrl!, held.ClientId, ct);
        return new Next(next, problem is null ? await services.GetRequiredService<SecurityEventTokens>().SignAsync(next, ct) : "", problem);
    }

    /// <summary>One try; a 202 says that it has arrived (OB-EVT-7). What the answer contains is not read.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The handler is not the invoker's to dispose of.")]
    private async Task<Outcome> TrySendAsync(EventSubscription to, string token, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(OutboundHttp.Patience);
        try
        {
            using var http = new HttpMessageInvoker(outbound, disposeHandler: false);
            using var request = new HttpRequestMessage(HttpMethod.Post, to.CallbackUrl)
            {
                Content = new ByteArrayContent(Encoding.ASCII.GetBytes(token)) { Headers = { ContentType = new MediaTypeHeaderValue("application/jwt") } },
            };
            request.Headers.Add(InteractionId.Header, Guid.CreateVersion7(clock.GetUtcNow()).ToString("D"));
            using var response = await http.SendAsync(request, patience.Token);
            return Outcome.Of(response.StatusCode);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return new Outcome(false, MayRetry: true, failure is OperationCanceledException ? "no answer in time" : "no connection");
        }
    }

    /// <summary>Writes down what became of a try; the subscription as it is held on, or null where this host is done with it for now.</summary>
    private async Task<EventSubscription?> SettleAsync(ConsentDb db, EventSubscription held, EventRecord tried, Outcome outcome, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (outcome.HasArrived)
        {
            await db.Events.Where(row => row.Id == tried.Id).ExecuteDeleteAsync(ct);
            return await KeepAsync(db, held, now + Lease, failures: 0, ct);
        }

        var isOver = !outcome.MayRetry || tried.Tries + 1 >= MostTries || now - tried.At >= LongestTime;
        var stands = await db.Events.Where(row => row.Id == tried.Id && row.PushFor == held.Id).ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.Tries, row => row.Tries + 1)
                .SetProperty(row => row.Problem, outcome.Problem)
                .SetProperty(row => row.PushFor, isOver ? null : held.Id)
                .SetProperty(row => row.GivenUpAt, isOver ? now : null),
            ct) == 1;
        if (isOver && stands) Log.GivenUp(logger, tried.Id.ToString("N"), held.ClientId, tried.Tries + 1, outcome.Problem!);

        // Who refuses this event may take the next one; who does not answer is left alone for a while, whatever there is to send.
        if (!outcome.MayRetry) return await KeepAsync(db, held, now + Lease, failures: 0, ct);
        await KeepAsync(db, held, now + WaitAfter(held.Failures + 1), held.Failures + 1, ct);
        return null;
    }

    /// <summary>Sets when the subscription may be taken next, provided that nobody else has taken or changed it meanwhile.</summary>
    private static async Task<EventSubscription?> KeepAsync(ConsentDb db, EventSubscription held, DateTimeOffset until, int failures, CancellationToken ct)
    {
        var kept = await db.EventSubscriptions
            .FromSql($"""
                UPDATE consent.event_subscriptions SET "PushAt" = {until}, "Failures" = {failures} WHERE "Id" = {held.Id} AND "PushAt" = {held.PushAt} RETURNING *
                """)
            .ToListAsync(ct);
        return kept.SingleOrDefault();
    }

    /// <summary>1, 2, 4 … minutes, up to 64 (OB-EVT-8).</summary>
    internal static TimeSpan WaitAfter(int failures) => TimeSpan.FromMinutes(Math.Min(Math.Pow(2, failures - 1), LongestWait.TotalMinutes));

    /// <param name="Problem">Why it cannot be sent now.</param>
    private sealed record Next(EventRecord Event, string Token, string? Problem);

    /// <summary>What became of a try.</summary>
    internal sealed record Outcome(bool HasArrived, bool MayRetry, string? Problem)
    {
        /// <summary>A client error will not go away by itself, but for those that say so.</summary>
        public static Outcome Of(HttpStatusCode status) => status == HttpStatusCode.Accepted
            ? new Outcome(true, MayRetry: false, null)
            : new Outcome(
                false,
                (int)status is < 400 or >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
                string.Create(CultureInfo.InvariantCulture, $"answered with {(int)status}"));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Events of client {ClientId} could not be pushed; they are tried again")]
        public static partial void Failed(ILogger logger, Exception failure, string clientId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Event {EventId} of client {ClientId} is given up after {Tries} tries: {Problem}; it can be polled, and sent again by command")]
        public static partial void GivenUp(ILogger logger, string eventId, string clientId, int tries, string problem);
    }
}
