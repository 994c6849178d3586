using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent;

/// <summary>
/// What this module keeps about a customer: the accesses with their history, what was approved, what was declined. Of an access that the
/// other holder of a joint account gave, it is what the dashboard shows of it (D-11), and never where the other holder was.
/// </summary>
internal sealed class OwnDataHandler(ConsentDb db, Connections connections, ServedKinds kinds, ConsentOptions options, IMediator mediator) : INotificationHandler<OwnDataAsked>
{
    public async Task Handle(OwnDataAsked notification, CancellationToken cancellationToken)
    {
        var all = await connections.OfAsync(notification.CustomerId, null, cancellationToken);
        var summaries = await connections.SummariseAsync([.. all.Select(IReadOnlyList<Connection> (one) => [one])], notification.CustomerId, cancellationToken);
        notification.Answer.Add(await AccessesAsync(notification.CustomerId, all, summaries, cancellationToken));
        notification.Answer.Add(await PaymentsAsync(notification.CustomerId, cancellationToken));
        notification.Answer.Add(await ApprovalsAsync(notification.CustomerId, cancellationToken));
        notification.Answer.Add(await DeclinedAsync(notification.CustomerId, cancellationToken));
        notification.Answer.Add(await DismissedAsync(notification.CustomerId, cancellationToken));
    }

    private async Task<OwnDataSection> AccessesAsync(string customerId, IReadOnlyList<Connection> all, IReadOnlyList<ConnectionSummary> summaries, CancellationToken ct)
    {
        var ids = all.Select(connection => connection.Consent.Id).ToArray();
        var history = (await db.History.Where(entry => ids.Contains(entry.ConsentId)).OrderBy(entry => entry.Number).ToListAsync(ct)).ToLookup(entry => entry.ConsentId, StringComparer.Ordinal);
        var uses = (await db.Uses.Where(use => ids.Contains(use.ConsentId)).OrderBy(use => use.Day).ToListAsync(ct)).ToLookup(use => use.ConsentId, StringComparer.Ordinal);
        return new OwnDataSection(
            "accesses",
            "Access you have given",
            $"To let apps see what you have allowed and nothing else, and to show later who allowed what. Kept after its end as evidence; how often it was used on a day is kept for {options.UsesKept.TotalDays:0} days.",
            [
                .. all.Zip(summaries).OrderByDescending(pair => pair.Second.GrantedAt).Select(pair =>
                    Access(customerId, pair.First, pair.Second, history[pair.Second.ConsentId], uses[pair.Second.ConsentId])),
            ]);
    }

    private OwnDataRecord Access(string customerId, Connection connection, ConnectionSummary summary, IEnumerable<HistoryEntry> history, IEnumerable<AccessUse> uses)
    {
        var consent = connection.Consent;
        return new OwnDataRecord(
            new OwnDataField("id", "Reference", consent.Id),
            new OwnDataField("third_party", "Third party", summary.ClientName),
            new OwnDataField("on_behalf_of", "On behalf of", summary.OnBehalfOf),
            new OwnDataField("kind", "Kind", consent.Kind.Name),
            new OwnDataField("given_by", "Given by", summary.GivenByOtherHolder ? "the other holder of a joint account" : "you"),
            new OwnDataField("status", "Status", summary.StatusText),
            new OwnDataField("requested", "Requested", consent.CreatedAt),
            new OwnDataField("granted", "Granted", summary.GrantedAt),
            new OwnDataField("ends", "Ends", summary.Expires),
            new OwnDataField("ended", "Ended", summary.EndedAt),
            new OwnDataField("accounts", "Accounts", summary.AccountNames),
            new OwnDataField("data", "Data", (string[])[.. kinds.Of(consent).Show(consent, []).Groups.SelectMany(group => group.Parts)]),
            new OwnDataField("transactions_from", "Transactions from", consent.TransactionsFrom),
            new OwnDataField("transactions_to", "Transactions to", consent.TransactionsTo),
            new OwnDataField("last_used", "Last used", summary.LastUsedAt),
            new OwnDataField("uses", "Used on", (OwnDataRecord[])[.. uses.Select(use => new OwnDataRecord(
                new OwnDataField("day", "Day", use.Day),
                new OwnDataField("times", "Times", use.Times)))]),
            new OwnDataField("history", "History", (OwnDataRecord[])[.. history.Select(entry => Step(entry, summary.ClientName, customerId))]));
    }

    // Address and browser belong to whoever acted.
    private static OwnDataRecord Step(HistoryEntry entry, string clientName, string customerId)
    {
        var isOwn = entry.By == Actor.Customer && entry.ActorId == customerId;
        return new OwnDataRecord(
            new OwnDataField("at", "When", entry.At),
            new OwnDataField("what", "What", HistoryWords.What(entry)),
            new OwnDataField("by", "By", HistoryWords.By(entry, clientName, customerId)),
            new OwnDataField("reason", "Why", entry.Reason),
            new OwnDataField("address", "Internet address", isOwn ? entry.Address : null),
            new OwnDataField("browser", "Browser", isOwn ? entry.UserAgent : null));
    }

