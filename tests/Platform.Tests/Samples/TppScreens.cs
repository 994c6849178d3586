using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using OpenBanking.Platform.Tests.Journeys;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;
using OpenBanking.Samples.Tpp.Pages;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>The pages as a browser shows them: on a phone and on a desk, by day and by night. What axe finds fails; the pictures are for people.</summary>
public sealed class TppScreens
{
    private static readonly StandingClock Clock = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("start", 375, ColorScheme.Light)]
    [InlineData("start", 375, ColorScheme.Dark)]
    [InlineData("start", 1280, ColorScheme.Light)]
    [InlineData("start", 1280, ColorScheme.Dark)]
    [InlineData("overview", 375, ColorScheme.Light)]
    [InlineData("overview", 375, ColorScheme.Dark)]
    [InlineData("overview", 1280, ColorScheme.Light)]
    [InlineData("overview", 1280, ColorScheme.Dark)]
    [InlineData("pay", 375, ColorScheme.Light)]
    [InlineData("pay", 1280, ColorScheme.Dark)]
    [InlineData("pay-wrong", 375, ColorScheme.Dark)]
    [InlineData("payment", 375, ColorScheme.Light)]
    [InlineData("payment", 1280, ColorScheme.Dark)]
    [InlineData("payment-refused", 375, ColorScheme.Dark)]
    [InlineData("payment-done", 1280, ColorScheme.Light)]
    [InlineData("problem", 375, ColorScheme.Light)]
    [InlineData("problem", 1280, ColorScheme.Dark)]
    [InlineData("disconnect", 375, ColorScheme.Dark)]
    [InlineData("disconnect", 1280, ColorScheme.Light)]
    public async Task A_page_is_readable_for_everybody_everywhere(string name, int width, ColorScheme scheme)
    {
        await using var tpp = await TppApp.StartAsync(Clock, Map);
        await using var context = await Chromium.OpenAsync(new BrowserNewContextOptions
        {
            IgnoreHTTPSErrors = true,
            ViewportSize = new ViewportSize { Width = width, Height = width < 600 ? 780 : 860 },
            ColorScheme = scheme,
            DeviceScaleFactor = width < 600 ? 2 : 1,
        });
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) => complaints.Add(message.Text);
        await page.GotoAsync($"{tpp.Options.Origin}/look/{name}");
        await page.EvaluateAsync("document.fonts.ready");

        var directory = Directory.CreateDirectory(Path.Combine(Root(), "artifacts", "screenshots")).FullName;
        var light = scheme == ColorScheme.Light ? "light" : "dark";
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(directory, $"tpp-{name}-{width}-{light}.png"), FullPage = true });

        // Folded parts are parts too.
        await page.EvaluateAsync("document.querySelectorAll('details').forEach(one => one.open = true)");
        Assert.Empty(await Axe.FindingsAsync(page));

        var wide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(wide <= width, $"the page is {wide} wide on a screen of {width}");
        Assert.Empty(complaints);
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/look/start", () => StartPage.Show("Meadow Bank", connected: false, mtls: true));
        app.MapGet("/look/overview", () => OverviewPage.Show(SampleOverview.At(Clock.Now), "client-1", [new BankEvent("e-1", "account-access-consent-linked-account-update", "c-1", Clock.Now, "UK.OBIE.AccountClosure")], null, all: false));
        app.MapGet("/look/pay", () => PayPage.Show("Meadow Bank", PayForm.Of(Payment.Sample()), [Made("ACCC"), Made("PDNG")], connected: true, mtls: true));
        app.MapGet("/look/pay-wrong", () => PayPage.Show("Meadow Bank", new PayForm("", "08-08", "12", "1.234", "", ForRefund: false).Judge().Failed(out var again, out _) ? again : throw new InvalidOperationException(), [], connected: false, mtls: true) with { Status = 200 });
        app.MapGet("/look/payment", () => PaymentPage.Show("Meadow Bank", Made("ACSP"), "client-1", connected: true, away: false) with { Script = null });
        app.MapGet("/look/payment-refused", () => PaymentPage.Show("Meadow Bank", Made("RJCT"), "client-1", connected: true, away: false));
        app.MapGet("/look/payment-done", () => PaymentPage.Show("Meadow Bank", Made("ACCC"), "client-1", connected: true, away: false));
        app.MapGet("/look/problem", () => ProblemPage.Show(Problem.Of(BankFault.Unreachable("bank.test:5001: connection refused")), "dpop", 200));
        app.MapGet("/look/disconnect", () => DisconnectPage.Ask("Meadow Bank"));
    }

    private static MadePayment Made(string status) => new MadePayment("TALLY1", "dpop", "dpc-1", new WantedPayment(Payment.Sample(), "key-1"), Clock.Now)
        .With(new PaymentOrder("dp-1", status, Clock.Now, status == "RJCT" ? "AM04" : null) { RefundAccount = "99012420450061", RefundName = "Amelia Hart" });

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "OpenBanking.sln"))) directory = directory.Parent;
        return directory?.FullName ?? AppContext.BaseDirectory;
    }
}
