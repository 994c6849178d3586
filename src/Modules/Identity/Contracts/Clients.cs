using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Asks how a third party is shown to a customer; the answer is null for a client that is not registered (any more).</summary>
public sealed record DescribeClient(string ClientId) : IRequest<ClientDescription?>;

/// <summary>What customers see of a third party.</summary>
/// <param name="Name">The trading name from the software statement .</param>
/// <param name="OnBehalfOf">The firm it acts for, where the registration carries one .</param>
/// <param name="Uri">Its website, always https; null where it gave none.</param>
public sealed record ClientDescription(string ClientId, string Name, string? OnBehalfOf, Uri? Uri)
{
    /// <summary>The legal name for which its directory vouches (DC-17); null where there is none.</summary>
    public string? OrganisationName { get; init; }
}

/// <summary>
/// A third party has ended its registration; in the same transaction goes whatever was kept to serve it. What is kept as evidence stays.
/// </summary>
public sealed record ClientRemoved(string ClientId) : INotification;

/// <summary>Asks for the hosts at which a third party is at home by its registration; null for one that is not in service.</summary>
public sealed record ListClientHosts(string ClientId) : IRequest<IReadOnlySet<string>?>;
