using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>A browser's answer in the ceremony of one approval: the ceremony's handle, and what the passkey has signed, as JSON.</summary>
public sealed record PasskeyUse(string Ceremony, string Credential);

/// <summary>
/// What a passkey has signed for one approval, with everything that it takes to verify it long after, on another machine (OB-SCA-2): the
/// challenge in <paramref name="ClientData"/> is made of the request, the nonce, the digest of what was shown and what was chosen.
/// </summary>
/// <param name="PublicKey">The passkey's key in COSE form, as it was then.</param>
public sealed record PasskeySignature(Guid Request, byte[] Nonce, byte[] ClientData, byte[] AuthenticatorData, byte[] Signature, byte[] PublicKey);

/// <summary>Asks whether a passkey has signed this approval: what was shown and what was chosen; the answer is what speaks against it, or null.</summary>
public sealed record VerifyPasskeySignature(PasskeySignature Signature, string ShownDigest, IReadOnlyList<string> Choice) : IRequest<string?>;
