using System.Globalization;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Ciba;

/// <summary>What the client is told of a request that was taken.</summary>
internal sealed record TakenRequest(string AuthReqId, int ExpiresIn, int Interval);

/// <summary>
/// Keeps requests of the back channel and moves them on. Each step is one conditional update, so that of several that come at one
/// moment, on whichever host, one is made.
/// </summary>
internal sealed class BackchannelRequests(
    IdentityDb db, ClientRegister register, Authorisations authorisations, BackchannelNotices notices, AuthorisationTallies tallies, TimeProvider time)
{
    /// <summary>Seconds between two polls (0.1).</summary>
    public const int Interval = 5;

    /// <summary>How long a customer has where the client does not say (0.1).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>What a client may ask for is honoured within these (0.1).</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>What was approved in the last second must still be fetched.</summary>
    private static readonly TimeSpan TimeToFetch = TimeSpan.FromMinutes(1);

    /// <summary>Takes a request in; null where another for the same consent waits (OB-SEC-14).</summary>
    public async Task<TakenRequest?> StoreAsync(BackchannelParameters parameters, Client client, string consentId, User user, CancellationToken ct)
    {
        var handle = Handle.New();
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var lifetime = LifetimeOf(parameters.RequestedExpiry);
        var notification = client.BackchannelDelivery == BackchannelRequest.Ping
            ? notices.Protect(id, handle.Value, parameters.ClientNotificationToken!)
            : null;
        var stored = await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.backchannel_requests
                ("Hash", "Id", "ClientId", "ConsentId", "UserId", "Parameters", "BindingMessage", "CreatedAt", "ExpiresAt", "Interval", "NextPollAt",
                    "Notification", "NotifyTries")
            VALUES ({handle.Hash}, {id}, {client.ClientId}, {consentId}, {user.Id}, {parameters.ToAuthorizationRequest().ToJson()}::json,
                {parameters.BindingMessage}, {now}, {now + lifetime}, {Interval}, {now}, {notification}, 0)
            ON CONFLICT ("ConsentId") WHERE "DecidedAt" IS NULL DO NOTHING
            """,
            ct);
        if (stored == 1) tallies.Count(consentId, AuthorisationTallies.Started);
        return stored == 1 ? new TakenRequest(handle.Value, (int)lifetime.TotalSeconds, Interval) : null;
    }

    public Task<BackchannelRequest?> FindAsync(Guid id, Guid userId, CancellationToken ct) =>
        db.BackchannelRequests.FirstOrDefaultAsync(row => row.Id == id && row.UserId == userId, ct);

    public bool IsWaiting(BackchannelRequest request) => request.DecidedAt is null && time.GetUtcNow() < request.ExpiresAt;

    /// <summary>Decides on a request: the update is the lock (CO-08). False where somebody was first, or time has run out.</summary>
    public async Task<bool> DecideAsync(BackchannelRequest request, BackchannelOutcome outcome, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var isDecided = await db.BackchannelRequests
            .Where(row => row.Hash == request.Hash && row.DecidedAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.DecidedAt, now)
                    .SetProperty(row => row.Outcome, outcome)
                    .SetProperty(row => row.NotifyAt, row => row.Notification == null ? null : now),
                ct) == 1;
        if (isDecided && outcome == BackchannelOutcome.Declined) tallies.Count(request.ConsentId, AuthorisationTallies.Refused);
        return isDecided;
    }

    /// <summary>Takes a decision back within the same transaction, so that nobody else has seen it: it did not stand.</summary>
    public Task ReopenAsync(BackchannelRequest request, CancellationToken ct) => db.BackchannelRequests
        .Where(row => row.Hash == request.Hash)
        .ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.DecidedAt, (DateTimeOffset?)null)
                .SetProperty(row => row.Outcome, (BackchannelOutcome?)null)
                .SetProperty(row => row.NotifyAt, (DateTimeOffset?)null),
            ct);

    /// <summary>Notes what came of an approval, within its transaction.</summary>
    public Task GrantedAsync(BackchannelRequest request, Guid grantId, CancellationToken ct)
    {
        tallies.Count(request.ConsentId, AuthorisationTallies.Completed);
        var atLeastUntil = time.GetUtcNow() + TimeToFetch;
        return db.BackchannelRequests
            .Where(row => row.Hash == request.Hash)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.GrantId, grantId)
                    .SetProperty(row => row.ExpiresAt, row => row.ExpiresAt < atLeastUntil ? atLeastUntil : row.ExpiresAt),
                ct);
    }

    /// <summary>The consent of an approved request went another way at this very moment: there is nothing to fetch.</summary>
    public Task EndedAsync(BackchannelRequest request, CancellationToken ct) => db.BackchannelRequests
        .Where(row => row.Hash == request.Hash)
        .ExecuteUpdateAsync(set => set.SetProperty(row => row.Outcome, BackchannelOutcome.Ended), ct);

    /// <summary>The consent has ended, and with it what waits for it.</summary>
    public Task EndByConsentAsync(string consentId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return db.BackchannelRequests
            .Where(row => row.ConsentId == consentId && row.DecidedAt == null)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.DecidedAt, now)
                    .SetProperty(row => row.Outcome, BackchannelOutcome.Ended)
                    .SetProperty(row => row.NotifyAt, row => row.Notification == null ? null : now),
                ct);
    }

    /// <summary>Ends what waits for this consent and whose time is up.</summary>
    public async Task ExpireAsync(string consentId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var late = await db.BackchannelRequests.FirstOrDefaultAsync(row => row.ConsentId == consentId && row.DecidedAt == null && row.ExpiresAt <= now, ct);
        if (late is not null) await ExpireAsync(late, ct);
    }

    /// <summary>Ends a request whose customer did not decide in time, and with it the consent that was to be authorised (OB-CON-4).</summary>
    public async Task<bool> ExpireAsync(BackchannelRequest request, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var ended = await db.BackchannelRequests
            .Where(row => row.Hash == request.Hash && row.DecidedAt == null && row.ExpiresAt <= now)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.DecidedAt, now)
                    .SetProperty(row => row.Outcome, BackchannelOutcome.TimedOut)
                    .SetProperty(row => row.NotifyAt, row => row.Notification == null ? null : now),
                ct);
        if (ended == 0) return false;
        tallies.Count(request.ConsentId, AuthorisationTallies.Abandoned);
        if (await register.FindAsync(request.ClientId, ct) is { } client)
            await authorisations.RejectAsync(ToDecide(request, client), RejectionCause.TimedOut, customerId: null, from: null, ct);
        return true;
    }

    /// <summary>The ID token always says when the customer authenticated (CIBA-30).</summary>
    public static RequestToDecide ToDecide(BackchannelRequest request, Client client) =>
        new(request.ConsentId, AuthorizationRequest.FromJson(request.Parameters), client, TellsAuthTime: true);

    // However many digits: beyond the longest there is no difference.
    private static TimeSpan LifetimeOf(string? requested)
    {
        if (requested is null) return Lifetime;
        var seconds = int.TryParse(requested, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, Shortest.TotalSeconds, Longest.TotalSeconds));
    }
}
