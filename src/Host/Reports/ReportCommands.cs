using System.Globalization;

namespace OpenBanking.Host.Reports;

/// <summary>What an operator is told that not everybody is, and announces.</summary>
internal static class ReportCommands
{
    private const string UseDays = "Use: from=DAY and to=DAY, each a date such as 2026-01-31.";

    /// <summary>A line a day and interface, as on the page.</summary>
    public static Task<int> ShowPerformanceAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct) => OfDaysAsync(services, words, async (reports, from, to) =>
    {
        var (report, _) = await reports.ReadAsync(from, to, ct);
        foreach (var day in report.Days)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{day.Day:yyyy-MM-dd} {day.Interface,-12} up {day.UptimePercent?.ToString(CultureInfo.InvariantCulture) ?? "-"} %, down {day.DowntimeSeconds ?? 0} s ({day.PlannedDowntimeSeconds ?? 0} s planned), {day.Requests} requests, {day.Refused} refused, {day.Failed} failed; payments {day.PaymentMilliseconds ?? 0} ms, accounts {day.AccountMilliseconds ?? 0} ms, funds {day.FundsMilliseconds ?? 0} ms"));
        }
    });

    /// <summary>Each third party's requests by endpoint, and how customers' authorisations and consents went (OB-OPS-5).</summary>
    public static Task<int> ShowCountersAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct) => OfDaysAsync(services, words, async (reports, from, to) =>
    {
        var counters = await reports.CountersAsync(from, to, ct);
        foreach (var counter in counters.Clients)
            await output.WriteLineAsync(LogLines.Escape(string.Create(CultureInfo.InvariantCulture, $"{counter.ClientId} {counter.Endpoint}: {counter.Answered} answered, {counter.Refused} refused, {counter.Failed} failed")));
        foreach (var (subject, what, times) in counters.Tallies) await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{subject} {what}: {times}"));
    });

    public static async Task<int> AnnounceAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        if (words.Length < 2 || !TryMoment(words[0], out var from) || !TryMoment(words[1], out var to))
        {
            await Console.Error.WriteLineAsync("Use: ./run.sh report maintenance FROM TO [WHY…], each moment as 2026-01-31T22:00:00Z.");
            return 1;
        }

        var why = words.Length == 2 ? "Maintenance." : string.Join(' ', words[2..]);
        if (!await services.GetRequiredService<PerformanceReports>().AnnounceAsync(from, to, why, ct))
        {
            await Console.Error.WriteLineAsync("Maintenance is announced before it begins, and ends after that.");
            return 1;
        }

        await output.WriteLineAsync($"Announced: {from:u} to {to:u}.");
        return 0;
    }

    private static async Task<int> OfDaysAsync(IServiceProvider services, string[] words, Func<PerformanceReports, DateOnly, DateOnly, Task> show)
    {
        var today = DateOnly.FromDateTime(services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
        var days = new Dictionary<string, DateOnly>(StringComparer.Ordinal) { ["from"] = today, ["to"] = today };
        foreach (var word in words)
        {
            if (word.Split('=') is not [var name, var value] || !days.ContainsKey(name) || !PerformanceEndpoints.TryDay(value, out var day))
            {
                await Console.Error.WriteLineAsync(UseDays);
                return 1;
            }

            days[name] = day;
        }

        if (PerformanceEndpoints.ProblemOf(days["from"], days["to"], today) is { } problem)
        {
            await Console.Error.WriteLineAsync(problem);
            return 1;
        }

        await show(services.GetRequiredService<PerformanceReports>(), days["from"], days["to"]);
        return 0;
    }

    private static bool TryMoment(string said, out DateTimeOffset moment) =>
        DateTimeOffset.TryParseExact(said, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out moment);
}
