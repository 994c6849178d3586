using MediatR;
using OpenBanking.Consent.Contracts;

namespace OpenBanking.Consent.FundsConfirmation;

/// <summary>Says of which account a card issuer may ask at this moment; asked on every request and kept nowhere (CO-16).</summary>
internal sealed class OpenFundsConfirmationHandler(Consents consents) : IRequestHandler<OpenFundsConfirmation, FundsConfirmationDecision>
{
    public async Task<FundsConfirmationDecision> Handle(OpenFundsConfirmation request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent || consent.Kind != ConsentKind.FundsConfirmation)
            return new FundsConfirmationDecision.Refused(ConsentRefusal.Unknown);
        if (consent.ClientId != request.ClientId) return new FundsConfirmationDecision.Refused(ConsentRefusal.OfAnotherClient);
        return consent.State switch
        {
            ConsentState.AUTH => new FundsConfirmationDecision.Granted(consent.CustomerId!, consent.AccountIds!.Single()),
            ConsentState.CANC => new FundsConfirmationDecision.Refused(ConsentRefusal.Cancelled),
            ConsentState.EXPD => new FundsConfirmationDecision.Refused(ConsentRefusal.Expired),
            _ => new FundsConfirmationDecision.Refused(ConsentRefusal.NotAuthorised),
        };
    }
}
