using System.Buffers;
using System.Linq.Expressions;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>Who or what moves a consent, and from where; it goes into the history.</summary>
/// <param name="Reason">Why, in a sentence that the third party reads too, unless <paramref name="Told"/> says what it reads instead.</param>
/// <param name="ReasonCode">The standard's code for the new state where it is more exact than that of the state table.</param>
internal sealed record Cause(Actor By, string? ActorId, DecisionOrigin? From = null, string? Reason = null, string? ReasonCode = null, string? Told = null);

/// <summary>Finds consents and moves them along their state table; every reader and every change passes here.</summary>
internal sealed class Consents(ConsentDb db, ConsentHistory history, TimeProvider time)
{
    private const int RandomLength = 32;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// The consent as it is now; null where there is none or it was deleted (OB-CON-13). One whose end has passed is expired by
    /// whoever touches it first, so nobody ever sees it authorised afterwards (OB-CON-19).
    /// </summary>
    public async Task<ConsentRecord?> FindAsync(string id, CancellationToken ct)
    {
        if (!IsWellFormed(id) || await ById(id).OneAsync(ct) is not { } consent) return null;
        return await ExpireIfEndedAsync(consent, ct) ? await ById(id).OneAsync(ct) : consent;
    }

    /// <summary>Expires a consent that was read as authorised although its end has passed; false where there was nothing to do.</summary>
    public async Task<bool> ExpireIfEndedAsync(ConsentRecord consent, CancellationToken ct)
    {
        if (consent.State != ConsentState.AUTH || !consent.HasEnded(time.GetUtcNow())) return false;
        await MoveAsync(consent, ConsentEvent.Expire, new Cause(Actor.Bank, null, Reason: "The end date of the access has passed."), ct);
        return true;
    }

    /// <summary>
    /// Moves a consent by one conditional update: of several at one moment the database lets one through (CO-08). False where the
    /// table refuses the event or another came first; then nothing has changed.
    /// </summary>
    /// <param name="also">What else changes with the state.</param>
    /// <param name="provided">What else must still stand.</param>
    public async Task<bool> MoveAsync(
        ConsentRecord consent,
        ConsentEvent on,
        Cause cause,
        CancellationToken ct,
        Action<UpdateSettersBuilder<ConsentRecord>>? also = null,
        Expression<Func<ConsentRecord, bool>>? provided = null)
    {
        if (States.Next(States.Of(consent.Kind), consent.State, on) is not { } row) return false;
        var now = time.GetUtcNow();

        // A state that stays keeps its time and its reason (OB-CON-2).
        var isNew = row.To != row.From;
        var step = new ConsentStep(consent, on, row.From, row.To, isNew ? cause.ReasonCode ?? row.ReasonCode : null, cause, now);
        var found = db.Consents.Where(stored => stored.Id == consent.Id && stored.State == row.From);
        var moved = await (provided is null ? found : found.Where(provided))
            .ExecuteUpdateAsync(
                set =>
                {
                    set.SetProperty(stored => stored.State, step.To);
                    if (isNew)
                    {
                        set.SetProperty(stored => stored.StateChangedAt, now);
                        set.SetProperty(stored => stored.ReasonCode, step.ReasonCode);
                        set.SetProperty(stored => stored.ReasonText, step.ReasonCode is null ? null : cause.Told ?? cause.Reason);
                    }

                    also?.Invoke(set);
                },
                ct);
        if (moved == 0) return false;
        await history.WriteAsync(step, ct);
        return true;
    }

    /// <summary>
    /// Moves a consent out of whatever state it is in by now: who has lost to another step looks once more, because what is asked here is
    /// allowed after most of them. False where the table refuses it, or the consent is gone.
    /// </summary>
    public async Task<bool> MoveOnAsync(ConsentRecord consent, ConsentEvent on, Cause cause, CancellationToken ct)
    {
        for (var now = consent; now is not null && States.Next(States.Of(now.Kind), now.State, on) is not null; now = await FindAsync(now.Id, ct))
        {
            if (await MoveAsync(now, on, cause, ct)) return true;
        }

        return false;
    }

    /// <summary>Makes and keeps a new consent of a kind, in the state in which its kind begins.</summary>
    /// <param name="id">Where it is known before, because the request has an idempotency key; null for a new one.</param>
    public async Task<ConsentRecord> CreateAsync(ConsentKind kind, string clientId, ConsentTerms terms, CancellationToken ct, string? id = null)
    {
        var now = time.GetUtcNow();
        var start = States.Next(States.Of(kind), null, ConsentEvent.Create)!;
        var consent = new ConsentRecord
        {
            Id = id ?? NewId(kind),
            ClientId = clientId,
            State = start.To,
            ReasonCode = start.ReasonCode,
            ReasonText = start.ReasonCode is null ? null : "The customer has not yet authorised it.",
            CreatedAt = now,
            StateChangedAt = now,
            Permissions = [.. terms.Permissions],
            Terms = terms.OfKind,
            Quoted = terms.Quoted,
            ExpiresAt = terms.Expires?.Moment,
            ExpirationOnWire = terms.Expires?.OnWire,
            TransactionsFrom = terms.TransactionsFrom?.Moment,
            TransactionsFromOnWire = terms.TransactionsFrom?.OnWire,
            TransactionsTo = terms.TransactionsTo?.Moment,
            TransactionsToOnWire = terms.TransactionsTo?.OnWire,
        };
        db.Add(consent);
        await history.WriteAsync(new ConsentStep(consent, start.On, null, start.To, start.ReasonCode, new Cause(Actor.ThirdParty, clientId), now), ct);
        return consent;
    }

    /// <summary>A new id of a kind (OB-GEN-13).</summary>
    public static string NewId(ConsentKind kind) => kind.IdPrefix + RandomNumberGenerator.GetHexString(RandomLength, lowercase: true);

    private Question<ConsentRecord> ById(string id) =>
        db.Ask<ConsentRecord>("""WHERE r."Id" = $1 AND r."State" <> 'GONE'""", new NpgsqlParameter<string> { TypedValue = id });

    /// <summary>Anything else cannot exist and is not asked for (CO-24).</summary>
    public static bool IsWellFormed(string id) =>
        ConsentKind.OfId(id) is { IdPrefix: var prefix } && id.Length == prefix.Length + RandomLength && id.AsSpan(prefix.Length).IndexOfAnyExcept(Hex) < 0;
}
