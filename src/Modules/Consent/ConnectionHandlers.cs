using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent;

/// <summary>
/// The accesses to a customer's accounts, active ones first, then the newest (D-2); ended ones stay visible (D-7). Those that the other
/// holder of a joint account has given are among them (D-11).
/// </summary>
internal sealed class ListConnectionsHandler(Connections connections) : IRequestHandler<ListConnections, IReadOnlyList<ConnectionSummary>>
{
    public async Task<IReadOnlyList<ConnectionSummary>> Handle(ListConnections request, CancellationToken cancellationToken)
    {
        var entries = Connections.Entries(await connections.OfAsync(request.CustomerId, null, cancellationToken));
        var summaries = await connections.SummariseAsync(entries, request.CustomerId, cancellationToken);
        return [.. summaries.OrderByDescending(summary => summary.IsActive).ThenByDescending(summary => summary.GrantedAt)];
    }
}

/// <summary>One access with its accounts, data and history (D-3).</summary>
internal sealed class DescribeConnectionHandler(ConsentDb db, ServedKinds kinds, Connections connections) : IRequestHandler<DescribeConnection, ConnectionDetail?>
{
    public async Task<ConnectionDetail?> Handle(DescribeConnection request, CancellationToken cancellationToken)
    {
        if (await connections.EntryOfAsync(request.CustomerId, request.ConsentId, cancellationToken) is not [var connection, ..] all) return null;
        var consent = connection.Consent;
        var summary = (await connections.SummariseAsync([all], request.CustomerId, cancellationToken))[0];
        var history = await db.History.Where(entry => summary.ConsentIds.Contains(entry.ConsentId)).OrderBy(entry => entry.Number).ToListAsync(cancellationToken);
        return new ConnectionDetail(
            summary,
            [.. connection.Accounts.Select(account => new ApprovalAccount(account.AccountId, account.Name, account.IdentificationShown, account.Currency, account.IsJoint))],
            kinds.Of(consent).Show(consent, []).Groups,
            consent.TransactionsFrom,
            consent.TransactionsTo,
            [.. history.Select(entry => new ConsentHistoryEntry(entry.At, HistoryWords.What(entry), HistoryWords.By(entry, summary.ClientName, request.CustomerId)))])
        {
            StoppedAccountIds = consent.StoppedAccountIds.ToHashSet(StringComparer.Ordinal),
            Uses = await db.Uses.Where(use => use.ConsentId == consent.Id).OrderBy(use => use.Day).Select(use => new DayOfUse(use.Day, use.Times)).ToListAsync(cancellationToken),
        };
    }
}

/// <summary>A step in a consent's life as a customer reads it.</summary>
internal static class HistoryWords
{
    public static string What(HistoryEntry entry) => (entry.Event, entry.From) switch
    {
        (ConsentEvent.Create, _) => "Access requested",
        (ConsentEvent.Authorise, ConsentState.AWAU) => "Access approved",
        (ConsentEvent.Authorise, _) => "Access continued",
        (ConsentEvent.Cancel, _) => "Access cancelled",
        (ConsentEvent.Suspend, _) => "Access stopped by your bank",
        (ConsentEvent.Expire, _) => "Access ended on its end date",
        (ConsentEvent.Delete, _) => "Access given up",
        (ConsentEvent.StopAccount, _) => "Joint account taken out",
        _ => "Access declined",
    };

    public static string By(HistoryEntry entry, string clientName, string customerId) => entry.By switch
    {
        Actor.Customer => entry.ActorId == customerId ? "You" : "The other account holder",
        Actor.ThirdParty => clientName,
        _ => "Your bank",
    };
}

/// <summary>The history of one consent as it was written, whoever asks.</summary>
internal sealed class ListConsentChangesHandler(ConsentDb db) : IRequestHandler<ListConsentChanges, IReadOnlyList<ConsentChange>?>
{
    public async Task<IReadOnlyList<ConsentChange>?> Handle(ListConsentChanges request, CancellationToken cancellationToken)
    {
        if (!Consents.IsWellFormed(request.ConsentId)) return null;
        var history = await db.History.Where(entry => entry.ConsentId == request.ConsentId).OrderBy(entry => entry.Number).ToListAsync(cancellationToken);
        return history.Count == 0
            ? null
            : [.. history.Select(entry => new ConsentChange(entry.From?.ToString(), entry.To.ToString(), entry.At, entry.ReasonCode, entry.Reason))];
    }
}

/// <summary>Cancels an access at once (D-7); its tokens end in the same transaction.</summary>
internal sealed class CancelConnectionHandler(Connections connections) : IRequestHandler<CancelConnection, CancellationAnswer>
{
    public async Task<CancellationAnswer> Handle(CancelConnection request, CancellationToken cancellationToken)
    {
        if ((await connections.OfAsync(request.CustomerId, request.ConsentId, cancellationToken)).SingleOrDefault() is not { } connection)
            return CancellationAnswer.NotFound;
        return await connections.StopAsync(connection, request.CustomerId, request.From, cancellationToken)
            ? CancellationAnswer.Cancelled
            : CancellationAnswer.WasNotActive;
    }
}

