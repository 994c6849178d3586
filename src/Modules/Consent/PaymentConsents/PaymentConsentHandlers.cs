using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>Says what may be paid under a consent, and uses it up for its one order (OB-PIS-5).</summary>
internal sealed class PaymentConsentHandlers(Consents consents, CutOffs cutOffs, ConsentOptions options, TimeProvider time) :
    IRequestHandler<OpenPaymentConsent, PaymentConsentDecision>,
    IRequestHandler<ConsumePaymentConsent, bool>
{
    public async Task<PaymentConsentDecision> Handle(OpenPaymentConsent request, CancellationToken cancellationToken)
    {
        // A consent of another type of payment is none here (PY-30), and of no other version either: all are made by this one (OB-PIS-23).
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent || consent.Kind != request.Kind)
            return new PaymentConsentDecision.Refused(ConsentRefusal.Unknown);
        if (consent.ClientId != request.ClientId) return new PaymentConsentDecision.Refused(ConsentRefusal.OfAnotherClient);

        // A payment that nobody has ordered for a day is not what its customer thinks of any more (OB-CON-8).
        if (consent.State != ConsentState.AUTH || time.GetUtcNow() >= consent.StateChangedAt + options.OrderWindow)
            return new PaymentConsentDecision.Refused(ConsentRefusal.NotAuthorised);
        return cutOffs.Refuses(consent.Kind)
            ? new PaymentConsentDecision.TooLate()
            : new PaymentConsentDecision.Granted(consent.CustomerId!, consent.AccountIds!.Single(), consent.Terms!, consent.Quoted);
    }

    public async Task<bool> Handle(ConsumePaymentConsent request, CancellationToken cancellationToken) =>
        await consents.FindAsync(request.ConsentId, cancellationToken) is { } consent
        && consent.ClientId == request.ClientId
        && await consents.MoveAsync(
            consent, ConsentEvent.Consume, new Cause(Actor.ThirdParty, request.ClientId, Reason: $"The order {request.OrderId} was accepted."), cancellationToken);
}
