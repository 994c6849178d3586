using MediatR;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.Contracts;

/// <summary>Asks, for the authorization server, whether an authorization request may name this consent.</summary>
public sealed record FindConsentForAuthorisation(string ConsentId, string ClientId) : IRequest<AuthorisableConsent>;

/// <summary>The answer to <see cref="FindConsentForAuthorisation"/>.</summary>
public abstract record AuthorisableConsent
{
    private AuthorisableConsent() { }

    /// <param name="Continues">It was approved before: the customer only authenticates again (OB-CON-12).</param>
    public sealed record Found(ConsentKind Kind, bool Continues, DateTimeOffset? ExpiresAt) : AuthorisableConsent;

    /// <summary>No such consent, or another client's; the two are not told apart (CO-02, CON-07).</summary>
    public sealed record Unknown : AuthorisableConsent;

    /// <summary>Rejected, expired or otherwise past authorisation (OB-SEC-13).</summary>
    public sealed record InWrongState : AuthorisableConsent;
}

/// <summary>Asks for everything the approval page shows this customer for this consent.</summary>
public sealed record DescribeForApproval(string ConsentId, string ClientId, string CustomerId) : IRequest<ApprovalDocument?>;

/// <summary>
/// What the approval page shows, and all of it: approval is evidence, so the page renders nothing that is not in here, and what is
/// approved is named by <see cref="Digest"/>.
/// </summary>
/// <param name="Accounts">What the customer may choose from; on a continued consent, what is shared already.</param>
/// <param name="Groups">The data asked for, in plain words by cluster .</param>
/// <param name="Expires">When access ends; null is ongoing .</param>
/// <param name="Continues">Accounts and permissions stand already; authentication is all that is asked .</param>
/// <param name="Digest">base64url SHA-256 over the canonical form of all of it.</param>
public sealed record ApprovalDocument(
    string ConsentId,
    string ClientName,
    string? OnBehalfOf,
    IReadOnlyList<ApprovalAccount> Accounts,
    IReadOnlyList<DataGroup> Groups,
    DateTimeOffset? Expires,
    DateTimeOffset? TransactionsFrom,
    DateTimeOffset? TransactionsTo,
    bool Continues,
    string Digest)
{
    public required ConsentKind Kind { get; init; }

    /// <summary>The third party's legal name, for which its directory vouches (DC-17); null where there is none.</summary>
    public string? OrganisationName { get; init; }

    /// <summary>The customer picks accounts; otherwise they stand in the consent, or stand already.</summary>
    public required bool ChoosesAccounts { get; init; }

    /// <summary>What is paid, where money is moved; then one account is chosen, not several.</summary>
    public ShownPayment? Payment { get; init; }

    /// <summary>The passkey must sign it; not so only for a payment under an exemption of which the bank makes use (OB-SCA-4).</summary>
    public bool AsksPasskey { get; init; } = true;
}

/// <summary>A payment as its payer is shown it. Amount and payee are what the passkey is bound to (OB-SCA-2, P-10).</summary>
/// <param name="Lines">Everything else, in the order of the page: reference, dates, rhythm, rate, charges.</param>
public sealed record ShownPayment(Money Amount, string PayeeName, string PayeeAccount, IReadOnlyList<ShownLine> Lines)
{
    /// <summary>The third party is told the payer's account, for a refund (P-11).</summary>
    public bool GivesRefundAccount { get; init; }

    /// <summary>How many payments a file holds, where it is one: then the amount is their sum and the payee's account is the file's name (P-7).</summary>
    public int? Payments { get; init; }
}

/// <summary>A line of what is shown.</summary>
public sealed record ShownLine(string Label, string Value);

/// <summary>An account as the customer knows it.</summary>
/// <param name="Name">Unique among the customer's accounts, as the own channel shows it.</param>
/// <param name="Detail">Sort code and number, IBAN, or masked card number.</param>
/// <param name="IsJoint">Another holder's data becomes visible .</param>
public sealed record ApprovalAccount(string AccountId, string Name, string Detail, string Currency, bool IsJoint)
{
    /// <summary>How many must approve a payment out of it, the customer among them (P-8).</summary>
    public int ApproversNeeded { get; init; } = 1;
}

/// <summary>One group of data in plain words, with its parts .</summary>
public sealed record DataGroup(string Title, IReadOnlyList<string> Parts);

/// <summary>Authorises a consent as shown. One conditional write: of several at one moment, one succeeds (CO-08).</summary>
public sealed record AuthoriseConsent(
    string ConsentId,
    string ClientId,
    string CustomerId,
    IReadOnlyList<string> AccountIds,
    string ShownDigest,
    AuthenticationEvidence Evidence) : IRequest<AuthorisationAnswer>;

/// <summary>How the customer authenticated for the decision; stored with the consent.</summary>
public sealed record AuthenticationEvidence(DateTimeOffset AuthenticatedAt, string PasskeyId, DecisionOrigin From)
{
    /// <summary>What the passkey has signed for this very approval (OB-SCA-2); null where it was used to sign in only.</summary>
    public PasskeySignature? Signature { get; init; }
}

/// <summary>The answer to <see cref="AuthoriseConsent"/>.</summary>
public abstract record AuthorisationAnswer
{
    private AuthorisationAnswer() { }

    /// <param name="ExpiresAt">When the consent ends; tokens must not outlive it.</param>
    public sealed record Authorised(ConsentKind Kind, DateTimeOffset? ExpiresAt, IReadOnlyList<string> AccountIds) : AuthorisationAnswer;

    /// <summary>What is stored now is not what was shown (CO-07).</summary>
    public sealed record Changed : AuthorisationAnswer;

    /// <summary>No account chosen.</summary>
    public sealed record NoAccountChosen : AuthorisationAnswer;

    /// <summary>An account of the customer's own that was not shown, or some only of those that go together (CO-06).</summary>
    public sealed record AccountNotShown : AuthorisationAnswer;

    /// <summary>An account of somebody else (CO-05).</summary>
    public sealed record AccountNotOffered : AuthorisationAnswer;

    /// <summary>Decided, expired or deleted meanwhile (CO-09).</summary>
    public sealed record InWrongState : AuthorisationAnswer;

    /// <summary>The passkey must have signed it, and just now (OB-SCA-2, CON-05).</summary>
    public sealed record PasskeyNeeded(string Rule) : AuthorisationAnswer;

    /// <summary>A payment after the bank's hour, which it refuses: the consent is rejected by that (OB-PIS-18).</summary>
    public sealed record TooLate : AuthorisationAnswer;
}

/// <summary>Rejects a consent that was not authorised: the customer declined, or did not decide in time (OB-CON-4).</summary>
public sealed record RejectConsent(string ConsentId, string ClientId, RejectionCause Cause, string? CustomerId, DecisionOrigin? From) : IRequest;

public enum RejectionCause
{
    Declined,
    TimedOut,
    NoEligibleAccount,

    /// <summary>The passkey was used and did not fit, too often.</summary>
    FailedAuthentication,
}
