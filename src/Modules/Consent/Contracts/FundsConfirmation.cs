using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>Asks whether a consent lets its card issuer ask about funds now, and of which account.</summary>
public sealed record OpenFundsConfirmation(string ConsentId, string ClientId) : IRequest<FundsConfirmationDecision>;

/// <summary>The answer to <see cref="OpenFundsConfirmation"/>.</summary>
public abstract record FundsConfirmationDecision
{
    private FundsConfirmationDecision() { }

    /// <summary>Authorised and not expired.</summary>
    public sealed record Granted(string CustomerId, string AccountId) : FundsConfirmationDecision;

    public sealed record Refused(ConsentRefusal Reason) : FundsConfirmationDecision;
}
