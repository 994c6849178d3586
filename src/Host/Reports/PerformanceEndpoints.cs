using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenBanking.Web.Portal;
using OpenBanking.Web.Portal.Performance;

namespace OpenBanking.Host.Reports;

/// <summary>
/// The statistics that a bank publishes of its interfaces (RTS article 32; OB-OPS-1), for everybody: as a page, as CSV and as JSON. Nothing in them is of a
/// client or a customer.
/// </summary>
internal sealed class PerformanceEndpoints(PerformanceReports reports, TimeProvider clock) : IDisposable
{
    private const string Page = "/performance";
    private const int DaysAtFirst = 30;
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Add(IServiceCollection services) => services
        .AddSingleton<Measures>()
        .AddSingleton<MeasureStore>()
        .AddHostedService(provider => provider.GetRequiredService<MeasureStore>())
        .AddSingleton<PerformanceReports>()
        .AddSingleton<PerformanceEndpoints>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Page, (HttpContext http, PerformanceEndpoints endpoints, CancellationToken ct) => endpoints.ShowAsync(http.Request, ct));
        routes.MapGet(Page + "/report.json", (HttpContext http, PerformanceEndpoints endpoints, CancellationToken ct) => endpoints.FileAsync(http.Request, Json, ct));
        routes.MapGet(Page + "/days.csv", (HttpContext http, PerformanceEndpoints endpoints, CancellationToken ct) =>
            endpoints.FileAsync(http.Request, report => Csv("performance-days", report, DayColumns, report.Days), ct));
        routes.MapGet(Page + "/endpoints.csv", (HttpContext http, PerformanceEndpoints endpoints, CancellationToken ct) =>
            endpoints.FileAsync(http.Request, report => Csv("performance-endpoints", report, EndpointColumns, report.Endpoints), ct));
    }

    public void Dispose() => turn.Dispose();

    private static readonly (string Name, Func<InterfaceDay, object?> Value)[] DayColumns =
    [
        ("Day", row => row.Day),
        ("Interface", row => row.Interface),
        ("UptimePercent", row => row.UptimePercent),
        ("DowntimePercent", row => row.DowntimePercent),
        ("DowntimeSeconds", row => row.DowntimeSeconds),
        ("PlannedDowntimeSeconds", row => row.PlannedDowntimeSeconds),
        ("Requests", row => row.Requests),
        ("Refused", row => row.Refused),
        ("Failed", row => row.Failed),
        ("ErrorPercent", row => row.ErrorPercent),
        ("PaymentMilliseconds", row => row.PaymentMilliseconds),
        ("AccountMilliseconds", row => row.AccountMilliseconds),
        ("FundsMilliseconds", row => row.FundsMilliseconds),
        ("OtherMilliseconds", row => row.OtherMilliseconds),
    ];

    private static readonly (string Name, Func<EndpointDay, object?> Value)[] EndpointColumns =
    [
        ("Day", row => row.Day),
        ("Endpoint", row => row.Endpoint),
        ("Service", row => row.Service),
        ("Requests", row => row.Requests),
        ("Refused", row => row.Refused),
        ("Failed", row => row.Failed),
        ("ErrorPercent", row => row.ErrorPercent),
        ("MeanMilliseconds", row => row.MeanMilliseconds),
        ("MedianMilliseconds", row => row.MedianMilliseconds),
        ("Percentile95Milliseconds", row => row.Percentile95Milliseconds),
        ("Percentile99Milliseconds", row => row.Percentile99Milliseconds),
    ];

    /// <summary>One report at a time, and not for long: it is for everybody, and reads much.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1, 1);

    private DateOnly Today => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    private async Task<IResult> ShowAsync(HttpRequest request, CancellationToken ct)
    {
        var problem = Range(request, out var from, out var to);
        if (problem is not null) (from, to) = (Today.AddDays(1 - DaysAtFirst), Today);
        return await InTurnAsync(request, from, to, (report, totals) => Portal.ShowPerformance(report, totals, Today, problem), ct);
    }

    private async Task<IResult> FileAsync(HttpRequest request, Func<PerformanceReport, IResult> write, CancellationToken ct) => Range(request, out var from, out var to) is { } problem
        ? Results.Text(problem, statusCode: StatusCodes.Status400BadRequest)
        : await InTurnAsync(request, from, to, (report, _) => write(report), ct);

    private async Task<IResult> InTurnAsync(HttpRequest request, DateOnly from, DateOnly to, Func<PerformanceReport, IReadOnlyList<EndpointDay>, IResult> answer, CancellationToken ct)
    {
        if (!await turn.WaitAsync(Patience, ct))
        {
            request.HttpContext.Response.Headers.RetryAfter = "5";
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            var (report, totals) = await reports.ReadAsync(from, to, ct);
            return answer(report, totals);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Which days are asked for; answers what is wrong with them.</summary>
    private string? Range(HttpRequest request, out DateOnly from, out DateOnly to)
    {
        var today = Today;
        (from, to) = (today.AddDays(1 - DaysAtFirst), today);
        var (said, until) = (request.Query["from"].ToString(), request.Query["to"].ToString());
        if ((until.Length > 0 && !TryDay(until, out to)) || (said.Length > 0 && !TryDay(said, out from))) return "A day is a date such as 2026-01-31.";
        if (said.Length == 0) from = to.AddDays(1 - DaysAtFirst);
        return ProblemOf(from, to, today);
    }

    /// <summary>What is wrong with a range of days; null where nothing is.</summary>
    public static string? ProblemOf(DateOnly from, DateOnly to, DateOnly today) =>
        to > today ? "The last day must not lie ahead."
        : from > to ? "The first day must not come after the last."
        : to.DayNumber - from.DayNumber >= PerformanceReports.MostDays ? $"At most {PerformanceReports.MostDays} days can be shown at once."
        : null;

    // Nearer to the year 1 there is no thirtieth day before.
    public static bool TryDay(string said, out DateOnly day) => DateOnly.TryParseExact(said, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && day.Year >= 2000;

    private static IResult Json(PerformanceReport report) => Results.Json(report, Wire);

    private static IResult Csv<T>(string name, PerformanceReport report, (string Name, Func<T, object?> Value)[] columns, IReadOnlyList<T> rows)
    {
        var text = new StringBuilder();
        Line(columns.Select(column => column.Name));
        foreach (var row in rows) Line(columns.Select(column => Written(column.Value(row))));
        return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", $"{name}-{Written(report.From)}-{Written(report.To)}.csv");

        // RFC 4180; no value of these has a comma or a quote in it.
        void Line(IEnumerable<string> values) => text.AppendJoin(',', values).Append("\r\n");
    }

    private static string Written(object? value) => value switch
    {
        null => "",
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
