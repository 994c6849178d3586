using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Users;

internal sealed class IssueActivationCodeHandler(IdentityDb db, TimeProvider clock) : IRequestHandler<IssueActivationCode, IssuedActivationCode>
{
    public async Task<IssuedActivationCode> Handle(IssueActivationCode request, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var normalized = User.Normalize(request.Username);
        var newId = Guid.CreateVersion7(now);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.users ("Id", "CustomerId", "Username", "NormalizedUsername", "DisplayName", "CreatedAt")
            VALUES ({newId}, {request.CustomerId}, {request.Username.Trim()}, {normalized}, {request.DisplayName}, {now})
            ON CONFLICT ("CustomerId") DO UPDATE SET "DisplayName" = excluded."DisplayName"
            """,
            cancellationToken);
        var user = await db.Users.FirstAsync(row => row.CustomerId == request.CustomerId, cancellationToken);

        var code = request.ActivationCode ?? ActivationCode.New();
        var hash = ActivationCode.HashOf(user.Id, code);
        var expiresAt = now + ActivationCode.Lifetime;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.activation_codes ("UserId", "Hash", "ExpiresAt", "Reusable") VALUES ({user.Id}, {hash}, {expiresAt}, {request.Reusable})
            ON CONFLICT ("UserId") DO UPDATE
                SET "Hash" = excluded."Hash", "ExpiresAt" = excluded."ExpiresAt", "Reusable" = excluded."Reusable", "UsedAt" = NULL
            """,
            cancellationToken);
        return new IssuedActivationCode(user.Username, code, expiresAt);
    }
}

internal sealed class FindCustomerHandler(IdentityDb db) : IRequestHandler<FindCustomer, KnownCustomer?>
{
    public async Task<KnownCustomer?> Handle(FindCustomer request, CancellationToken cancellationToken)
    {
        var normalized = request.Username is { } username ? User.Normalize(username) : null;
        return await db.Users.Where(row => normalized != null ? row.NormalizedUsername == normalized : row.CustomerId == request.CustomerId)
            .Select(row => new KnownCustomer(row.CustomerId, row.Username, row.DisplayName)).SingleOrDefaultAsync(cancellationToken);
    }
}

internal sealed class ListPasskeysHandler(IdentityDb db, PortalSessions sessions) : IRequestHandler<ListPasskeys, IReadOnlyList<PasskeySummary>>
{
    public async Task<IReadOnlyList<PasskeySummary>> Handle(ListPasskeys request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return [];
        var rows = await db.Passkeys.Where(row => row.UserId == session.UserId).OrderBy(row => row.CreatedAt).ToListAsync(cancellationToken);
        return
        [
            .. rows.Select(row => new PasskeySummary(
                row.Id.ToString("D"), row.Name, row.CreatedAt, row.LastUsedAt, row.IsBackedUp, row.Id == session.PasskeyId, row.SuspectedAt)),
        ];
    }
}

internal sealed class RenamePasskeyHandler(IdentityDb db, PortalSessions sessions) : IRequestHandler<RenamePasskey, PasskeyChange>
{
    public async Task<PasskeyChange> Handle(RenamePasskey request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session || !sessions.IsFresh(session)) return PasskeyChange.SignInAgain;
        if (Passkey.AllowedName(request.Name) is not { } name) return PasskeyChange.NameNotAllowed;
        if (!Guid.TryParseExact(request.PasskeyId, "D", out var id)) return PasskeyChange.NotFound;
        var renamed = await db.Passkeys
            .Where(row => row.Id == id && row.UserId == session.UserId)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, name), cancellationToken);
        return renamed == 1 ? PasskeyChange.Done : PasskeyChange.NotFound;
    }
}

