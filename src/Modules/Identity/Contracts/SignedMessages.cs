using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Asks for the signed messages that went between a client and this server in a span of time: the evidence in a dispute (MS-10).</summary>
public sealed record FindSignedMessages(string ClientId, DateTimeOffset From, DateTimeOffset Until) : IRequest<IReadOnlyList<KeptMessage>>;

/// <summary>One message as it was sent.</summary>
/// <param name="Kind"><c>request_object</c>, <c>authorization_response</c> or <c>introspection_response</c>.</param>
/// <param name="Hash">SHA-256 of the message, in hexadecimal.</param>
public sealed record KeptMessage(DateTimeOffset At, string Kind, string Hash, string Jwt);
