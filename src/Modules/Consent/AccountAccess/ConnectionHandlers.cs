using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>The accesses a customer has given, active ones first, then the newest (D-2); ended ones stay visible (D-7).</summary>
internal sealed class ListConnectionsHandler(AccountAccessConsents consents, ConsentDb db, Connections connections)
    : IRequestHandler<ListConnections, IReadOnlyList<ConnectionSummary>>
{
    public async Task<IReadOnlyList<ConnectionSummary>> Handle(ListConnections request, CancellationToken cancellationToken)
    {
        var granted = await GrantedAsync(request.CustomerId, cancellationToken);
        var expired = false;
        foreach (var consent in granted) expired |= await consents.ExpireIfEndedAsync(consent, cancellationToken);
        if (expired) granted = await GrantedAsync(request.CustomerId, cancellationToken);

        var summaries = new List<ConnectionSummary>(granted.Count);
        foreach (var consent in granted) summaries.Add(await connections.SummariseAsync(consent, cancellationToken));
        return summaries;
    }

    private Task<List<AccountAccessConsent>> GrantedAsync(string customerId, CancellationToken ct) => db.AccountAccess
        .Where(consent => consent.CustomerId == customerId)
        .OrderByDescending(consent => consent.State == ConsentState.AUTH)
        .ThenByDescending(consent => consent.GrantedAt)
        .ThenBy(consent => consent.Id)
        .ToListAsync(ct);
}

/// <summary>One access with its accounts, data and history (D-3).</summary>
internal sealed class DescribeConnectionHandler(ConsentDb db, Connections connections, IMediator mediator)
    : IRequestHandler<DescribeConnection, ConnectionDetail?>
{
    public async Task<ConnectionDetail?> Handle(DescribeConnection request, CancellationToken cancellationToken)
    {
        if (await connections.OfCustomerAsync(request.ConsentId, request.CustomerId, cancellationToken) is not { } consent) return null;
        var own = await mediator.Send(new ListOwnAccounts(request.CustomerId), cancellationToken);
        var summary = await connections.SummariseAsync(consent, cancellationToken);
        var history = await db.History.Where(entry => entry.ConsentId == consent.Id).OrderBy(entry => entry.Id).ToListAsync(cancellationToken);
        return new ConnectionDetail(
            summary,
            [
                .. own
                    .Where(account => consent.AccountIds!.Contains(account.AccountId))
                    .Select(account => new ApprovalAccount(account.AccountId, account.Name, account.IdentificationShown, account.Currency, account.IsJoint)),
            ],
            Permissions.InWords(consent.Permissions),
            consent.TransactionsFrom,
            consent.TransactionsTo,
            [.. history.Select(entry => new ConsentHistoryEntry(entry.At, What(entry), By(entry, summary.ClientName)))]);
    }

    private static string What(HistoryEntry entry) => (entry.Event, entry.From) switch
    {
        (ConsentEvent.Create, _) => "Access requested",
        (ConsentEvent.Authorise, ConsentState.AWAU) => "Access approved",
        (ConsentEvent.Authorise, _) => "Access continued",
        (ConsentEvent.Cancel, _) => "Access cancelled",
        (ConsentEvent.Expire, _) => "Access ended on its end date",
        (ConsentEvent.Delete, _) => "Access given up",
        _ => "Access declined",
    };

    private static string By(HistoryEntry entry, string clientName) => entry.By switch
    {
        Actor.Customer => "You",
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
        if (await connections.OfCustomerAsync(request.ConsentId, request.CustomerId, cancellationToken) is not { } consent)
            return CancellationAnswer.NotFound;
        var cause = new Cause(Actor.Customer, request.CustomerId, request.From, "The customer cancelled the access at the bank.");
        return await consents.MoveAsync(consent, ConsentEvent.Cancel, cause, cancellationToken)
            ? CancellationAnswer.Cancelled
            : CancellationAnswer.WasNotActive;
    }
}

/// <summary>What the dashboard's questions share.</summary>
internal sealed class Connections(AccountAccessConsents consents, ConsentDb db, IMediator mediator)
{
    private readonly Dictionary<string, ClientDescription?> clients = new(StringComparer.Ordinal);

    /// <summary>An access that this customer gave, also one that its third party has deleted; null for anybody else's (CO-19).</summary>
    public async Task<AccountAccessConsent?> OfCustomerAsync(string consentId, string customerId, CancellationToken ct)
    {
        if (!AccountAccessConsents.IsWellFormed(consentId)) return null;
        await consents.FindAsync(consentId, ct);
        return await db.AccountAccess.FirstOrDefaultAsync(consent => consent.Id == consentId && consent.CustomerId == customerId, ct);
    }

    public async Task<ConnectionSummary> SummariseAsync(AccountAccessConsent consent, CancellationToken ct)
    {
        if (!clients.TryGetValue(consent.ClientId, out var client))
            clients[consent.ClientId] = client = await mediator.Send(new DescribeClient(consent.ClientId), ct);
        var isActive = consent.State == ConsentState.AUTH;
        return new ConnectionSummary(
            consent.Id,
            consent.ClientId,
            client?.Name ?? "A third party that is no longer registered",
            client?.OnBehalfOf,
            isActive,
            isActive ? "Active" : "Inactive",
            consent.GrantedAt!.Value,
            consent.ExpiresAt,
            consent.LastUsedAt,
            consent.AccountIds!.Length);
    }
}
