using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Ciba;

/// <summary>
/// What no request brings about: it ends what nobody has decided on, and tells the clients that want to be told (CIBA-26). Any number
/// of hosts may run it: a row is taken by an update, together with the time after which another may try if this host dies with it.
/// </summary>
internal sealed partial class BackchannelWorker(
    IServiceScopeFactory scopes, HttpMessageHandler outbound, BackchannelNotices notices, IOptions<AuthorizationServerOptions> options, TimeProvider clock,
    ILogger<BackchannelWorker> logger) : BackgroundService
{
    /// <summary>The first try and two more (CIBA-27).</summary>
    private const int MostTries = 3;

    private const int Batch = 20;
    private const int AtOnce = 8;

    /// <summary>A customer may be standing at a till.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Longer than a batch can take, so that no other host sends the same one meanwhile.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, TurnAsync, stoppingToken);

    private async Task TurnAsync(CancellationToken ct)
    {
        await SweepAsync(ct);
        await NotifyAsync(ct);
    }

    /// <summary>Ends what is out of time, each in a transaction of its own.</summary>
    internal async Task SweepAsync(CancellationToken ct)
    {
        var late = await scopes.InUnitAsync(services => FindLateAsync(services.GetRequiredService<IdentityDb>(), ct), ct);
        await BackgroundWork.EachAsync(
            late, logger, request => scopes.InUnitAsync(services => services.GetRequiredService<BackchannelRequests>().ExpireAsync(request, ct), ct), ct);
    }

    /// <summary>Sends what is due, a few at a time, so that one slow client does not hold up the others.</summary>
    internal async Task NotifyAsync(CancellationToken ct)
    {
        var due = await scopes.InUnitAsync(services => TakeDueAsync(services.GetRequiredService<IdentityDb>(), ct), ct);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (request, _) =>
        {
            var isDone = request.NotifyTries > MostTries || await TrySendAsync(request, ct) || request.NotifyTries == MostTries;
            await scopes.InUnitAsync(services => SettleAsync(services.GetRequiredService<IdentityDb>(), request, isDone, ct), ct);
        });
    }

    private Task<List<BackchannelRequest>> FindLateAsync(IdentityDb db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.BackchannelRequests.AsNoTracking()
            .Where(row => row.DecidedAt == null && row.ExpiresAt <= now)
            .OrderBy(row => row.ExpiresAt)
            .Take(Batch)
            .ToListAsync(ct);
    }

    private Task<List<BackchannelRequest>> TakeDueAsync(IdentityDb db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.BackchannelRequests
            .FromSql($"""
                UPDATE identity.backchannel_requests SET "NotifyAt" = {now + Lease}, "NotifyTries" = "NotifyTries" + 1
                WHERE "Hash" = ANY (ARRAY(
                    SELECT "Hash" FROM identity.backchannel_requests WHERE "NotifyAt" <= {now} ORDER BY "NotifyAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED))
                RETURNING *
                """)
            .AsNoTracking()
            .ToListAsync(ct);
    }

    /// <summary>Whether nothing more is to be sent: the client has it, or wants nothing of us.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The handler is not the invoker's to dispose of.")]
    private async Task<bool> TrySendAsync(BackchannelRequest request, CancellationToken ct)
    {
        if (request.Notification is null || await EndpointAsync(request.ClientId, ct) is not { } address) return true;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            var notice = notices.Unprotect(request.Id, request.Notification);
            using var http = new HttpMessageInvoker(outbound, disposeHandler: false);
            using var post = new HttpRequestMessage(HttpMethod.Post, address)
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", notice.Token) },
                Content = JsonContent.Create(new JsonObject { ["auth_req_id"] = notice.AuthReqId }, new MediaTypeHeaderValue("application/json")),
            };
            using var answer = await http.SendAsync(post, patience.Token); // Whatever its body says does not matter.
            if (answer.IsSuccessStatusCode) return true;
            Log.Refused(logger, request.ClientId, (int)answer.StatusCode);
            return (int)answer.StatusCode is 401 or 403;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException && !ct.IsCancellationRequested)
        {
            Log.NotReached(logger, request.ClientId, failure.GetType().Name);
            return false;
        }
    }

    // As it is registered now; what a client has taken out of its registration is not called any more (CIBA-28).
    private async Task<string?> EndpointAsync(string clientId, CancellationToken ct)
    {
        var client = await scopes.InUnitAsync(services => services.GetRequiredService<ClientRegister>().FindAsync(clientId, ct), ct);
        return client?.BackchannelNotificationEndpoint is { } address && OutboundHttp.Problem(address, options.Value.AllowLoopbackTargets) is null ? address : null;
    }

    private async Task<int> SettleAsync(IdentityDb db, BackchannelRequest request, bool isDone, CancellationToken ct)
    {
        DateTimeOffset? next = isDone ? null : clock.GetUtcNow() + WaitAfter(request.NotifyTries);
        return await db.BackchannelRequests
            .Where(row => row.Hash == request.Hash)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.NotifyAt, next)
                    .SetProperty(row => row.Notification, row => isDone ? null : row.Notification),
                ct);
    }

    private static TimeSpan WaitAfter(int tries) => tries == 1 ? TimeSpan.FromSeconds(5) : TimeSpan.FromSeconds(20);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The notification of client {ClientId} was answered with {Status}")]
        public static partial void Refused(ILogger logger, string clientId, int status);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The notification of client {ClientId} did not arrive: {Problem}")]
        public static partial void NotReached(ILogger logger, string clientId, string problem);
    }
}
