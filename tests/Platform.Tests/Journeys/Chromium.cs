using Microsoft.Playwright;
using OpenBanking.Platform.Tests.Journeys;
using OpenBanking.Testing;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace OpenBanking.Platform.Tests.Journeys;

/// <summary>
/// The one Chromium of all tests, started when the first of them wants it. Each has a context of its own there, which shares nothing with
/// the others': to start a browser takes longer than most of what is looked at.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-quic",
    ];

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly SemaphoreSlim Door = new(1, 1);
    private static IPlaywright? playwright;
    private static IBrowser? browser;

    /// <summary>A browser without cookies, credentials or open pages.</summary>
    public static async Task<IBrowserContext> OpenAsync(BrowserNewContextOptions options)
    {
        await Door.WaitAsync();
        try
        {
            if (playwright is null)
            {
                Assertions.SetDefaultExpectTimeout((float)Eventually.Patience.TotalMilliseconds);
                playwright = await Playwright.CreateAsync();
            }

            if (browser is not { IsConnected: true })
                browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Program(), Headless = true, Args = Flags });
            return await browser.NewContextAsync(options);
        }
        finally
        {
            Door.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
    }

    private static string? Program() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .SelectMany(folder => Programs.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
