using MediatR;

namespace OpenBanking.Consent.Contracts;

/// <summary>Asks what a consent lets its client read now. Asked on every request, so that a revocation holds from the next one on.</summary>
public sealed record OpenAccountAccess(string ConsentId, string ClientId) : IRequest<AccountAccessDecision>;

/// <summary>The answer to <see cref="OpenAccountAccess"/>.</summary>
public abstract record AccountAccessDecision
{
    private AccountAccessDecision() { }

    /// <summary>Authorised and not expired.</summary>
    /// <param name="Permissions">OB permission codes of the consent, e.g. <c>ReadAccountsDetail</c>.</param>
    /// <param name="AccountIds">What the customer chose and still has.</param>
    /// <param name="TransactionsFrom">Earliest booking that may be shown (OB-AIS-13), inclusive.</param>
    /// <param name="TransactionsTo">Latest booking that may be shown, inclusive.</param>
    public sealed record Granted(
        string CustomerId,
        IReadOnlySet<string> Permissions,
        IReadOnlySet<string> AccountIds,
        DateTimeOffset? TransactionsFrom,
        DateTimeOffset? TransactionsTo) : AccountAccessDecision;

    public sealed record Refused(ConsentRefusal Reason) : AccountAccessDecision;
}

public enum ConsentRefusal
{
    Unknown,
    OfAnotherClient,
    NotAuthorised,
    Cancelled,
    Expired,

    /// <summary>The consent stands, and its customer must authenticate again (OB-SCA-3).</summary>
    AuthenticatedTooLongAgo,
}