internal sealed class RemovePasskeyHandler(
    IdentityDb db, PortalSessions sessions, SignIns history, Microsoft.AspNetCore.Http.IHttpContextAccessor http) : IRequestHandler<RemovePasskey, PasskeyChange>
{
    public async Task<PasskeyChange> Handle(RemovePasskey request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session || !sessions.IsFresh(session)) return PasskeyChange.SignInAgain;
        if (!Guid.TryParseExact(request.PasskeyId, "D", out var id)) return PasskeyChange.NotFound;

        // The customer's row is the lock: two removals at one moment, one each of the last two passkeys, go one after the other (PK-16).
        await db.Database.ExecuteSqlAsync($"""SELECT 1 FROM identity.users WHERE "Id" = {session.UserId} FOR UPDATE""", cancellationToken);
        var passkey = await db.Passkeys.FirstOrDefaultAsync(row => row.Id == id && row.UserId == session.UserId, cancellationToken);
        if (passkey is null) return PasskeyChange.NotFound;
        if (await db.Passkeys.CountAsync(row => row.UserId == session.UserId, cancellationToken) == 1) return PasskeyChange.IsTheLast;

        await db.Passkeys.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken);

        // Whoever is signed in with it is so no longer, on any host (PO-07); the session that removes it may be one of them.
        await sessions.EndAsync(row => row.PasskeyId == id, cancellationToken);
        if (http.HttpContext is { } context)
            await history.RecordAsync(context, session.UserId, SignInOutcome.PasskeyRemoved, passkey.Name, clientName: null, decision: null, cancellationToken);
        return PasskeyChange.Done;
    }
}

internal sealed class ListSignInsHandler(IdentityDb db, PortalSessions sessions) : IRequestHandler<ListSignIns, IReadOnlyList<SignInRecord>>
{
    public async Task<IReadOnlyList<SignInRecord>> Handle(ListSignIns request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return [];
        var rows = await db.SignIns
            .Where(row => row.UserId == session.UserId)
            .OrderByDescending(row => row.At)
            .Take(request.Limit)
            .ToListAsync(cancellationToken);
        return
        [
            .. rows.Select(row => new SignInRecord(
                row.At, !IsBad(row.Outcome), Words(row.Outcome), row.PasskeyName, row.Address, row.UserAgent, row.ClientName, row.Country, row.Reason)),
        ];
    }

    private static bool IsBad(SignInOutcome outcome) => outcome is SignInOutcome.Failed or SignInOutcome.PasskeySuspected
        or SignInOutcome.Delayed or SignInOutcome.Refused or SignInOutcome.ActivationHeld or SignInOutcome.ApprovalDelayed or SignInOutcome.ApprovalRefused;

    internal static string Words(SignInOutcome outcome) => outcome switch
    {
        SignInOutcome.SignedIn => "Signed in",
        SignInOutcome.Failed => "Sign-in failed",
        SignInOutcome.PasskeySuspected => "Refused: this passkey may have been copied",
        SignInOutcome.Activated => "Passkey created with an activation code",
        SignInOutcome.PasskeyAdded => "Passkey added",
        SignInOutcome.PasskeyRemoved => "Passkey removed",
        SignInOutcome.AskedAgain => "Asked for the passkey once more",
        SignInOutcome.Delayed => "Sign-in put off",
        SignInOutcome.Refused => "Sign-in refused",
        SignInOutcome.ActivationHeld => "Activation codes were tried; put off",
        SignInOutcome.Approved => "Approval",
        SignInOutcome.ApprovalAskedAgain => "Asked for the passkey before an approval",
        SignInOutcome.ApprovalDelayed => "Approval put off",
        SignInOutcome.ApprovalRefused => "Approval refused",
        SignInOutcome.DataDownloaded => "Your data was downloaded",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

internal sealed class DescribeSessionHandler(IdentityDb db, PortalSessions sessions, TimeProvider clock) : IRequestHandler<DescribeSession, SessionDescription?>
{
    public async Task<SessionDescription?> Handle(DescribeSession request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return null;
        var user = await db.Users.FirstAsync(row => row.Id == session.UserId, cancellationToken);
        var now = clock.GetUtcNow();
        var waiting = await db.BackchannelRequests.CountAsync(row => row.UserId == user.Id && row.DecidedAt == null && row.ExpiresAt > now, cancellationToken);
        return new SessionDescription(session.Id, user.CustomerId, user.Username, user.DisplayName, session.AuthenticatedAt, session.EndsAt, waiting) { IsFresh = sessions.IsFresh(session) };
    }
}

internal sealed class EndSessionHandler(PortalSessions sessions) : IRequestHandler<EndSession>
{
    public async Task<Unit> Handle(EndSession request, CancellationToken cancellationToken)
    {
        await sessions.EndAsync(row => row.Id == request.SessionId, cancellationToken);
        return Unit.Value;
    }
}
