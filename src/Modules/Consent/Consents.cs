using System.Buffers;
using System.Linq.Expressions;
using System.Security.Cryptography;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Events;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>Who or what moves a consent, and from where; it goes into the history.</summary>
internal sealed record Cause(Actor By, string? ActorId, DecisionOrigin? From = null, string? Reason = null);

/// <summary>Finds consents and moves them along their state table; every reader and every change passes here.</summary>
internal sealed class Consents(ConsentDb db, IMediator mediator, TimeProvider time)
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
        if (States.Next(States.Of(consent.Kind), consent.State, on) is not { } step) return false;
        var now = time.GetUtcNow();
        var found = db.Consents.Where(row => row.Id == consent.Id && row.State == step.From);
        var moved = await (provided is null ? found : found.Where(provided))
            .ExecuteUpdateAsync(
                set =>
                {
                    set.SetProperty(row => row.State, step.To);
                    if (step.To != step.From)
                    {
                        set.SetProperty(row => row.StateChangedAt, now);
                        set.SetProperty(row => row.ReasonCode, step.ReasonCode);
                        set.SetProperty(row => row.ReasonText, step.ReasonCode is null ? null : cause.Reason);
                    }

                    also?.Invoke(set);
                },
                ct);
        if (moved == 0) return false;

        await RecordAsync(consent.Id, on, step.From, step.To, cause, now, ct);
        if (ConsentEvents.Of(consent.Kind, consent.Id, consent.ClientId, on) is { } news) await mediator.Publish(news, ct);
        if (step.To is ConsentState.CANC or ConsentState.EXPD or ConsentState.GONE)
            await mediator.Publish(new ConsentEnded(consent.Kind, consent.Id, consent.ClientId), ct);
        return true;
    }

    /// <summary>Keeps a new consent.</summary>
    public async Task AddAsync(ConsentRecord consent, CancellationToken ct)
    {
        db.Add(consent);
        await RecordAsync(consent.Id, ConsentEvent.Create, null, consent.State, new Cause(Actor.ThirdParty, consent.ClientId), consent.CreatedAt, ct);
    }

    private async Task RecordAsync(
        string consentId, ConsentEvent on, ConsentState? from, ConsentState to, Cause cause, DateTimeOffset now, CancellationToken ct)
    {
        db.Add(new HistoryEntry
        {
            Id = Guid.CreateVersion7(now),
            ConsentId = consentId,
            At = now,
            Event = on,
            From = from,
            To = to,
            By = cause.By,
            ActorId = cause.ActorId,
            Address = cause.From?.Address,
            UserAgent = Shortened.To(512, cause.From?.UserAgent),
            Reason = cause.Reason,
        });
        await db.SaveChangesAsync(ct);
    }

    /// <summary>A new id of a kind (OB-GEN-13).</summary>
    public static string NewId(ConsentKind kind) => kind.IdPrefix + RandomNumberGenerator.GetHexString(RandomLength, lowercase: true);

    private Question<ConsentRecord> ById(string id) =>
        db.Ask<ConsentRecord>("""WHERE r."Id" = $1 AND r."State" <> 'GONE'""", new NpgsqlParameter<string> { TypedValue = id });

    /// <summary>Anything else cannot exist and is not asked for (CO-24).</summary>
    public static bool IsWellFormed(string id) =>
        ConsentKind.OfId(id) is { IdPrefix: var prefix } && id.Length == prefix.Length + RandomLength && id.AsSpan(prefix.Length).IndexOfAnyExcept(Hex) < 0;
}