/// <summary>Cancels all that one third party has from a customer (D-12), in the request's one transaction.</summary>
internal sealed class CancelAllOfClientHandler(Connections connections) : IRequestHandler<CancelAllOfClient, int>
{
    public async Task<int> Handle(CancelAllOfClient request, CancellationToken cancellationToken)
    {
        var all = await connections.OfAsync(request.CustomerId, null, cancellationToken);
        var stopped = 0;

        // Always in the same order, so that two who do this at once wait for each other and cannot lock each other out.
        foreach (var connection in all.Where(connection => connection.Consent.ClientId == request.ClientId).OrderBy(connection => connection.Consent.Id, StringComparer.Ordinal))
        {
            if (await connections.StopAsync(connection, request.CustomerId, request.From, cancellationToken)) stopped++;
        }

        return stopped;
    }
}

/// <summary>An access as one customer sees it.</summary>
/// <param name="Accounts">Of the shared accounts those that are this customer's: all, or the joint ones of another's access.</param>
internal sealed record Connection(ConsentRecord Consent, bool IsGivenByOther, IReadOnlyList<OwnAccount> Accounts)
{
    public bool IsActive => Consent.State == ConsentState.AUTH
        && (!IsGivenByOther || Accounts.Any(account => !Consent.StoppedAccountIds.Contains(account.AccountId)));
}

/// <summary>What the dashboard's questions share.</summary>
internal sealed class Connections(Consents consents, ConsentDb db, AccessNotices notices, IMediator mediator)
{
    private readonly Dictionary<string, ClientDescription?> clients = new(StringComparer.Ordinal);

    /// <summary>
    /// The accesses that concern a customer, also those that their third party has deleted: what the customer gave, and what others
    /// gave to accounts held jointly. Nobody else's (CO-19).
    /// </summary>
    /// <param name="consentId">Only this one; null for all.</param>
    public async Task<IReadOnlyList<Connection>> OfAsync(string customerId, string? consentId, CancellationToken ct)
    {
        if (consentId is not null && !Consents.IsWellFormed(consentId)) return [];

        // While the bank's own system is away, what a customer gave is still seen and stopped, with accounts that have no name.
        var known = await mediator.Send(new ListOwnAccountsIfKnown(customerId), ct);
        var own = known ?? [];
        var joint = own.Where(account => account.IsJoint).Select(account => account.AccountId).ToArray();
        var concerned = db.Consents.Where(consent =>
            consent.CustomerId == customerId || (consent.CustomerId != null && consent.AccountIds!.Any(id => joint.Contains(id))));
        if (consentId is not null) concerned = concerned.Where(consent => consent.Id == consentId);

        var found = await concerned.ToListAsync(ct);
        var expired = false;
        foreach (var consent in found) expired |= await consents.ExpireIfEndedAsync(consent, ct);
        if (expired) found = await concerned.ToListAsync(ct);
        return
        [
            // What cannot be stopped is no connection: single payments have a list of their own (D-10).
            .. found.Where(consent => States.Next(States.Of(consent.Kind), ConsentState.AUTH, ConsentEvent.Cancel) is not null).Select(consent => new Connection(
                consent,
                consent.CustomerId != customerId,
                known is null
                    ? [.. consent.SharedAccountIds().Select(Nameless)]
                    : [.. own.Where(account => consent.AccountIds!.Contains(account.AccountId) && (account.IsJoint || consent.CustomerId == customerId))])),
        ];
    }

    /// <summary>What a customer sees as one: of a card issuer all that it was allowed for one account (D-9), else each access by itself.</summary>
    /// <returns>The connections of each, the one first that speaks for all: an active one, or else the latest.</returns>
    public static IReadOnlyList<IReadOnlyList<Connection>> Entries(IEnumerable<Connection> all) =>
    [
        .. all.GroupBy(connection => connection.Consent is { Kind: var kind, AccountIds: [var account] } consent && kind == ConsentKind.FundsConfirmation
                ? (consent.ClientId, account, consent.CustomerId)
                : (connection.Consent.Id, null, null))
            .Select(entry => entry.OrderByDescending(connection => connection.IsActive).ThenByDescending(connection => connection.Consent.GrantedAt).ToList()),
    ];

    /// <summary>The entry that a consent is part of; empty where it is not this customer's.</summary>
    public async Task<IReadOnlyList<Connection>> EntryOfAsync(string customerId, string consentId, CancellationToken ct)
    {
        var one = await OfAsync(customerId, consentId, ct);
        if (one is not [{ Consent: var consent }] || consent.Kind != ConsentKind.FundsConfirmation) return one;
        return Entries(await OfAsync(customerId, null, ct)).Single(entry => entry.Any(connection => connection.Consent.Id == consent.Id));
    }

