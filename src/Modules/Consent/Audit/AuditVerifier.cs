using System.Data;
using System.Data.Common;
using System.Globalization;
using MediatR;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Audit;

/// <summary>A place in the chain.</summary>
internal sealed record AuditPlace(DateOnly Day, long Sequence)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"event {Sequence} of {Day:yyyy-MM-dd}");
}

/// <summary>How far a chain is whole, and where it breaks.</summary>
/// <param name="Heads">The last line of each day that was read, in order.</param>
/// <param name="IsLate">The problem is that something waits, which a running host puts right.</param>
internal sealed record ChainCheck(long Events, IReadOnlyList<AuditAnchor> Heads, string? Problem, bool IsLate = false);

/// <summary>Goes over the chain and finds the first line that is not as it was written and sealed.</summary>
internal sealed class AuditVerifier(DbDataSource database, AuditKey key, AuditAnchors anchors, TimeProvider clock)
{
    /// <summary>Sealing and anchoring take a second or two; what waits longer waits for somebody's doing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const string Lines = $"""
        SELECT "Day", "Sequence", "Id", "At", "What", "Subject", "Content", "Tag", "Hash" FROM {ConsentDb.Schema}.audit
        """;

    /// <summary>History that the chain does not have, or has otherwise; no order, so that the tables are read once.</summary>
    private const string Histories = $"""
        SELECT h."Id", h."ConsentId", h."At", h."Event", h."From", h."To", h."ReasonCode", h."By", h."ActorId", h."Address", h."UserAgent", h."Reason",
            a."Sequence", a."Day", a."Id", a."At", a."What", a."Subject", a."Content"
        FROM {ConsentDb.Schema}.history h
        LEFT JOIN (
            SELECT "Day", "Sequence", "Id", "At", "What", "Subject", "Content" FROM {ConsentDb.Schema}.audit
            UNION ALL SELECT NULL, "Number", "Id", "At", "What", "Subject", "Content" FROM {ConsentDb.Schema}.audit_pending) a ON a."Id" = h."Id"
        """;

    /// <summary>Lines of steps that the history does not have, although no line tells of its removal.</summary>
    private const string Missing = $"""
        SELECT a."Day", a."Sequence", a."Subject" FROM {ConsentDb.Schema}.audit a
        WHERE a."What" LIKE 'consent.%'
            AND NOT EXISTS (SELECT FROM {ConsentDb.Schema}.history h WHERE h."Id" = a."Id")
            AND NOT EXISTS (SELECT FROM {ConsentDb.Schema}.audit r WHERE r."What" = '{AuditEntry.Removal}' AND r."Subject" = a."Subject")
            AND NOT EXISTS (SELECT FROM {ConsentDb.Schema}.audit_pending r WHERE r."What" = '{AuditEntry.Removal}' AND r."Subject" = a."Subject")
        ORDER BY a."Day", a."Sequence" LIMIT 1
        """;

    /// <summary>Steps of a consent that the history has in another order.</summary>
    private const string Reordered = $"""
        SELECT "Day", "Sequence", "ConsentId" FROM (
            SELECT a."Day", a."Sequence", h."ConsentId", h."Number", lag(h."Number") OVER (PARTITION BY h."ConsentId" ORDER BY a."Day", a."Sequence") AS before
            FROM {ConsentDb.Schema}.history h JOIN {ConsentDb.Schema}.audit a ON a."Id" = h."Id") step
        WHERE "Number" <= before ORDER BY "Day", "Sequence" LIMIT 1
        """;

    /// <summary>A line that was written once and stands there twice: its tag is good, so it can only be told by its id.</summary>
    private const string Doubled = $"""
        SELECT "Id" FROM (SELECT "Id" FROM {ConsentDb.Schema}.audit UNION ALL SELECT "Id" FROM {ConsentDb.Schema}.audit_pending) line
        GROUP BY "Id" HAVING count(*) > 1 LIMIT 1
        """;

    private const string LastOf = $"""SELECT "Day", "Sequence", "What", "Subject" FROM {ConsentDb.Schema}.audit WHERE "Id" = $1 ORDER BY "Day" DESC, "Sequence" DESC LIMIT 1""";

    /// <summary>Everything there is; what happens meanwhile is not looked at.</summary>
    public async Task<ChainCheck> CheckAllAsync(CancellationToken ct)
    {
        var keys = await key.GetAsync(ct);

        // What is anchored is in the database already, so the anchors are read first.
        var anchored = anchors.Read(keys);
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var chain = await CheckAsync(connection, keys, null, anchored.Anchors, ct);
        var broken = chain.Problem ?? anchored.Problem ?? BeyondAnchors(chain, anchored) ?? await DoubledProblemAsync(connection, ct) ?? await HistoryProblemAsync(connection, ct);
        if (broken is not null) return chain with { Problem = broken };
        var (waiting, isLate) = await PendingProblemAsync(connection, keys, ct);
        if (waiting is not null) return chain with { Problem = waiting, IsLate = isLate };
        return chain with { Problem = await UnanchoredProblemAsync(connection, anchored, ct), IsLate = true };
    }

    /// <summary>The lines after an anchor, and that they go on from it.</summary>
    public async Task<ChainCheck> CheckSinceAsync(NpgsqlConnection connection, AuditAnchor? since, CancellationToken ct) =>
        await CheckAsync(connection, await key.GetAsync(ct), since, since is null ? [] : [since], ct);

    private static async Task<ChainCheck> CheckAsync(
        NpgsqlConnection connection, AuditKey.Keys keys, AuditAnchor? since, IReadOnlyList<AuditAnchor> anchored, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(Lines, connection) { CommandTimeout = 0 };
        if (since is not null)
        {
            select.CommandText += """ WHERE ("Day", "Sequence") > ($1, $2)""";
            select.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = since.Day });
            select.Parameters.Add(new NpgsqlParameter<long> { TypedValue = since.Events });
            if (await AnchorProblemAsync(connection, since, ct) is { } cut) return new ChainCheck(0, [], cut);
        }

        select.CommandText += """ ORDER BY "Day", "Sequence" """;
        var (events, heads) = (0L, new List<AuditAnchor>());
        var (day, sequence, head) = (since?.Day ?? default, since?.Events ?? 0, since?.Head ?? AuditLink.Beginning);
        var known = anchored.ToDictionary(anchor => anchor.Day);
        var (link, hash) = (new AuditLink(), new byte[AuditLink.HashBytes]);
        await using var rows = await select.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
        while (await rows.ReadAsync(ct))
        {
            var place = new AuditPlace(rows.GetFieldValue<DateOnly>(0), rows.GetInt64(1));
            if (place.Day != day)
            {
                if (CutBehind(day, sequence, known) is { } cut) return Broken(cut);
                Close();
                (day, sequence) = (place.Day, 0);
            }

            if (place.Sequence != sequence + 1) return Broken($"{new AuditPlace(day, sequence + 1)} is missing.");
            var entry = new AuditEntry(rows.GetGuid(2), rows.GetFieldValue<DateTimeOffset>(3), rows.GetString(4), rows.GetString(5), rows.GetString(6));
            var (tag, stored) = (rows.GetFieldValue<byte[]>(7), rows.GetFieldValue<byte[]>(8));
            link.Take(entry).Tag(keys, hash);
            if (!tag.AsSpan().SequenceEqual(hash)) return Broken($"{place} ({entry.What} of {entry.Subject}) was changed, or was not written by this bank.");
            link.Hash(head, day, place.Sequence, tag, hash);
            if (!stored.AsSpan().SequenceEqual(hash)) return Broken($"{place} ({entry.What} of {entry.Subject}) does not follow the event before it.");
            if (known.TryGetValue(day, out var anchor) && anchor.Events == place.Sequence && !stored.AsSpan().SequenceEqual(anchor.Head))
                return Broken($"{place} is not the one that was anchored: it, or events before it, were replaced.");
            (head, sequence) = (stored, place.Sequence);
            events++;
        }

        if (CutBehind(day, sequence, known) is { } end) return Broken(end);
        Close();
        return new ChainCheck(events, heads, null);

        ChainCheck Broken(string problem) => new(events, heads, "The audit chain is broken: " + problem);

        void Close()
        {
            if (sequence > 0 && !(day == since?.Day && sequence == since.Events)) heads.Add(new AuditAnchor(day, sequence, head, default));
        }
    }

    /// <summary>Whether a day ends before its anchor does.</summary>
    private static string? CutBehind(DateOnly day, long sequence, Dictionary<DateOnly, AuditAnchor> known) =>
        known.TryGetValue(day, out var anchor) && anchor.Events > sequence
            ? $"{new AuditPlace(day, sequence + 1)} is missing; there were {anchor.Events.ToString(CultureInfo.InvariantCulture)}."
            : null;

    private static async Task<string?> AnchorProblemAsync(NpgsqlConnection connection, AuditAnchor anchor, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand($"""SELECT "Hash" FROM {ConsentDb.Schema}.audit WHERE "Day" = $1 AND "Sequence" = $2""", connection);
        select.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = anchor.Day });
        select.Parameters.Add(new NpgsqlParameter<long> { TypedValue = anchor.Events });
        return await select.ExecuteScalarAsync(ct) is byte[] hash && hash.AsSpan().SequenceEqual(anchor.Head)
            ? null
            : $"The audit chain is broken: {new AuditPlace(anchor.Day, anchor.Events)} is missing or not the one that was anchored.";
    }

    /// <summary>A day that is anchored and of which nothing is left.</summary>
    private static string? BeyondAnchors(ChainCheck chain, AnchorsFound anchored)
    {
        var days = chain.Heads.Select(head => head.Day).ToHashSet();
        return anchored.Anchors.FirstOrDefault(anchor => !days.Contains(anchor.Day)) is { } gone
            ? $"The audit chain is broken: {new AuditPlace(gone.Day, 1)} is missing, and with it the whole day of {gone.Events.ToString(CultureInfo.InvariantCulture)} events."
            : null;
    }

    private static async Task<string?> HistoryProblemAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        AuditPlace? firstPlace = null;
        string? first = null;
        await using (var select = new NpgsqlCommand(Histories, connection) { CommandTimeout = 0 })
        await using (var rows = await select.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct))
        {
            while (await rows.ReadAsync(ct))
            {
                var found = StoredHistory.Read(rows);
                if (await rows.IsDBNullAsync(12, ct)) return $"The status history of {found.ConsentId} has an entry ({found.Id}) that is not in the audit.";
                var sequence = rows.GetInt64(12);
                var place = new AuditPlace(await rows.IsDBNullAsync(13, ct) ? DateOnly.MaxValue : rows.GetFieldValue<DateOnly>(13), sequence);
                var audited = new AuditEntry(rows.GetGuid(14), rows.GetFieldValue<DateTimeOffset>(15), rows.GetString(16), rows.GetString(17), rows.GetString(18));
                if (found.ToEntry() == audited) continue;
                if (firstPlace is null || IsBefore(place, firstPlace)) (firstPlace, first) = (place, $"The status history was changed: {place} ({audited.What} of {audited.Subject}) stands in it otherwise.");
            }
        }

        foreach (var (question, said) in new[] { (Missing, "is missing in it"), (Reordered, "stands in it before what came earlier") })
        {
            await using var select = new NpgsqlCommand(question, connection) { CommandTimeout = 0 };
            await using var rows = await select.ExecuteReaderAsync(ct);
            if (!await rows.ReadAsync(ct)) continue;
            var place = new AuditPlace(rows.GetFieldValue<DateOnly>(0), rows.GetInt64(1));
            if (firstPlace is null || IsBefore(place, firstPlace)) (firstPlace, first) = (place, $"The status history was changed: {place} (of {rows.GetString(2)}) {said}.");
        }

        return first;
    }

    private static async Task<string?> DoubledProblemAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var find = new NpgsqlCommand(Doubled, connection) { CommandTimeout = 0 };
        if (await find.ExecuteScalarAsync(ct) is not Guid id) return null;
        await using var locate = new NpgsqlCommand(LastOf, connection) { CommandTimeout = 0 };
        locate.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var rows = await locate.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct)
            ? $"The audit chain is broken: {new AuditPlace(rows.GetFieldValue<DateOnly>(0), rows.GetInt64(1))} ({rows.GetString(2)} of {rows.GetString(3)}) was inserted: it stands in the audit twice."
            : $"An event that waits to be sealed ({id}) was inserted: it waits twice.";
    }

    private static bool IsBefore(AuditPlace one, AuditPlace other) => (one.Day, one.Sequence).CompareTo((other.Day, other.Sequence)) < 0;

    /// <summary>What waits to be sealed must be the bank's too, and must not wait for long.</summary>
    private async Task<(string? Problem, bool IsLate)> PendingProblemAsync(NpgsqlConnection connection, AuditKey.Keys keys, CancellationToken ct)
    {
        const string Pending = $"""SELECT "Id", "At", "What", "Subject", "Content", "Tag" FROM {ConsentDb.Schema}.audit_pending ORDER BY "Number" """;
        await using var select = new NpgsqlCommand(Pending, connection) { CommandTimeout = 0 };
        await using var rows = await select.ExecuteReaderAsync(ct);
        var (link, tag) = (new AuditLink(), new byte[AuditKey.TagBytes]);
        while (await rows.ReadAsync(ct))
        {
            var entry = new AuditEntry(rows.GetGuid(0), rows.GetFieldValue<DateTimeOffset>(1), rows.GetString(2), rows.GetString(3), rows.GetString(4));
            link.Take(entry).Tag(keys, tag);
            if (!tag.AsSpan().SequenceEqual(rows.GetFieldValue<byte[]>(5)))
                return ($"An event that waits to be sealed ({entry.What} of {entry.Subject}) was changed, or was not written by this bank.", false);
            if (clock.GetUtcNow() - entry.At > Patience)
                return ($"An event ({entry.What} of {entry.Subject}) has waited since {entry.At:u} to be sealed: is a host running? It seals within seconds.", true);
        }

        return (null, false);
    }

    private async Task<string?> UnanchoredProblemAsync(NpgsqlConnection connection, AnchorsFound anchored, CancellationToken ct)
    {
        const string Oldest = $"""SELECT "Day", "Sequence", "At" FROM {ConsentDb.Schema}.audit WHERE ("Day", "Sequence") > ($1, $2) ORDER BY "Day", "Sequence" LIMIT 1""";
        await using var select = new NpgsqlCommand(Oldest, connection) { CommandTimeout = 0 };
        select.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = anchored.Last?.Day ?? DateOnly.MinValue });
        select.Parameters.Add(new NpgsqlParameter<long> { TypedValue = anchored.Last?.Events ?? 0 });
        await using var rows = await select.ExecuteReaderAsync(ct);
        if (!await rows.ReadAsync(ct) || clock.GetUtcNow() - rows.GetFieldValue<DateTimeOffset>(2) <= Patience) return null;
        var place = new AuditPlace(rows.GetFieldValue<DateOnly>(0), rows.GetInt64(1));
        return $"No anchor in this data directory covers {place} and what follows: the anchors were cut, or no host has run here since; one that starts checks and anchors them.";
    }

    /// <summary>An entry of the history as it is stored, whatever somebody has made of it.</summary>
    private sealed record StoredHistory(
        Guid Id, string ConsentId, DateTimeOffset At, string Event, string? From, string To, string? Code, string By, string? Actor, string? Address, string? UserAgent, string? Reason)
    {
        public static StoredHistory Read(NpgsqlDataReader row) => new(
            row.GetGuid(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3), Text(row, 4), row.GetString(5), Text(row, 6), row.GetString(7),
            Text(row, 8), Text(row, 9), Text(row, 10), Text(row, 11));

        public AuditEntry ToEntry() => AuditEntry.OfStep(Id, At, Event, ConsentId, From, To, Code, By, Actor, Address, UserAgent, Reason);

        private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }
}

/// <summary>Verifies at an operator's command.</summary>
internal sealed class VerifyAuditChainHandler(AuditVerifier verifier) : IRequestHandler<VerifyAuditChain, AuditReport>
{
    /// <summary>What a running host does once a second may be looked at in between.</summary>
    private const int Tries = 5;

    public async Task<AuditReport> Handle(VerifyAuditChain request, CancellationToken cancellationToken)
    {
        var check = await verifier.CheckAllAsync(cancellationToken);
        for (var tries = 1; tries < Tries && check is { Problem: not null, IsLate: true }; tries++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            check = await verifier.CheckAllAsync(cancellationToken);
        }

        return new AuditReport(check.Events, check.Heads.Count, check.Problem);
    }
}
