using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Evidence;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Registration;
using OpenBanking.Identity.Token;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Storage;

/// <summary>
/// Removes what has ended. Nothing relies on it for safety: every check looks at the time itself, so a row that stays too long opens
/// nothing, and the tables stay as small as the traffic.
/// </summary>
internal sealed class ExpiredRows(
    IServiceScopeFactory scopes, IOptions<AuthorizationServerOptions> options, TimeProvider clock, ILogger<ExpiredRows> logger) : BackgroundService
{
    /// <summary>Small, so that no request waits for a long transaction.</summary>
    internal const int Batch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>What is removed and how long after its end: the longer, the longer a late attempt is told apart from a wrong one.</summary>
    internal static Kind[] Kinds(AuthorizationServerOptions options) =>
    [
        // A code that comes back a day later still ends what was got with it (OA-12).
        new(typeof(AuthorizationCode), nameof(AuthorizationCode.ExpiresAt), TimeSpan.FromDays(1)),
        new(typeof(AccessToken), nameof(AccessToken.ExpiresAt), TimeSpan.FromHours(1)),
        new(typeof(RefreshToken), nameof(RefreshToken.ExpiresAt), TimeSpan.FromDays(1)),
        new(typeof(PushedRequest), nameof(PushedRequest.ExpiresAt), TimeSpan.FromHours(1)),
        new(typeof(Interaction), nameof(Interaction.DecideBefore), TimeSpan.FromHours(1)),

        // As long as its customer may look up what was asked.
        new(typeof(BackchannelRequest), nameof(BackchannelRequest.ExpiresAt), TimeSpan.FromDays(1)),

        new(typeof(PasskeyCeremony), nameof(PasskeyCeremony.ExpiresAt), TimeSpan.FromHours(1)),
        new(typeof(PortalSession), nameof(PortalSession.LastSeenAt), PortalSession.IdleLimit + TimeSpan.FromHours(1)),
        new(typeof(KnownStatement), nameof(KnownStatement.Until), TimeSpan.FromHours(1)),
        new(typeof(RegistrationCount), nameof(RegistrationCount.Since), TimeSpan.FromHours(2)),
        new(typeof(FailureCount), nameof(FailureCount.LastAt), FailureCounts.Window),
        new(typeof(PolicyWait), nameof(PolicyWait.ForgottenAt), TimeSpan.Zero),
        new(typeof(KnownDevice), nameof(KnownDevice.LastSeenAt), KnownDevices.Lifetime),
        new(typeof(SignIn), nameof(SignIn.At), options.SignInHistory),
        new(typeof(ManagedGrant), nameof(ManagedGrant.RevokedAt), options.EndedGrantLifetime),
        new(typeof(ManagedGrant), nameof(ManagedGrant.ExpiresAt), options.EndedGrantLifetime),
        new(typeof(SignedMessage), nameof(SignedMessage.At), options.SignedMessageLife),

        // Only what can count no more: nothing is pushed out early (DP-17). Not even by a clock that runs ahead for an hour and is put
        // right again, after which the same proof would be in time once more, whichever host's clock the removal goes by (OP-20).
        new(typeof(SpentIdentifier), nameof(SpentIdentifier.Until), TimeSpan.FromMinutes(65)),
    ];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SweepAsync, stoppingToken);

    /// <summary>Goes over every table once, a batch a transaction.</summary>
    internal async Task<int> SweepAsync(CancellationToken ct)
    {
        var removed = 0;
        foreach (var kind in Kinds(options.Value)) removed += await InBatchesAsync(db => RemoveBatchAsync(db, kind, ct), ct);
        return removed + await InBatchesAsync(db => RemoveGrantsAsync(db, ct), ct);
    }

    private Task<int> InBatchesAsync(Func<IdentityDb, Task<int>> remove, CancellationToken ct) =>
        BackgroundWork.InBatchesAsync(Batch, () => scopes.InUnitAsync(services => remove(services.GetRequiredService<IdentityDb>()), ct));

    /// <summary>
    /// Grants that have ended, with the refresh tokens that came of them. What the customer sees of them, and the evidence, is the
    /// consent's and stays.
    /// </summary>
    private async Task<int> RemoveGrantsAsync(IdentityDb db, CancellationToken ct)
    {
        var before = clock.GetUtcNow() - options.Value.EndedGrantLifetime;
        var removed = await db.Database.SqlQuery<int>(
            $"""
            WITH ended AS (
                DELETE FROM identity.grants WHERE "Id" = ANY (ARRAY(
                    SELECT "Id" FROM identity.grants WHERE "RevokedAt" < {before} OR "ExpiresAt" < {before} LIMIT {Batch} FOR UPDATE SKIP LOCKED))
                RETURNING "Id"),
            tokens AS (DELETE FROM identity.refresh_tokens WHERE "GrantId" IN (SELECT "Id" FROM ended))
            SELECT count(*)::int AS "Value" FROM ended
            """).ToListAsync(ct);
        return removed[0];
    }

    // Names come from the model, never from outside. Hosts that sweep at once skip each other's rows.
    private Task<int> RemoveBatchAsync(IdentityDb db, Kind kind, CancellationToken ct) =>
        db.Database.ExecuteSqlRawAsync(Statement(db.Model.FindEntityType(kind.Entity)!, kind.EndsAt), [clock.GetUtcNow() - kind.Keep, Batch], ct);

    private static string Statement(IEntityType entity, string endsAt)
    {
        var table = $"\"{entity.GetSchema()}\".\"{entity.GetTableName()}\"";
        var column = $"\"{entity.FindProperty(endsAt)!.GetColumnName()}\"";
        return $"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < {{0}} LIMIT {{1}} FOR UPDATE SKIP LOCKED))";
    }

    internal sealed record Kind(Type Entity, string EndsAt, TimeSpan Keep);
}