    private static OwnAccount Nameless(string id) => new(id, "One of your accounts", "", "Its name cannot be shown just now", "–", IsJoint: false) { Scheme = "" };

    /// <summary>
    /// Ends an access for a customer at once (D-7); false where it was not active any more. Where the other holder of a joint account has
    /// changed it at this very moment, it is looked at once more: their stop must not be the reason why this one fails (D-11).
    /// </summary>
    public async Task<bool> StopAsync(Connection connection, string customerId, DecisionOrigin from, CancellationToken ct)
    {
        if (!connection.IsActive) return false;
        return await TryStopAsync(connection, customerId, from, ct)
            || ((await OfAsync(customerId, connection.Consent.Id, ct)).SingleOrDefault() is { IsActive: true } now && await TryStopAsync(now, customerId, from, ct));
    }

    private Task<bool> TryStopAsync(Connection connection, string customerId, DecisionOrigin from, CancellationToken ct)
    {
        var consent = connection.Consent;

        // Who holds an account jointly may stop access to that account; what else was shared is the giver's own (D-11).
        var mine = connection.Accounts.Select(account => account.AccountId).ToArray();
        if (connection.IsGivenByOther && consent.SharedAccountIds().Except(mine, StringComparer.Ordinal).Any())
        {
            var stop = new Cause(Actor.Customer, customerId, from, "The other holder took the joint account out of the access.");
            var (before, after) = (consent.StoppedAccountIds, consent.StoppedAccountIds.Union(mine, StringComparer.Ordinal).ToArray());
            return consents.MoveAsync(
                consent, ConsentEvent.StopAccount, stop, ct, set => set.SetProperty(row => row.StoppedAccountIds, after), row => row.StoppedAccountIds == before);
        }

        var cause = new Cause(Actor.Customer, customerId, from, "The customer cancelled the access at the bank.");
        return consents.MoveAsync(consent, ConsentEvent.Cancel, cause, ct);
    }

    public async Task<IReadOnlyList<ConnectionSummary>> SummariseAsync(IReadOnlyList<IReadOnlyList<Connection>> entries, string customerId, CancellationToken ct)
    {
        var ended = entries.Select(entry => entry[0]).Where(connection => !connection.IsActive).Select(connection => connection.Consent.Id).ToArray();
        var endings = ended.Length == 0
            ? []
            : await db.History
                .Where(entry => ended.Contains(entry.ConsentId) && (entry.Event == ConsentEvent.StopAccount || (entry.From == ConsentState.AUTH && entry.To != ConsentState.AUTH)))
                .OrderBy(entry => entry.Number)
                .ToListAsync(ct);
        await notices.ReadAsync(customerId, ct);
        var endingsOf = endings.ToLookup(entry => entry.ConsentId, StringComparer.Ordinal);
        var summaries = new List<ConnectionSummary>();
        foreach (var entry in entries)
        {
            summaries.Add(await SummariseAsync(entry[0], [.. endingsOf[entry[0].Consent.Id]], customerId, ct) with
            {
                ConsentIds = [.. entry.Select(connection => connection.Consent.Id)],
                LastUsedAt = entry.Max(connection => connection.Consent.LastUsedAt),
            });
        }

        return summaries;
    }

    /// <param name="endings">The steps of its history that ended it or took an account out, in their order.</param>
    private async Task<ConnectionSummary> SummariseAsync(Connection connection, IReadOnlyList<HistoryEntry> endings, string customerId, CancellationToken ct)
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
            Kind = consent.Kind,
            OrganisationName = client?.OrganisationName,
            GivenByOtherHolder = connection.IsGivenByOther,
            EndedAt = EndOf(connection, endings, customerId),
            AccountNames = [.. connection.Accounts.Select(account => account.Name)],
            NewSince = notices.NewSince(connection),
            EndsSoon = notices.EndsSoon(connection),
        };
    }

    private static DateTimeOffset? EndOf(Connection connection, IReadOnlyList<HistoryEntry> endings, string customerId)
    {
        if (connection.IsActive) return null;

        // A later deletion by the third party is not when the access ended, and an end date is true before somebody notices it.
        var left = endings.LastOrDefault(entry => entry.Event != ConsentEvent.StopAccount);
        var ended = left?.Event == ConsentEvent.Expire ? connection.Consent.ExpiresAt : left?.At;
        if (!connection.IsGivenByOther) return ended;

        // For the other holder it may have been over before, with the joint account taken out.
        var stops = endings.Where(entry => entry.Event == ConsentEvent.StopAccount).ToList();
        var stopped = (stops.LastOrDefault(entry => entry.ActorId == customerId) ?? stops.LastOrDefault())?.At;
        var hasNone = connection.Accounts.All(account => connection.Consent.StoppedAccountIds.Contains(account.AccountId));
        return hasNone && stopped is not null && (ended is null || stopped < ended) ? stopped : ended;
    }
}
