using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Contracts;

/// <summary>Has an answer signed with the server's present PS256 key; answers the detached signature that goes beside it (OB-JWS-17).</summary>
/// <param name="Body">The exact bytes that are sent.</param>
/// <param name="MediaType">What the message is; for a file its own type (OB-JWS-6).</param>
public sealed record SignMessage(ReadOnlyMemory<byte> Body, string MediaType = "application/json") : IRequest<string>;

/// <summary>Has claims signed with the server's present PS256 key as a JWT, such as a security event; answers it in compact form.</summary>
/// <param name="Type">Its <c>typ</c>.</param>
public sealed record SignClaims(string Type, JsonObject Claims) : IRequest<string>;

/// <summary>Asks whether a client has signed a message, before anybody acts on it (OB-JWS-14).</summary>
/// <param name="Signatures">The values of <c>x-jws-signature</c>, as many as were sent.</param>
/// <param name="Body">The exact bytes that were received (OB-JWS-3).</param>
/// <param name="MediaType">What the message is; for a file its own type (OB-JWS-6).</param>
public sealed record VerifyMessage(string ClientId, IReadOnlyList<string?> Signatures, ReadOnlyMemory<byte> Body, string MediaType = "application/json")
    : IRequest<MessageVerdict>
{
    /// <summary>In the place of <see cref="Body"/>, what is too large to be held whole; it is read from its beginning.</summary>
    public Stream? File { get; init; }
}

/// <summary>The answer to <see cref="VerifyMessage"/>.</summary>
public abstract record MessageVerdict
{
    private MessageVerdict() { }

    /// <summary>The client has signed exactly this.</summary>
    public sealed record Good : MessageVerdict;

    /// <summary>Nobody knows who has sent it, and nothing may come of it.</summary>
    public sealed record Wrong(ApiFault Fault) : MessageVerdict;
}
