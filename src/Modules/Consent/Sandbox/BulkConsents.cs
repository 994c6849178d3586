using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Sandbox;

/// <summary>
/// Accesses by the thousand, with the history and the audit that each would have, so that what is measured is measured among as many rows as a
/// bank has. Of ten, seven are in use, two were cancelled and one still waits.
/// </summary>
internal sealed class BulkConsents(DbDataSource database, AuditKey auditKey, TimeProvider clock)
{
    private const int Batch = 10_000;
    private const int ThirdParties = 50;
    private const string Analyze = "ANALYZE consent.consents, consent.history";
    private static readonly string[] Permissions = ["ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"];
    private static readonly (ConsentEvent On, Actor By)[] Steps =
        [(ConsentEvent.Create, Actor.ThirdParty), (ConsentEvent.Authorise, Actor.Customer), (ConsentEvent.Cancel, Actor.Customer)];

    private static readonly string[] ConsentNames =
    [
        nameof(ConsentRecord.Id), nameof(ConsentRecord.ClientId), nameof(ConsentRecord.State), nameof(ConsentRecord.ReasonCode), nameof(ConsentRecord.CreatedAt),
        nameof(ConsentRecord.StateChangedAt), nameof(ConsentRecord.Permissions), nameof(ConsentRecord.CustomerId), nameof(ConsentRecord.AccountIds),
        nameof(ConsentRecord.StoppedAccountIds), nameof(ConsentRecord.GrantedAt), nameof(ConsentRecord.AuthenticatedAt),
    ];

    private static readonly string[] HistoryNames =
    [
        nameof(HistoryEntry.Id), nameof(HistoryEntry.ConsentId), nameof(HistoryEntry.At), nameof(HistoryEntry.Event), nameof(HistoryEntry.From),
        nameof(HistoryEntry.To), nameof(HistoryEntry.ReasonCode), nameof(HistoryEntry.By), nameof(HistoryEntry.ActorId),
    ];

    private static readonly string[] AuditNames =
    [
        nameof(PendingAuditLine.Id), nameof(PendingAuditLine.At), nameof(PendingAuditLine.What), nameof(PendingAuditLine.Subject),
        nameof(PendingAuditLine.Content), nameof(PendingAuditLine.Tag),
    ];

    /// <summary>Adds accesses, given in turn by the holders of the accounts.</summary>
    /// <param name="progress">Hears after each batch how many there are.</param>
    public async Task AddAsync(int count, IReadOnlyList<(string CustomerId, string AccountId)> held, Action<int> progress, CancellationToken ct)
    {
        var keys = await auditKey.GetAsync(ct);
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        for (var written = 0; written < count;)
        {
            var size = Math.Min(Batch, count - written);
            var batch = Enumerable.Range(written, size).Select(index => new Access(index, held[index % held.Count], clock.GetUtcNow())).ToList();
            await using (var transaction = await connection.BeginTransactionAsync(ct))
            {
                await BulkCopy.WriteAsync(connection, "consent.consents", ConsentNames, batch.Select(access => access.Row), ct);
                await BulkCopy.WriteAsync(connection, "consent.history", HistoryNames, batch.SelectMany(access => access.History).Select(HistoryRow), ct);
                await BulkCopy.WriteAsync(connection, "consent.audit_pending", AuditNames, batch.SelectMany(access => access.History).Select(entry => AuditRow(entry, keys)), ct);
                await transaction.CommitAsync(ct);
            }

            progress(written += size);
        }

        await using var analyze = new NpgsqlCommand(Analyze, connection);
        await analyze.ExecuteNonQueryAsync(ct);
    }

    private static object?[] HistoryRow(HistoryEntry entry) =>
        [entry.Id, entry.ConsentId, entry.At, entry.Event.ToString(), entry.From?.ToString(), entry.To.ToString(), entry.ReasonCode, entry.By.ToString(), entry.ActorId];

    private static object?[] AuditRow(HistoryEntry entry, AuditKey.Keys keys)
    {
        var line = AuditEntry.Of(entry);
        var tag = new byte[AuditKey.TagBytes];
        new AuditLink().Take(line).Tag(keys, tag);
        return [line.Id, line.At, line.What, line.Subject, line.Content, tag];
    }

    private sealed class Access
    {
        private readonly string id = ConsentKind.AccountAccess.IdPrefix + RandomNumberGenerator.GetHexString(32, lowercase: true);
        private readonly string client;
        private readonly (string CustomerId, string AccountId) held;

        public Access(int index, (string CustomerId, string AccountId) held, DateTimeOffset now)
        {
            this.held = held;
            client = string.Create(CultureInfo.InvariantCulture, $"bulk-{index % ThirdParties:00}");
            var steps = (index % 10) switch { < 7 => 2, < 9 => 3, _ => 1 };

            // What still waits was asked for lately; the rest lies up to half a year back.
            var ago = steps == 1 ? (index % 48) + 1 : (index % 4000) + 24;
            var begin = new DateTimeOffset(now.AddHours(-ago).UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
            History = [.. Enumerable.Range(0, steps).Select(step => Entry(step, begin.AddMinutes(2 * step)))];
        }

        public IReadOnlyList<HistoryEntry> History { get; }

        public object?[] Row
        {
            get
            {
                var last = History[^1];
                var granted = History.Count > 1 ? History[1].At : (DateTimeOffset?)null;
                return
                [
                    id, client, last.To.ToString(), last.ReasonCode, History[0].At,
                    last.At, Permissions, granted is null ? null : held.CustomerId, granted is null ? null : (string[])[held.AccountId],
                    Array.Empty<string>(), granted, granted,
                ];
            }
        }

        private HistoryEntry Entry(int step, DateTimeOffset at)
        {
            var (on, by) = Steps[step];
            ConsentState? from = step == 0 ? null : Next(step - 1).To;
            return new HistoryEntry
            {
                Id = Guid.CreateVersion7(at),
                ConsentId = id,
                At = at,
                Event = on,
                From = from,
                To = Next(step).To,
                ReasonCode = Next(step).ReasonCode,
                By = by,
                ActorId = by == Actor.ThirdParty ? client : held.CustomerId,
            };
        }

        private static Transition Next(int step) => States.Next(States.AccountAccess, step == 0 ? null : Next(step - 1).To, Steps[step].On)!;
    }
}
