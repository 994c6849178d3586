using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Audit;

/// <summary>
/// Links the lines that were written into the chain, a second or so later, and anchors what is linked. Every host runs it; one at a time
/// seals, and each anchors for itself, after it has checked that the chain goes on from its last anchor.
/// </summary>
internal sealed partial class AuditSealer(
    DbDataSource database, AuditKey key, AuditVerifier verifier, AuditAnchors anchors, TimeProvider clock, ILogger<AuditSealer> logger) : BackgroundService
{
    internal const int Batch = 5000;

    /// <summary>"SEAL": one host at a time.</summary>
    private const long SealLock = 0x5345414C;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const string Head = $"""SELECT "Day", "Sequence", "Hash" FROM {ConsentDb.Schema}.audit ORDER BY "Day" DESC, "Sequence" DESC LIMIT 1""";

    private const string Take = $"""
        DELETE FROM {ConsentDb.Schema}.audit_pending WHERE "Number" = ANY (ARRAY(SELECT "Number" FROM {ConsentDb.Schema}.audit_pending ORDER BY "Number" LIMIT $1))
        RETURNING "Number", "Id", "At", "What", "Subject", "Content", "Tag"
        """;

    private const string Copy = $"""
        COPY {ConsentDb.Schema}.audit ("Day", "Sequence", "Id", "At", "What", "Subject", "Content", "Tag", "Hash") FROM STDIN (FORMAT BINARY)
        """;

    private AuditAnchor? last;
    private bool hasLooked;
    private string? told;

    /// <summary>Has the key in memory before the first request.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await key.GetAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        BackgroundWork.EveryAsync(Pause, clock, logger, SealAndAnchorAsync, stoppingToken);

    /// <summary>No request is served any more: nothing is left unsealed by a host that is stopped in order.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await SealAndAnchorAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Another host, or the next start, sees to it.
            if (!cancellationToken.IsCancellationRequested) Log.Failed(logger, failure);
        }
    }

    internal async Task SealAndAnchorAsync(CancellationToken ct)
    {
        await SealAsync(ct);
        await AnchorAsync(ct);
    }

    /// <summary>Links all that waits; answers how many. Another host that is at it is left to it.</summary>
    internal Task<int> SealAsync(CancellationToken ct) => BackgroundWork.InBatchesAsync(Batch, () => SealBatchAsync(ct));

    private async Task<int> SealBatchAsync(CancellationToken ct)
    {
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        if (!await IsAsync(connection, $"SELECT EXISTS (SELECT FROM {ConsentDb.Schema}.audit_pending)", ct)) return 0;
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await IsAsync(connection, $"SELECT pg_try_advisory_xact_lock({SealLock})", ct)) return 0;
        var head = await HeadAsync(connection, ct);
        var pending = await TakeAsync(connection, ct);
        if (pending.Count == 0) return 0;

        // A chain never goes back to an earlier day, whatever a clock says.
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var (day, sequence, hash) = head is null ? (today, 0L, AuditLink.Beginning) : head.Day >= today ? (head.Day, head.Events, head.Head) : (today, 0L, head.Head);
        var link = new AuditLink();
        await using (var copy = await connection.BeginBinaryImportAsync(Copy, ct))
        {
            foreach (var line in pending)
            {
                var next = new byte[AuditLink.HashBytes];
                link.Take(new AuditEntry(line.Id, line.At, line.What, line.Subject, line.Content)).Hash(hash, day, ++sequence, line.Tag, next);
                hash = next;
                await copy.StartRowAsync(ct);
                await copy.WriteAsync(day, NpgsqlDbType.Date, ct);
                await copy.WriteAsync(sequence, NpgsqlDbType.Bigint, ct);
                await copy.WriteAsync(line.Id, NpgsqlDbType.Uuid, ct);
                await copy.WriteAsync(line.At, NpgsqlDbType.TimestampTz, ct);
                await copy.WriteAsync(line.What, NpgsqlDbType.Varchar, ct);
                await copy.WriteAsync(line.Subject, NpgsqlDbType.Varchar, ct);
                await copy.WriteAsync(line.Content, NpgsqlDbType.Text, ct);
                await copy.WriteAsync(line.Tag, NpgsqlDbType.Bytea, ct);
                await copy.WriteAsync(hash, NpgsqlDbType.Bytea, ct);
            }

            await copy.CompleteAsync(ct);
        }

        await transaction.CommitAsync(ct);
        return pending.Count;
    }

    /// <summary>
    /// Anchors the chain as far as it is there, whoever has sealed it. Where it does not go on from the last anchor nothing is written: the
    /// anchor is the evidence.
    /// </summary>
    internal async Task AnchorAsync(CancellationToken ct)
    {
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        var head = await HeadAsync(connection, ct);
        var isFirst = !hasLooked;
        hasLooked = true;
        if (head?.Day == last?.Day && head?.Events == last?.Events) return;

        var keys = await key.GetAsync(ct);
        var found = anchors.Read(keys);
        if (found.Problem is not null || Behind(found.Last, last))
        {
            Tell(found.Problem ?? "The anchors of the audit chain were cut.");
            return;
        }

        var check = await verifier.CheckSinceAsync(connection, found.Last, ct);
        if (check.Problem is not null)
        {
            Tell(check.Problem);
            return;
        }

        if (isFirst && found.Last is null) Log.Begun(logger, check.Events);
        foreach (var day in check.Heads) anchors.Write(day with { At = clock.GetUtcNow() }, keys);
        last = check.Heads.Count > 0 ? check.Heads[^1] : found.Last;
        told = null;
    }

    private static bool Behind(AuditAnchor? found, AuditAnchor? known) =>
        known is not null && (found is null || (found.Day, found.Events).CompareTo((known.Day, known.Events)) < 0);

    /// <summary>Once for each finding, not once a second.</summary>
    private void Tell(string problem)
    {
        if (told != problem) Log.Broken(logger, problem);
        told = problem;
    }

    private static async Task<bool> IsAsync(NpgsqlConnection connection, string question, CancellationToken ct)
    {
        await using var ask = new NpgsqlCommand(question, connection);
        return await ask.ExecuteScalarAsync(ct) is true;
    }

    private static async Task<AuditAnchor?> HeadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(Head, connection);
        await using var rows = await select.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct) ? new AuditAnchor(rows.GetFieldValue<DateOnly>(0), rows.GetInt64(1), rows.GetFieldValue<byte[]>(2), default) : null;
    }

    private static async Task<List<PendingAuditLine>> TakeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand(Take, connection);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        await using var rows = await take.ExecuteReaderAsync(ct);
        var lines = new List<PendingAuditLine>();
        while (await rows.ReadAsync(ct))
        {
            lines.Add(new PendingAuditLine
            {
                Number = rows.GetInt64(0),
                Id = rows.GetGuid(1),
                At = rows.GetFieldValue<DateTimeOffset>(2),
                What = rows.GetString(3),
                Subject = rows.GetString(4),
                Content = rows.GetString(5),
                Tag = rows.GetFieldValue<byte[]>(6),
            });
        }

        lines.Sort((one, other) => one.Number.CompareTo(other.Number));
        return lines;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "{Problem} The anchors of this host are kept as they are; run 'audit verify'")]
        public static partial void Broken(ILogger logger, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "There were no anchors of the audit chain here; {Events} events were checked and anchored anew")]
        public static partial void Begun(ILogger logger, long events);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The audit could not be sealed and anchored as this host stops; another host, or the next start, sees to it")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
