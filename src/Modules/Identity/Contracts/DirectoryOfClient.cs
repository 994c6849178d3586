using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Asks which software of a directory a client registered as; null where it did not register with that directory's word.</summary>
/// <param name="Directory">The directory's issuer.</param>
public sealed record FindSoftware(string ClientId, string Directory) : IRequest<string?>;

/// <summary>Has the sandbox's directory suspend a client or let it back; false where there is no such client.</summary>
public sealed record SuspendClient(string ClientId, bool On) : IRequest<bool>;