    /// <summary>Payments are no accesses (D-10): what was approved of each; what became of it says whoever carries it out.</summary>
    private async Task<OwnDataSection> PaymentsAsync(string customerId, CancellationToken ct)
    {
        var names = new Dictionary<string, string?>(StringComparer.Ordinal);
        var records = new List<OwnDataRecord>();
        foreach (var consent in await db.Consents.Where(consent => consent.CustomerId == customerId).OrderByDescending(consent => consent.CreatedAt).ToListAsync(ct))
        {
            if (!PaymentTypes.Serves(consent.Kind)) continue;
            if (!names.TryGetValue(consent.ClientId, out var name)) names[consent.ClientId] = name = (await mediator.Send(new DescribeClient(consent.ClientId), ct))?.Name;
            var shown = PaymentTypes.Of(consent).Show(PaymentRequest.Of(consent), consent);
            records.Add(new OwnDataRecord(
                new OwnDataField("id", "Reference", consent.Id),
                new OwnDataField("third_party", "Third party", name),
                new OwnDataField("kind", "Kind", consent.Kind.Name),
                new OwnDataField("requested", "Requested", consent.CreatedAt),
                new OwnDataField("approved", "Approved", consent.GrantedAt),
                new OwnDataField("amount", "Amount", shown.Amount.ToWire()),
                new OwnDataField("currency", "Currency", shown.Amount.Currency),
                new OwnDataField("payee", "Payee", shown.PayeeName),
                new OwnDataField("payee_account", "Payee's account", shown.PayeeAccount),
                new OwnDataField("terms", "What was said of it", (string[])[.. shown.Lines.Select(line => $"{line.Label}: {line.Value}")])));
        }

        return new OwnDataSection("payment_approvals", "Payments you have approved", "To have paid what you have approved and nothing else, and to show that later. Kept as evidence.", records);
    }

    private async Task<OwnDataSection> ApprovalsAsync(string customerId, CancellationToken ct)
    {
        var names = (await mediator.Send(new ListOwnAccounts(customerId), ct)).ToDictionary(account => account.AccountId, account => account.Name, StringComparer.Ordinal);
        var approvals = await db.Evidence
            .Where(evidence => db.Consents.Any(consent => consent.Id == evidence.ConsentId && consent.CustomerId == customerId))
            .OrderByDescending(evidence => evidence.Id)
            .ToListAsync(ct);
        return new OwnDataSection(
            "approvals",
            "What you have approved, as it was shown",
            "To prove what you approved and how you signed in for it. Kept as evidence for as long as the access is.",
            [
                .. approvals.Select(evidence => new OwnDataRecord(
                    new OwnDataField("at", "When", evidence.At),
                    new OwnDataField("access", "Access", evidence.ConsentId),
                    new OwnDataField("accounts", "Accounts", (string[])[.. evidence.AccountIds.Select(id => names.GetValueOrDefault(id, "a closed account"))]),
                    new OwnDataField("signed_in", "Signed in for it", evidence.AuthenticatedAt),
                    new OwnDataField("address", "Internet address", evidence.Address),
                    new OwnDataField("browser", "Browser", evidence.UserAgent),
                    new OwnDataField("shown", "What the page showed", evidence.Document),
                    new OwnDataField("digest", "Its digest (SHA-256)", evidence.Digest))),
            ]);
    }

    private async Task<OwnDataSection> DeclinedAsync(string customerId, CancellationToken ct)
    {
        var declined = await db.History
            .Where(entry => entry.By == Actor.Customer && entry.ActorId == customerId && entry.Event == ConsentEvent.Reject)
            .Join(db.Consents, entry => entry.ConsentId, consent => consent.Id, (entry, consent) => new { entry, consent.ClientId })
            .OrderByDescending(row => row.entry.Number)
            .ToListAsync(ct);
        var records = new List<OwnDataRecord>();
        foreach (var row in declined)
        {
            records.Add(new OwnDataRecord(
                new OwnDataField("at", "When", row.entry.At),
                new OwnDataField("third_party", "Third party", (await mediator.Send(new DescribeClient(row.ClientId), ct))?.Name),
                new OwnDataField("access", "Request", row.entry.ConsentId),
                new OwnDataField("address", "Internet address", row.entry.Address),
                new OwnDataField("browser", "Browser", row.entry.UserAgent)));
        }

        return new OwnDataSection("declined", "Requests you have declined", "To show that an app was refused, and by whom. Kept as evidence.", records);
    }

    private async Task<OwnDataSection> DismissedAsync(string customerId, CancellationToken ct) => new(
        "dismissed_notices",
        "Notices you have dismissed",
        "To show each notice only until you have seen it. Kept for as long as the access it speaks of.",
        [
            .. (await db.DismissedNotices.Where(row => row.CustomerId == customerId).OrderByDescending(row => row.At).ToListAsync(ct)).Select(row => new OwnDataRecord(
                new OwnDataField("at", "When", row.At),
                new OwnDataField("access", "Access", row.ConsentId),
                new OwnDataField("notice", "Notice", row.Notice == AccessNotice.Granted ? "new access" : "access ends soon"))),
        ]);
}
