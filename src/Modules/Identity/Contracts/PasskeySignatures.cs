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

/// <summary>
/// Takes the passkey that a signed-in customer has used for one decision of the bank's own channel: being signed in is not enough, and what was
/// signed is good for this subject, for what was shown and for what was chosen (OB-SCA-2, PK-17). The policy has its word too.
/// </summary>
/// <param name="Subject">What the page named the decision by when it asked for the passkey.</param>
/// <param name="ClientName">For whom it is decided, for the customer's sign-in history.</param>
public sealed record ConfirmByPasskey(Guid SessionId, Guid Subject, string ShownDigest, IReadOnlyList<string> Choice, PasskeyUse Passkey, string ClientName) : IRequest<PasskeyConfirmation>;

/// <summary>The answer to <see cref="ConfirmByPasskey"/>.</summary>
public abstract record PasskeyConfirmation
{
    private PasskeyConfirmation() { }

    public sealed record Confirmed(DateTimeOffset At, string PasskeyId, PasskeySignature Signature) : PasskeyConfirmation;

    /// <summary>The passkey was not used, or not for this.</summary>
    public sealed record Refused(string Rule) : PasskeyConfirmation;

    /// <summary>The policy does not take it now.</summary>
    public sealed record Held(DecisionAnswer.Held Because) : PasskeyConfirmation;
}
