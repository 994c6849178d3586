using Npgsql;
using OpenBanking.Web.Portal.Performance;

namespace OpenBanking.Host.Reports;

/// <summary>Works out how available and how fast the interfaces were, from what all hosts have stored.</summary>
internal sealed class PerformanceReports(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>A quarter and the day before, as statistics are published (OB-OPS-1).</summary>
    public const int MostDays = 93;

    private const int SecondsOfDay = 86_400;

    /// <summary>What failed before the first day may be the beginning of an outage that lasts into it.</summary>
    private static readonly TimeSpan LookBack = TimeSpan.FromDays(7);

    /// <summary>A host tells that it is there a few times a minute; nobody is thought gone for having told it so lately.</summary>
    private static readonly TimeSpan Lately = 3 * MeasureStore.Pause;

    /// <summary>All of some days, and the endpoints of all of them together.</summary>
    public async Task<(PerformanceReport Report, IReadOnlyList<EndpointDay> Totals)> ReadAsync(DateOnly from, DateOnly to, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var maintenance = await MaintenanceAsync(from, ct);
        var rows = await RequestsAsync(from, to, ct);
        var runs = await RunsAsync(ct);
        var days = new List<InterfaceDay>();
        foreach (var of in Enum.GetValues<Interface>())
        {
            var down = await DowntimeAsync(of, from, to, runs, now, ct);
            var ofInterface = rows.Where(row => row.Endpoint.Interface == of).ToLookup(row => row.Day);
            for (var day = from; day <= to; day = day.AddDays(1)) days.Add(DayOf(of, day, [.. ofInterface[day]], down, runs, maintenance, now));
        }

        var endpoints = rows.GroupBy(row => (row.Day, row.Endpoint))
            .Select(group => Of(group.Key.Day, group.Key.Endpoint, group))
            .OrderBy(row => row.Day).ThenBy(row => row.Endpoint, StringComparer.Ordinal).ToList();
        var totals = rows.GroupBy(row => row.Endpoint).Select(group => Of(null, group.Key, group)).OrderBy(row => row.Service, StringComparer.Ordinal).ThenBy(row => row.Endpoint, StringComparer.Ordinal).ToList();
        return (new PerformanceReport(from, to, now, [.. days.OrderBy(day => day.Day)], endpoints, maintenance), totals);
    }

    /// <summary>Announces maintenance; what has begun can be announced no more.</summary>
    public async Task<bool> AnnounceAsync(DateTimeOffset from, DateTimeOffset to, string why, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (from <= now || to <= from) return false;
        await using var add = database.CreateCommand("INSERT INTO host.maintenance (id, from_at, to_at, why, announced_at) VALUES ($1, $2, $3, $4, $5)");
        add.Parameters.AddRange((NpgsqlParameter[])[new() { Value = Guid.CreateVersion7(now) }, new() { Value = from.UtcDateTime }, new() { Value = to.UtcDateTime }, new() { Value = why }, new() { Value = now.UtcDateTime }]);
        await add.ExecuteNonQueryAsync(ct);
        return true;
    }

    /// <summary>How often each client asked for each thing, and what else was counted (OB-OPS-5): for the bank, not for everybody.</summary>
    public async Task<Counters> CountersAsync(DateOnly from, DateOnly to, CancellationToken ct) => new(
        await RowsAsync(
            """
            SELECT client_id, endpoint,
                coalesce(sum(requests) FILTER (WHERE outcome = 0), 0)::bigint,
                coalesce(sum(requests) FILTER (WHERE outcome = 1), 0)::bigint,
                coalesce(sum(requests) FILTER (WHERE outcome = 2), 0)::bigint
            FROM host.measured_clients WHERE day BETWEEN $1 AND $2 GROUP BY 1, 2 ORDER BY 1, 2
            """,
            row => new ClientCounter(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)),
            ct,
            from,
            to),
        await RowsAsync(
            "SELECT subject, what, sum(times)::bigint FROM host.tallies WHERE day BETWEEN $1 AND $2 GROUP BY 1, 2 ORDER BY 1, 2",
            row => (row.GetString(0), row.GetString(1), row.GetInt64(2)),
            ct,
            from,
            to));

    private static InterfaceDay DayOf(
        Interface of, DateOnly day, List<Row> rows, IReadOnlyList<Outage> down, IReadOnlyList<Outage> runs, IReadOnlyList<AnnouncedMaintenance> maintenance, DateTimeOffset now)
    {
        var (requests, refused, failed) = Count(rows);
        var whole = Whole(day, day);
        var isMeasured = runs.Count > 0 && whole.To > runs[0].From && whole.From < now;
        var outages = down.Select(outage => outage.Within(whole)).OfType<Outage>().ToList();
        var planned = outages.SelectMany(outage => maintenance.Select(announced => outage.Within(new Outage(announced.From, announced.To)))).OfType<Outage>();
        var seconds = Seconds(outages);
        return new InterfaceDay(
            day,
            of == Interface.ThirdParties ? InterfaceDay.ThirdParties : InterfaceDay.Customers,
            isMeasured ? 100 - Percent(seconds, SecondsOfDay) : null,
            isMeasured ? Percent(seconds, SecondsOfDay) : null,
            isMeasured ? seconds : null,
            isMeasured ? Math.Min(seconds, Seconds(Availability.Union(planned))) : null,
            requests,
            refused,
            failed,
            requests == 0 ? null : Percent(failed, requests),
            Mean(Service.Payments),
            Mean(Service.AccountInformation),
            Mean(Service.FundsConfirmation),
            Mean(Service.Consents, Service.Events, Service.Authorisation, Service.Portal));

        decimal? Mean(params Service[] services) => TimingsOf(rows.Where(row => services.Contains(row.Endpoint.Service))).MeanMilliseconds;
    }

    private static EndpointDay Of(DateOnly? day, MeasuredEndpoint endpoint, IEnumerable<Row> rows)
    {
        var of = rows.ToList();
        var ((requests, refused, failed), timings) = (Count(of), TimingsOf(of));
        return new EndpointDay(
            day, endpoint.Name, endpoint.Service.ToString(), requests, refused, failed, Percent(failed, requests),
            timings.MeanMilliseconds, timings.Percentile(0.5m), timings.Percentile(0.95m), timings.Percentile(0.99m));
    }

    private static (long Requests, long Refused, long Failed) Count(List<Row> rows) => (
        rows.Sum(row => row.Requests),
        rows.Where(row => row.Outcome == RequestOutcome.Refused).Sum(row => row.Requests),
        rows.Where(row => row.Outcome == RequestOutcome.Failed).Sum(row => row.Requests));

    // What failed has not given what was asked for; how fast it failed would only flatter.
    private static Timings TimingsOf(IEnumerable<Row> rows)
    {
        var timings = new Timings();
        foreach (var row in rows.Where(row => row.Outcome != RequestOutcome.Failed)) timings.Add(row.Bucket, row.Requests, row.Microseconds);
        return timings;
    }

    /// <summary>When an interface was down: by what failed in it, and when there was no host at all.</summary>
    private async Task<IReadOnlyList<Outage>> DowntimeAsync(Interface of, DateOnly from, DateOnly to, IReadOnlyList<Outage> runs, DateTimeOffset now, CancellationToken ct)
    {
        var asked = Whole(from, to);
        var failures = await RowsAsync(
            "SELECT received_at FROM host.failed_requests WHERE interface = $1 AND received_at >= $2 AND received_at < $3 ORDER BY received_at",
            row => row.GetInt64(0),
            ct,
            (short)of,
            (asked.From - LookBack).ToUnixMicroseconds(),
            asked.To.ToUnixMicroseconds());
        var answered = failures.Count == 0 ? null : await AnsweredAsync(of, failures, ct);
        var outages = Availability.Outages([.. failures.Select(UnixMicroseconds.Moment)], at => answered!.NextAfter(at), now);
        if (runs.Count == 0) return outages;

        var known = new Outage(runs[0].From > asked.From ? runs[0].From : asked.From, now < asked.To ? now : asked.To);
        return Availability.Union(outages.Concat(known.From < known.To ? Availability.Gaps(known, runs.Select(run => run with { To = now - run.To < Lately && now > run.To ? now : run.To })) : []));
    }

    /// <summary>Of the minutes in which something failed, and of those in which something was answered again.</summary>
    private async Task<AnsweredSeconds> AnsweredAsync(Interface of, List<long> failures, CancellationToken ct)
    {
        var minutes = failures.Select(at => at / AnswerLog.SecondLength / 60).Distinct().ToArray();
        var found = await RowsAsync(
            """
            SELECT minute, host, seconds FROM host.answered_minutes WHERE interface = $1 AND minute = ANY (
                SELECT failed FROM unnest($2) AS failed
                UNION
                SELECT (SELECT minute FROM host.answered_minutes WHERE interface = $1 AND minute > failed ORDER BY minute LIMIT 1) FROM unnest($2) AS failed)
            """,
            row => new AnsweredMinute(row.GetInt64(0), row.GetGuid(1), row.GetInt64(2)),
            ct,
            (short)of,
            minutes);
        var moments = await RowsAsync(
            "SELECT second, host, first_at, last_at FROM host.answered_seconds WHERE interface = $1 AND second BETWEEN $2 AND $3",
            row => new AnsweredMoments(row.GetInt64(0), row.GetGuid(1), row.GetInt64(2), row.GetInt64(3)),
            ct,
            (short)of,
            failures[0] / AnswerLog.SecondLength,
            failures[^1] / AnswerLog.SecondLength);
        return new AnsweredSeconds(found, moments);
    }

    /// <summary>When there were hosts, the earliest first.</summary>
    private async Task<IReadOnlyList<Outage>> RunsAsync(CancellationToken ct) => Availability.Union(await RowsAsync(
        "SELECT started_at, seen_at FROM host.runs", row => new Outage(row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<DateTimeOffset>(1)), ct));

    private Task<List<AnnouncedMaintenance>> MaintenanceAsync(DateOnly from, CancellationToken ct) => RowsAsync(
        "SELECT from_at, to_at, why, announced_at FROM host.maintenance WHERE to_at >= $1 ORDER BY from_at",
        row => new AnnouncedMaintenance(row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetFieldValue<DateTimeOffset>(3)),
        ct,
        Whole(from, from).From.UtcDateTime);

    private Task<List<Row>> RequestsAsync(DateOnly from, DateOnly to, CancellationToken ct)
    {
        var known = new Dictionary<string, MeasuredEndpoint>(StringComparer.Ordinal);
        return RowsAsync(
            "SELECT day, endpoint, outcome, bucket, requests, microseconds FROM host.measured_requests WHERE day BETWEEN $1 AND $2",
            row => new Row(row.GetFieldValue<DateOnly>(0), Named(row.GetString(1)), (RequestOutcome)row.GetInt16(2), row.GetInt16(3), row.GetInt64(4), row.GetInt64(5)),
            ct,
            from,
            to);

        MeasuredEndpoint Named(string name) => known.TryGetValue(name, out var endpoint) ? endpoint : known[name] = MeasuredEndpoint.Named(name);
    }

    private async Task<List<T>> RowsAsync<T>(string statement, Func<NpgsqlDataReader, T> read, CancellationToken ct, params object[] values)
    {
        await using var ask = database.CreateCommand(statement);
        foreach (var value in values) ask.Parameters.Add(new() { Value = value });
        await using var rows = await ask.ExecuteReaderAsync(ct);
        var found = new List<T>();
        while (await rows.ReadAsync(ct)) found.Add(read(rows));
        return found;
    }

    private static Outage Whole(DateOnly from, DateOnly to) => new(Midnight(from), Midnight(to.AddDays(1)));

    private static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static int Seconds(IEnumerable<Outage> outages) => (int)Math.Ceiling(outages.Sum(outage => outage.Length.TotalSeconds));

    private static decimal Percent(long part, long whole) => Math.Round(100m * part / whole, 3);

    private sealed record Row(DateOnly Day, MeasuredEndpoint Endpoint, RequestOutcome Outcome, int Bucket, long Requests, long Microseconds);
}

/// <summary>What was counted in some days (OB-OPS-5).</summary>
internal sealed record Counters(IReadOnlyList<ClientCounter> Clients, IReadOnlyList<(string Subject, string What, long Times)> Tallies);

/// <summary>How often a client asked for something, and what became of it.</summary>
internal sealed record ClientCounter(string ClientId, string Endpoint, long Answered, long Refused, long Failed);
