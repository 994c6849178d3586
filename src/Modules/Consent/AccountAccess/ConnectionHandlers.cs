using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>
/// The accesses to a customer's accounts, active ones first, then the newest (D-2); ended ones stay visible (D-7). Those that the other
/// holder of a joint account has given are among them (D-11).
/// </summary>
internal sealed class ListConnectionsHandler(Connections connections) : IRequestHandler<ListConnections, IReadOnlyList<ConnectionSummary>>
{
    public async Task<IReadOnlyList<ConnectionSummary>> Handle(ListConnections request, CancellationToken cancellationToken)
    {
        var summaries = new List<ConnectionSummary>();
        foreach (var connection in await connections.OfAsync(request.CustomerId, null, cancellationToken))
            summaries.Add(await connections.SummariseAsync(connection, cancellationToken));
        return [.. summaries.OrderByDescending(summary => summary.IsActive).ThenByDescending(summary => summary.GrantedAt)];
    }
}

/// <summary>One access with its accounts, data and history (D-3).</summary>
internal sealed class DescribeConnectionHandler(ConsentDb db, Connections connections) : IRequestHandler<DescribeConnection, ConnectionDetail?>
{
    public async Task<ConnectionDetail?> Handle(DescribeConnection request, CancellationToken cancellationToken)
    {
        if ((await connections.OfAsync(request.CustomerId, request.ConsentId, cancellationToken)).SingleOrDefault() is not { } connection) return null;
        var consent = connection.Consent;
        var summary = await connections.SummariseAsync(connection, cancellationToken);
        var history = await db.History.Where(entry => entry.ConsentId == consent.Id).OrderBy(entry => entry.Id).ToListAsync(cancellationToken);
        return new ConnectionDetail(
            summary,
            [.. connection.Accounts.Select(account => new ApprovalAccount(account.AccountId, account.Name, account.IdentificationShown, account.Currency, account.IsJoint))],
            Permissions.InWords(consent.Permissions),
            consent.TransactionsFrom,
            consent.TransactionsTo,
            [.. history.Select(entry => new ConsentHistoryEntry(entry.At, What(entry), By(entry, summary.ClientName, request.CustomerId)))]);
    }

    private static string What(HistoryEntry entry) => (entry.Event, entry.From) switch
    {
        (ConsentEvent.Create, _) => "Access requested",
        (ConsentEvent.Authorise, ConsentState.AWAU) => "Access approved",
        (ConsentEvent.Authorise, _) => "Access continued",
        (ConsentEvent.Cancel, _) => "Access cancelled",
        (ConsentEvent.Expire, _) => "Access ended on its end date",
        (ConsentEvent.Delete, _) => "Access given up",
        (ConsentEvent.StopAccount, _) => "Joint account taken out",
        _ => "Access declined",
    };

    private static string By(HistoryEntry entry, string clientName, string customerId) => entry.By switch
    {
        Actor.Customer => entry.ActorId == customerId ? "You" : "The other account holder",
        Actor.ThirdParty => clientName,
        _ => "Your bank",
    };
}

/// <summary>Cancels an access at once (D-7); its tokens end in the same transaction.</summary>
internal sealed class CancelConnectionHandler(AccountAccessConsents consents, Connections connections)
    : IRequestHandler<CancelConnection, CancellationAnswer>
{
    public async Task<CancellationAnswer> Handle(CancelConnection request, CancellationToken cancellationToken)
    {
        if ((await connections.OfAsync(request.CustomerId, request.ConsentId, cancellationToken)).SingleOrDefault() is not { } connection)
            return CancellationAnswer.NotFound;
        return await EndAsync(connection, request, cancellationToken) ? CancellationAnswer.Cancelled : CancellationAnswer.WasNotActive;
    }

    private Task<bool> EndAsync(Connection connection, CancelConnection request, CancellationToken ct)
    {
        if (!connection.IsActive) return Task.FromResult(false);
        var consent = connection.Consent;

        // Who holds an account jointly may stop access to that account; what else was shared is the giver's own (D-11).
        var mine = connection.Accounts.Select(account => account.AccountId).ToArray();
        if (connection.IsGivenByOther && consent.SharedAccountIds().Except(mine, StringComparer.Ordinal).Any())
        {
            var stop = new Cause(Actor.Customer, request.CustomerId, request.From, "The other holder took the joint account out of the access.");
            var (before, after) = (consent.StoppedAccountIds, consent.StoppedAccountIds.Union(mine, StringComparer.Ordinal).ToArray());
            return consents.MoveAsync(
                consent, ConsentEvent.StopAccount, stop, ct, set => set.SetProperty(row => row.StoppedAccountIds, after), row => row.StoppedAccountIds == before);
        }

        var cause = new Cause(Actor.Customer, request.CustomerId, request.From, "The customer cancelled the access at the bank.");
        return consents.MoveAsync(consent, ConsentEvent.Cancel, cause, ct);
    }
}

