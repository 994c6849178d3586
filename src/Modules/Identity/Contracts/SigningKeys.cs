using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>
/// Makes the next signing key of each algorithm. It is published at once and signs only when every client has had the time to fetch
/// it (KEY-16); where a next key waits already, nothing new is made, so two operators who rotate at once have rotated once.
/// </summary>
public sealed record RotateSigningKeys : IRequest<KeyRotation>;

/// <summary>The keys as they are published after a rotation.</summary>
public sealed record KeyRotation(IReadOnlyList<PublishedSigningKey> Keys);

/// <summary>One published key.</summary>
/// <param name="SignsFrom">When it takes over.</param>
/// <param name="PublishedUntil">When it leaves the key set; null while no later key is there.</param>
/// <param name="IsNew">Made by this very rotation.</param>
public sealed record PublishedSigningKey(string Algorithm, string KeyId, DateTimeOffset SignsFrom, DateTimeOffset? PublishedUntil, bool IsNew);
