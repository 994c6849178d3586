using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Host.Control;
using OpenBanking.Host.Reports;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Reports;

/// <summary>The report, by requests that were really sent to two hosts of one bank, on days that pass when the test wants it.</summary>
public sealed class PerformanceReportTests : IAsyncLifetime
{
    private const string Accounts = "/open-banking/v4.0/aisp/accounts";
    private static readonly CoreConduct Away = CoreConduct.Usual with { IsAway = true };
    private TestDatabase database = null!;
    private TestHost first = null!;
    private TestHost second = null!;
    private TestTpp tpp = null!;
    private TestTpp beside = null!;
    private DateTimeOffset noon;
    private string token = "";
    private bool firstHasGone;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        first = await TestHost.StartAsync(options =>
        {
            options.Database = database;
            options.Replace = WithoutFollower;
        });
        second = await StartBesideAsync();
        noon = new DateTimeOffset(first.Clock.Now.UtcDateTime.Date, TimeSpan.Zero).AddDays(2).AddHours(12);
        first.Clock.StopAt(noon);
        tpp = await TestTpp.RegisterAsync(first);
        beside = tpp.At(second.Reach);
        var customer = await TestCustomer.CreateAsync(first);
        token = (await tpp.RedeemAsync(await tpp.AuthoriseAsync(customer))).Json.GetProperty("access_token").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        tpp.Dispose();
        beside.Dispose();
        await second.DisposeAsync();
        if (!firstHasGone) await first.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "OB-OPS-1")]
    [Trait("Rule", "OB-OPS-3")]
    [Trait("Rule", "OB-OPS-5")]
    public async Task What_was_asked_is_told_by_day_and_endpoint_and_hosts_add_up()
    {
        foreach (var (from, times) in new[] { (tpp, 3), (beside, 2) })
        {
            for (var count = 0; count < times; count++) Assert.Equal(200, (await from.GetAsync(Accounts, token)).Status);
        }

        Assert.Equal(401, (await tpp.GetAsync(Accounts, "no token")).Status);
        await FailAsync(beside);
        await StoreAsync();
        await StoreAsync();
        var day = DateOnly.FromDateTime(noon.UtcDateTime);
        first.Clock.StopAt(noon.AddDays(1));
        Assert.Equal(401, (await tpp.GetAsync(Accounts, token)).Status); // The token is long over.
        await StoreAsync();

        var report = await ReportAsync($"?from={day:yyyy-MM-dd}&to={day.AddDays(1):yyyy-MM-dd}");
        var asked = report.GetProperty("endpoints").EnumerateArray().Where(row => row.GetProperty("endpoint").GetString() == "GET " + Accounts).ToList();
        Assert.Equal([(day, 7, 1, 1), (day.AddDays(1), 1, 1, 0)], asked.Select(row => (DateOnly.Parse(row.GetProperty("day").GetString()!), Number(row, "requests"), Number(row, "refused"), Number(row, "failed"))));
        Assert.Equal(14.286m, asked[0].GetProperty("errorPercent").GetDecimal());
        Assert.InRange(asked[0].GetProperty("meanMilliseconds").GetDecimal(), 0.1m, 60_000);
        Assert.Equal("AccountInformation", asked[0].GetProperty("service").GetString());
        Assert.Contains(report.GetProperty("endpoints").EnumerateArray(), row => row.GetProperty("endpoint").GetString() == "POST /token");
        Assert.DoesNotContain(report.GetProperty("endpoints").EnumerateArray(), row => row.GetProperty("endpoint").GetString()!.Contains("/performance", StringComparison.Ordinal));

        var dedicated = DayOf(report, day);
        Assert.Equal((100m, 0), (dedicated.GetProperty("uptimePercent").GetDecimal(), Number(dedicated, "downtimeSeconds")));
        Assert.InRange(dedicated.GetProperty("accountMilliseconds").GetDecimal(), 0.1m, 60_000);
        Assert.Equal(JsonValueKind.Null, dedicated.GetProperty("paymentMilliseconds").ValueKind);
        Assert.Equal(JsonValueKind.Null, DayOf(await ReportAsync($"?from={day.AddDays(-9):yyyy-MM-dd}&to={day.AddDays(-9):yyyy-MM-dd}"), day.AddDays(-9)).GetProperty("uptimePercent").ValueKind);

        // The same as CSV, and as a page; none says who asked.
        using var http = first.CreateClient();
        var lines = (await http.GetStringAsync(new Uri($"/performance/endpoints.csv?from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}", UriKind.Relative))).Split("\r\n");
        Assert.StartsWith("Day,Endpoint,Service,Requests,Refused,Failed,ErrorPercent,", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith($"{day:yyyy-MM-dd},GET {Accounts},AccountInformation,7,1,1,14.286,", StringComparison.Ordinal));
        var days = await http.GetStringAsync(new Uri("/performance/days.csv", UriKind.Relative));
        Assert.Contains($"\r\n{day:yyyy-MM-dd},thirdParties,100,0,0,0,", days, StringComparison.Ordinal);
        var page = await http.GetStringAsync(new Uri($"/performance?from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}", UriKind.Relative));
        Assert.Contains("GET " + Accounts, page, StringComparison.Ordinal);
        Assert.DoesNotContain(tpp.ClientId, page + days + report.GetRawText(), StringComparison.Ordinal);

        // The bank itself is told more.
        var (exit, counters) = await first.RunCommandAsync("report", "counters", $"from={day:yyyy-MM-dd}", $"to={day:yyyy-MM-dd}");
        Assert.Equal(0, exit);
        Assert.Contains($"{tpp.ClientId} GET {Accounts}: 5 answered, 0 refused, 1 failed", counters, StringComparison.Ordinal);
        foreach (var line in new[] { "account access new: 1", "account access authorised: 1", "authorisation of account access started: 1", "authorisation of account access authenticated: 1", "authorisation of account access completed: 1" })
            Assert.Contains(line + Environment.NewLine, counters, StringComparison.Ordinal);
        var (_, performance) = await first.RunCommandAsync("report", "performance", $"from={day:yyyy-MM-dd}", $"to={day:yyyy-MM-dd}");
        Assert.Contains($"{day:yyyy-MM-dd} thirdParties up 100 %, down 0 s (0 s planned)", performance, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OB-OPS-2")]
    public async Task Five_failures_on_two_hosts_are_downtime_until_either_answers()
    {
        // Four, an answer, four: the interface was never down.
        for (var count = 0; count < 9; count++)
        {
            first.Clock.StopAt(noon.AddSeconds(count));
            if (count == 4) Assert.Equal(200, (await beside.GetAsync(Accounts, token)).Status);
            else await FailAsync(count % 2 == 0 ? tpp : beside);
        }

        first.Clock.StopAt(noon.AddSeconds(9));
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        await StoreAsync();
        Assert.Equal(0, Number(DayOf(await ReportAsync(), noon), "downtimeSeconds"));

        // Five within thirty seconds; who asks for nonsense meanwhile changes nothing.
        foreach (var at in new[] { 20, 27, 34, 41, 50 })
        {
            first.Clock.StopAt(noon.AddSeconds(at));
            await FailAsync(at % 2 == 0 ? tpp : beside);
            Assert.Equal(401, (await tpp.GetAsync(Accounts, "no token")).Status);
        }

        first.Clock.StopAt(noon.AddSeconds(60));
        await StoreAsync();
        Assert.Equal(40, Number(DayOf(await ReportAsync(), noon), "downtimeSeconds"));
        first.Clock.StopAt(noon.AddSeconds(84));
        Assert.Equal(200, (await beside.GetAsync(Accounts, token)).Status);
        first.Clock.StopAt(noon.AddSeconds(200));
        await StoreAsync();
        var day = DayOf(await ReportAsync(), noon);
        Assert.Equal((64, 99.926m, 0.074m), (Number(day, "downtimeSeconds"), day.GetProperty("uptimePercent").GetDecimal(), day.GetProperty("downtimePercent").GetDecimal()));

        // The portal is another interface.
        Assert.Equal(0, Number(DayOf(await ReportAsync(), noon, "customers"), "downtimeSeconds"));
    }

    [Fact]
    [Trait("Rule", "OB-OPS-2")]
    [Trait("Rule", "OB-OPS-4")]
    public async Task A_bank_without_hosts_is_down_and_what_was_announced_is_planned()
    {
        Assert.Equal(0, (await first.RunCommandAsync("report", "maintenance", Said(noon.AddSeconds(30)), Said(noon.AddSeconds(100)), "New", "disks")).Exit);
        Assert.Equal(1, (await first.RunCommandAsync("report", "maintenance", Said(noon), Said(noon.AddSeconds(100)))).Exit);
        Assert.Equal(1, (await first.RunCommandAsync("report", "maintenance", Said(noon.AddSeconds(30)), Said(noon.AddSeconds(30)))).Exit);
        Assert.Equal(1, (await first.RunCommandAsync("report", "maintenance", "tomorrow", "later")).Exit);
        using (var http = first.CreateClient()) Assert.Contains("New disks", await http.GetStringAsync(new Uri("/performance", UriKind.Relative)), StringComparison.Ordinal);

        // What was asked last is stored on the way out.
        Assert.Equal(200, (await beside.GetAsync(Accounts, token)).Status);
        await second.DisposeAsync();
        first.Clock.StopAt(noon.AddSeconds(20));
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        await first.DisposeAsync();
        firstHasGone = true;
        Assert.Equal(2, (int)await database.ScalarAsync<decimal>("SELECT sum(requests) FROM host.measured_requests WHERE endpoint = $1", "GET " + Accounts));

        first.Clock.StopAt(noon.AddSeconds(80));
        second = await StartBesideAsync();
        first.Clock.StopAt(noon.AddSeconds(90));
        await second.Services.GetRequiredService<MeasureStore>().StoreAsync(CancellationToken.None);
        foreach (var of in new[] { "thirdParties", "customers" })
        {
            var day = DayOf(await ReportAsync(of: second), noon, of);
            Assert.Equal((60, 50), (Number(day, "downtimeSeconds"), Number(day, "plannedDowntimeSeconds")));
        }
    }

    [Fact]
    public async Task What_could_not_be_stored_is_stored_later_and_once()
    {
        // No turns but those of the test.
        foreach (var host in new[] { first, second }) await host.Services.GetRequiredService<MeasureStore>().StopAsync(CancellationToken.None);
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        await database.ExecuteAsync("ALTER TABLE host.measured_requests RENAME TO away");
        await Assert.ThrowsAsync<PostgresException>(StoreAsync);
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        await database.ExecuteAsync("ALTER TABLE host.away RENAME TO measured_requests");
        await StoreAsync();
        Assert.Equal(2, await SumAsync());

        // A turn that was stored, though its host has not heard so, is not stored again.
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        await database.ExecuteAsync("UPDATE host.runs SET turn = turn + 1");
        await StoreAsync();
        Assert.Equal(2, await SumAsync());
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        await StoreAsync();
        Assert.Equal(3, await SumAsync());

        // In the end it goes.
        first.Clock.StopAt(noon.AddDays(501));
        await first.Services.GetRequiredService<MeasureStore>().ForgetAsync(CancellationToken.None);
        Assert.Equal(0, await SumAsync());

        async Task<int> SumAsync() =>
            (int)await database.ScalarAsync<decimal>("SELECT coalesce(sum(requests), 0) FROM host.measured_requests WHERE endpoint = $1 AND outcome = 0", "GET " + Accounts);
    }

    [Fact]
    public async Task Days_that_cannot_be_shown_are_refused()
    {
        using var http = first.CreateClient();
        foreach (var (query, status) in new[]
        {
            ("", 200), ("?from=2026-02-30", 400), ("?to=0001-01-01", 400), ("?from=2099-01-01&to=2099-01-02", 400), ("?from=2026-02-02&to=2026-02-01", 400),
            ("?from=2026-01-01&to=2026-04-03", 200), ("?from=2026-01-01&to=2026-04-04", 400), ("?to=2026-01-01", 200),
        })
        {
            foreach (var path in new[] { "/performance", "/performance/report.json", "/performance/days.csv", "/performance/endpoints.csv" })
            {
                using var answer = await http.GetAsync(new Uri(path + query, UriKind.Relative));
                Assert.Equal((path + query, status), (path + query, (int)answer.StatusCode));
            }
        }

        Assert.Equal(1, (await first.RunCommandAsync("report", "counters", "since=2026-01-01")).Exit);
        Assert.Equal(1, (await first.RunCommandAsync("report", "performance", "from=2026-01-01", "to=2026-04-04")).Exit);
    }

    private static string Said(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    private static JsonElement DayOf(JsonElement report, DateOnly day, string of = "thirdParties") => report.GetProperty("days").EnumerateArray()
        .Single(row => row.GetProperty("interface").GetString() == of && row.GetProperty("day").GetString() == day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));

    private static JsonElement DayOf(JsonElement report, DateTimeOffset at, string of = "thirdParties") => DayOf(report, DateOnly.FromDateTime(at.UtcDateTime), of);

    private Task<TestHost> StartBesideAsync() => TestHost.StartAsync(options =>
    {
        options.Database = database;
        options.Clock = first.Clock;
        options.Issuer = first.Issuer;
        options.Replace = WithoutFollower;
    });

    // What the test brings about on one host at a time is not to be set right by what all of them follow.
    private static void WithoutFollower(IServiceCollection services) => services.Remove(services.Single(service => service.ImplementationType == typeof(SandboxFollower)));

    private async Task FailAsync(TestTpp from)
    {
        var core = (from == tpp ? first : second).Services.GetRequiredService<SandboxCore>();
        core.Now = Away;
        var answer = await from.GetAsync(Accounts, token);
        core.Now = CoreConduct.Usual;
        Assert.Equal(503, answer.Status);
    }

    private async Task StoreAsync()
    {
        foreach (var host in new[] { first, second }) await host.Services.GetRequiredService<MeasureStore>().StoreAsync(CancellationToken.None);
    }

    private async Task<JsonElement> ReportAsync(string query = "", TestHost? of = null)
    {
        using var http = (of ?? first).CreateClient();
        return JsonElement.Parse(await http.GetStringAsync(new Uri("/performance/report.json" + query, UriKind.Relative)));
    }
}