/// <summary>An access as one customer sees it.</summary>
/// <param name="Accounts">Of the shared accounts those that are this customer's: all, or the joint ones of another's access.</param>
internal sealed record Connection(AccountAccessConsent Consent, bool IsGivenByOther, IReadOnlyList<OwnAccount> Accounts)
{
    public bool IsActive => Consent.State == ConsentState.AUTH
        && (!IsGivenByOther || Accounts.Any(account => !Consent.StoppedAccountIds.Contains(account.AccountId)));
}

/// <summary>What the dashboard's questions share.</summary>
internal sealed class Connections(AccountAccessConsents consents, ConsentDb db, IMediator mediator)
{
    private readonly Dictionary<string, ClientDescription?> clients = new(StringComparer.Ordinal);

    /// <summary>
    /// The accesses that concern a customer, also those that their third party has deleted: what the customer gave, and what others
    /// gave to accounts held jointly. Nobody else's (CO-19).
    /// </summary>
    /// <param name="consentId">Only this one; null for all.</param>
    public async Task<IReadOnlyList<Connection>> OfAsync(string customerId, string? consentId, CancellationToken ct)
    {
        if (consentId is not null && !AccountAccessConsents.IsWellFormed(consentId)) return [];
        var own = await mediator.Send(new ListOwnAccounts(customerId), ct);
        var joint = own.Where(account => account.IsJoint).Select(account => account.AccountId).ToArray();
        var concerned = db.AccountAccess.Where(consent =>
            consent.CustomerId == customerId || (consent.CustomerId != null && consent.AccountIds!.Any(id => joint.Contains(id))));
        if (consentId is not null) concerned = concerned.Where(consent => consent.Id == consentId);

        var found = await concerned.ToListAsync(ct);
        var expired = false;
        foreach (var consent in found) expired |= await consents.ExpireIfEndedAsync(consent, ct);
        if (expired) found = await concerned.ToListAsync(ct);
        return
        [
            .. found.Select(consent => new Connection(
                consent,
                consent.CustomerId != customerId,
                [.. own.Where(account => consent.AccountIds!.Contains(account.AccountId) && (account.IsJoint || consent.CustomerId == customerId))])),
        ];
    }

    public async Task<ConnectionSummary> SummariseAsync(Connection connection, CancellationToken ct)
    {
        var consent = connection.Consent;
        if (!clients.TryGetValue(consent.ClientId, out var client))
            clients[consent.ClientId] = client = await mediator.Send(new DescribeClient(consent.ClientId), ct);
        return new ConnectionSummary(
            consent.Id,
            consent.ClientId,
            client?.Name ?? "A third party that is no longer registered",
            client?.OnBehalfOf,
            connection.IsActive,
            connection.IsActive ? "Active" : "Inactive",
            consent.GrantedAt!.Value,
            consent.ExpiresAt,
            consent.LastUsedAt,
            connection.IsGivenByOther ? connection.Accounts.Count : consent.AccountIds!.Length)
        {
            GivenByOtherHolder = connection.IsGivenByOther,
        };
    }
}
