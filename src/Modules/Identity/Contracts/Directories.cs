using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Asks which software of a directory a client registered as; null where it did not register with that directory's word.</summary>
/// <param name="Directory">The directory's issuer.</param>
public sealed record FindSoftware(string ClientId, string Directory) : IRequest<string?>;

/// <summary>Has the sandbox's directory suspend a client or let it back; false where there is no such client.</summary>
public sealed record SuspendClient(string ClientId, bool On) : IRequest<bool>;

/// <summary>
/// Revokes the statements of an organisation or of a piece of software, for all hosts from the next request on: its clients are out of
/// service, and no other registers (OB-DCR-15, SSA-05).
/// </summary>
/// <param name="Directory">The directory's issuer.</param>
/// <param name="Id">The directory's id of the organisation or of the software.</param>
public sealed record RevokeStatements(string Directory, string Id) : IRequest<RevocationAnswer>;

/// <summary>Takes such a revocation back; what the settings name stays revoked.</summary>
public sealed record RestoreStatements(string Directory, string Id) : IRequest<RevocationAnswer>;

/// <summary>The answer to both.</summary>
public abstract record RevocationAnswer
{
    private RevocationAnswer() { }

    /// <param name="Suspended">How many clients are out of service by it.</param>
    public sealed record Done(int Suspended) : RevocationAnswer;

    public sealed record WasNotRevoked : RevocationAnswer;

    /// <param name="Known">The directories that there are.</param>
    public sealed record UnknownDirectory(IReadOnlyList<string> Known) : RevocationAnswer;
}
