using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>When a consent that this request has opened was last used, so that marking the use needs no question of its own.</summary>
internal sealed class OpenedConsent
{
    public string? Id { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>Says what a consent lets its client read at this moment; asked on every request and kept nowhere (CO-16).</summary>
internal sealed class OpenAccountAccessHandler(Consents consents, OpenedConsent opened, CurrentChoices choices, TimeProvider time)
    : IRequestHandler<OpenAccountAccess, AccountAccessDecision>
{
    /// <summary>Under the law of the Union, data is told for so long after strong authentication (OB-SCA-3); in the United Kingdom the bank asks for cause only.</summary>
    private static readonly TimeSpan UnionsLimit = TimeSpan.FromDays(180);

    public async Task<AccountAccessDecision> Handle(OpenAccountAccess request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent || consent.Kind != ConsentKind.AccountAccess) return Refused(ConsentRefusal.Unknown);
        if (consent.ClientId != request.ClientId) return Refused(ConsentRefusal.OfAnotherClient);
        switch (consent.State)
        {
            case ConsentState.AUTH when choices.Now.Region == Region.EU && consent.AuthenticatedAt + UnionsLimit <= time.GetUtcNow(): return Refused(ConsentRefusal.AuthenticatedTooLongAgo);
            case ConsentState.AUTH: break;
            case ConsentState.CANC: return Refused(ConsentRefusal.Cancelled);
            case ConsentState.EXPD: return Refused(ConsentRefusal.Expired);
            default: return Refused(ConsentRefusal.NotAuthorised);
        }

        (opened.Id, opened.LastUsedAt) = (consent.Id, consent.LastUsedAt);
        return new AccountAccessDecision.Granted(
            consent.CustomerId!,
            consent.Permissions.ToHashSet(StringComparer.Ordinal),
            consent.SharedAccountIds().ToHashSet(StringComparer.Ordinal),
            consent.TransactionsFrom,
            consent.TransactionsTo);
    }

    private static AccountAccessDecision.Refused Refused(ConsentRefusal reason) => new(reason);
}

/// <summary>
/// Keeps when a consent was last used (D-4), with at most one write a minute, and counts its uses a day. The count goes with the commit,
/// so it takes no trip of its own and holds its row for no longer than that: reading stays reading.
/// </summary>
internal sealed class ConsentUsedHandler(ConsentDb db, UnitOfWork unit, OpenedConsent opened) : INotificationHandler<ConsentUsed>
{
    private const string OneMore =
        """
        INSERT INTO consent.uses AS r ("ConsentId", "Day", "Times") VALUES ($1, $2, 1)
        ON CONFLICT ("ConsentId", "Day") DO UPDATE SET "Times" = r."Times" + 1
        """;

    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    public async Task Handle(ConsentUsed notification, CancellationToken cancellationToken)
    {
        unit.AtCommit(
            OneMore,
            new NpgsqlParameter<string> { TypedValue = notification.ConsentId },
            new NpgsqlParameter<DateOnly> { TypedValue = DateOnly.FromDateTime(notification.At.UtcDateTime) });
        var stale = notification.At - Grain;
        if (opened.Id == notification.ConsentId && opened.LastUsedAt > stale) return;
        await db.Consents
            .Where(consent => consent.Id == notification.ConsentId && (consent.LastUsedAt == null || consent.LastUsedAt <= stale))
            .ExecuteUpdateAsync(set => set.SetProperty(consent => consent.LastUsedAt, notification.At), cancellationToken);
    }
}
