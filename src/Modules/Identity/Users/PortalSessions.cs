using System.Linq.Expressions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>Begins, finds and ends the portal's sessions.</summary>
internal sealed class PortalSessions(IdentityDb db, TimeProvider clock)
{
    public const string Cookie = "__Host-session";

    // Seeing a session is a write; one every so often is enough to tell an idle browser from a busy one.
    private static readonly TimeSpan SeenAgain = TimeSpan.FromSeconds(15);

    /// <summary>Begins a session after a sign-in, under a new secret; what this browser had before ends (PO-06, CON-03).</summary>
    public async Task<PortalSession> BeginAsync(HttpContext http, Guid userId, Guid passkeyId, CancellationToken ct)
    {
        if (http.Request.Cookies[Cookie] is { Length: > 0 } previous)
        {
            var hash = Handle.HashOf(previous);
            await EndAsync(row => row.Hash == hash, ct);
        }

        var now = clock.GetUtcNow();
        var secret = Handle.New();
        var session = new PortalSession
        {
            Id = Guid.CreateVersion7(now),
            Hash = secret.Hash,
            UserId = userId,
            PasskeyId = passkeyId,
            AuthenticatedAt = now,
            LastSeenAt = now,
        };
        db.Sessions.Add(session);
        await db.SaveChangesAsync(ct);
        http.Response.Cookies.Append(Cookie, secret.Value, CookieFlags());
        return session;
    }

    /// <summary>The running session of a cookie; being asked for keeps it from going idle.</summary>
    public async Task<PortalSession?> FindAsync(string secret, CancellationToken ct)
    {
        var hash = Handle.HashOf(secret);
        var now = clock.GetUtcNow();
        var session = await Running(now).FirstOrDefaultAsync(row => row.Hash == hash, ct);
        if (session is not null && now - session.LastSeenAt >= SeenAgain)
        {
            await db.Sessions
                .Where(row => row.Id == session.Id && row.EndedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastSeenAt, now), ct);
        }

        return session;
    }

    /// <summary>The running session of an id, for who asks in a customer's name.</summary>
    public Task<PortalSession?> FindAsync(Guid id, CancellationToken ct) =>
        Running(clock.GetUtcNow()).FirstOrDefaultAsync(row => row.Id == id, ct);

    public bool IsFresh(PortalSession session) => clock.GetUtcNow() - session.AuthenticatedAt <= PortalSession.Fresh;

    /// <summary>Ends sessions at once, on every host (PO-07).</summary>
    public Task EndAsync(Expression<Func<PortalSession, bool>> which, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Sessions
            .Where(which)
            .Where(row => row.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), ct);
    }

    // Lax, not Strict: the customer arrives at /authorize from a third party's site and may be signed in already (PO-08).
    public static CookieOptions CookieFlags() => new() { Secure = true, HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/" };

    private IQueryable<PortalSession> Running(DateTimeOffset now)
    {
        var seenAfter = now - PortalSession.IdleLimit;
        var authenticatedAfter = now - PortalSession.Lifetime;
        return db.Sessions.Where(row => row.EndedAt == null && row.LastSeenAt > seenAfter && row.AuthenticatedAt > authenticatedAfter);
    }
}
