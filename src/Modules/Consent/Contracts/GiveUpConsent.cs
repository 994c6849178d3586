using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>
/// Ends a consent at its third party's wish, as the third party's own deletion would (OB-CON-14); false where its kind knows no such
/// end (OB-CON-6) or it has ended already. Then nothing has changed.
/// </summary>
public sealed record GiveUpConsent(string ConsentId, string ClientId) : IRequest<bool>;
