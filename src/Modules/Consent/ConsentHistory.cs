using MediatR;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Events;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>A step in a consent's life, the moment it is taken.</summary>
/// <param name="Consent">The consent before the step; what was asked for never changes.</param>
/// <param name="From">Null at creation.</param>
/// <param name="ReasonCode">The standard's code for the new state; null where there is none or the state stays.</param>
internal sealed record ConsentStep(
    ConsentRecord Consent, ConsentEvent On, ConsentState? From, ConsentState To, string? ReasonCode, Cause Cause, DateTimeOffset At);

/// <summary>
/// The one place where a step becomes history. Whatever follows from a step follows from here, in the step's own transaction: there is
/// no change without its line, and no line without its change (OP-07).
/// </summary>
internal sealed class ConsentHistory(ConsentDb db, AuditTrail audit, IMediator mediator, Tallies tallies)
{
    public async Task WriteAsync(ConsentStep step, CancellationToken ct)
    {
        var entry = new HistoryEntry
        {
            Id = Guid.CreateVersion7(step.At),
            ConsentId = step.Consent.Id,
            At = step.At,
            Event = step.On,
            From = step.From,
            To = step.To,
            ReasonCode = step.ReasonCode,
            By = step.Cause.By,
            ActorId = step.Cause.ActorId,
            Address = step.Cause.From?.Address,
            UserAgent = Shortened.To(512, step.Cause.From?.UserAgent),
            Reason = step.Cause.Reason,
        };
        db.Add(entry);
        await audit.AddAsync(AuditEntry.Of(entry), ct);
        await db.SaveChangesAsync(ct);
        tallies.Count(step.At, step.Consent.Kind.Name, WordFor(step));

        // Its tokens end with it (OB-SEC-17).
        if (step.To is ConsentState.CANC or ConsentState.EXPD or ConsentState.GONE)
            await mediator.Publish(new ConsentEnded(step.Consent.Kind, step.Consent.Id, step.Consent.ClientId), ct);
        if (ConsentEvents.Of(step) is { } news) await mediator.Publish(news, ct);
    }

    // As the bank counts consents for the authority (OB-OPS-5).
    private static string WordFor(ConsentStep step) => step.On switch
    {
        ConsentEvent.Create => "new",
        ConsentEvent.Authorise => step.From == ConsentState.AUTH ? "authorised again" : "authorised",
        ConsentEvent.Reject => "rejected",
        ConsentEvent.Cancel => "revoked by the customer",
        ConsentEvent.Suspend => "stopped by the bank",
        ConsentEvent.Expire => "expired",
        ConsentEvent.Consume => "used up",
        ConsentEvent.Delete => "deleted by the third party",
        _ => "changed",
    };
}
