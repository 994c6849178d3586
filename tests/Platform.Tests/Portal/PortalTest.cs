using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Platform.Tests.Journeys;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>
/// Every page of the portal in a real browser, as a customer comes to it: what it must say, and on each, at phone and desktop width,
/// light and dark, not one finding of axe, no sideways scrolling at 320 px, none with text at 200 %.
/// </summary>
public abstract class PortalTest : IAsyncLifetime
{
    private static readonly (int Width, bool Dark)[] Looks = [(375, false), (375, true), (1280, false), (1280, true)];
    private static readonly string Shots = Directory.CreateDirectory(Path.Combine(RunningSandbox.Checkout, "artifacts", "screenshots")).FullName;
    private static readonly string[] Held = ["Delay", "Refuse"];
    private readonly List<string> findings = [];

    /// <summary>While set, pages do not go on by themselves, so that they can be looked at.</summary>
    private protected bool Stay { get; set; }

    private protected TestHost Host { get; private set; } = null!;

    private protected CustomersBrowser Browser { get; set; } = null!;

    private protected IReadOnlyList<SandboxCustomer> Bank { get; private set; } = [];

    private protected IPage Page => Browser.Page;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(options =>
        {
            options.Filled = true;
            options.Settings["Forwarded:From"] = "127.0.0.1, ::1";
            options.Settings["Policies:CountryHeader"] = "X-Country";
            options.Settings["Policies:NetworkHeader"] = "X-Network";
            foreach (var outcome in Held)
            {
                options.Settings[$"Policies:Rules:{outcome}Network:At"] = "Approval";
                options.Settings[$"Policies:Rules:{outcome}Network:Outcome"] = outcome;
                options.Settings[$"Policies:Rules:{outcome}Network:Networks"] = outcome;
                options.Settings[$"Policies:Rules:{outcome}Network:Reason"] = "Your network has been used for attacks on our customers.";
            }
        });
        Bank = await AccountsModule.SeedSandboxAsync(Host.Services, TestContext.Current.CancellationToken);
        Browser = await CustomersBrowser.OpenAsync();
        await Page.Context.RouteAsync(
            "https://tpp.example/**", route => route.FulfillAsync(new RouteFulfillOptions { Body = "Back at the app", ContentType = "text/plain" }));
        await Page.Context.RouteAsync("**/approve**", async route =>
        {
            if (!Stay)
            {
                await route.ContinueAsync();
                return;
            }

            var answer = await route.FetchAsync();
            var headers = answer.Headers.Where(header => header.Key != "refresh");
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = headers });
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<SandboxCustomer> ActivateAsync(int number)
    {
        var customer = Bank.Where(candidate => candidate.Accounts.Count > 1).ElementAt(number);
        await ActivateAsync(customer);
        return customer;
    }

    private protected async Task ActivateAsync(SandboxCustomer customer)
    {
        var issued = await Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(
            new IssueActivationCode(customer.CustomerId, customer.Username, customer.DisplayName, ActivationCode: null, Reusable: false)));
        await Browser.ActivateAsync(Host.Main, customer.Username, issued.ActivationCode);
        await Assertions.Expect(Page.GetByText("Your passkey is ready")).ToBeVisibleAsync();
    }

    private protected async Task ArriveAsync(TestTpp tpp)
    {
        var requestUri = await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()));
        await OpenAsync(tpp.AuthorizePath(requestUri));
    }

    private protected async Task ConnectAsync(TestTpp tpp, string account)
    {
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        await Browser.TickAsync(account);
        Stay = true;
        await Browser.PressAsync("Approve");
        await GoBackAsync();
    }

    /// <summary>From the page that would go back to the third party by itself after some seconds, at once.</summary>
    private protected async Task GoBackAsync()
    {
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Continue to" }).ClickAsync();
        await Page.WaitForURLAsync("https://tpp.example/**");
        Stay = false;
    }

    private protected Task<IResponse?> OpenAsync(string path) => Page.GotoAsync(new Uri(Host.Main, path).ToString());

    private protected Task HasHeadingAsync(string text) =>
        Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToContainTextAsync(text);

    private protected async Task SameWeightAsync(string one, string other, AriaRole role = AriaRole.Button)
    {
        // Neither under the pointer nor on its way to or from how it looks there.
        await Page.WaitForLoadStateAsync();
        await Page.Mouse.MoveAsync(0, 0);
        await Page.EvaluateAsync("() => Promise.all(document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished.catch(() => {})))");
        var looks = new List<string>();
        foreach (var name in new[] { one, other })
        {
            looks.Add(await Page.GetByRole(role, new PageGetByRoleOptions { Name = name, Exact = true }).First.EvaluateAsync<string>(
                "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color, s.borderColor, s.fontSize, s.fontWeight, e.offsetHeight].join(); }"));
        }

        Assert.Equal(looks[0], looks[1]);
    }

    // All looks of the page that is shown; findings are collected, so that one run tells them all. By night there are other colours and
    // nothing else.
    private protected async Task LookAsync(string name)
    {
        // After a press the text may be there before the style is.
        await Page.WaitForLoadStateAsync();
        await Page.EvaluateAsync("() => document.fonts.ready.then(() => true)");
        foreach (var (width, dark) in Looks)
        {
            await Page.SetViewportSizeAsync(width, 800);
            await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
            var look = $"{name} at {width} px{(dark ? ", dark" : "")}";
            findings.AddRange((await Axe.FindingsAsync(Page, coloursOnly: dark)).Select(finding => $"{look}: {finding}"));
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Shots, $"{name}-{width}{(dark ? "-dark" : "")}.png"), FullPage = true });
        }

        await Page.SetViewportSizeAsync(320, 700);
        await NoSidewaysScrollAsync($"{name} at 320 px");
        await Page.SetViewportSizeAsync(1280, 800);
        await Page.EvaluateAsync("document.documentElement.style.fontSize = '200%'");
        await NoSidewaysScrollAsync($"{name} with text at 200 %");
        await Page.EvaluateAsync("document.documentElement.style.fontSize = ''");
        await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
    }

    private async Task NoSidewaysScrollAsync(string look)
    {
        var over = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (over > 0) findings.Add($"{look}: scrolls sideways by {over} px");
    }

    private protected void NothingFound() => Assert.Empty(findings);
}
