using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>
/// Stops an access at the bank's own wish, for suspected fraud or because its customer must authenticate again; its tokens end with it.
/// </summary>
/// <param name="By">Who at the bank.</param>
/// <param name="Why">For history and audit; the third party is not told.</param>
public sealed record SuspendConsent(string ConsentId, string By, string Why) : IRequest<SuspensionAnswer>;

public enum SuspensionAnswer
{
    Suspended,

    /// <summary>It is not active, or of a kind that cannot be stopped; nothing changed.</summary>
    WasNotActive,
    NotFound,
}
