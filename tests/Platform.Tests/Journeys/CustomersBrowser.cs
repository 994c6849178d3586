using Microsoft.Playwright;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Journeys;

/// <summary>A customer's browser: headless Chromium with a virtual authenticator that verifies its user.</summary>
public sealed class CustomersBrowser : IAsyncDisposable
{
    private readonly IBrowserContext context;

    private CustomersBrowser(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
    }

    public IPage Page { get; }

    /// <param name="javaScript">Off shows what a page does without script.</param>
    public static async Task<CustomersBrowser> OpenAsync(int width = 1280, int height = 900, bool dark = false, bool javaScript = true)
    {
        var opened = await Chromium.OpenAsync(new BrowserNewContextOptions
        {
            IgnoreHTTPSErrors = true,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            JavaScriptEnabled = javaScript,
        });
        var page = await opened.NewPageAsync();
        page.SetDefaultTimeout((float)Eventually.Patience.TotalMilliseconds);
        var protocol = await opened.NewCDPSessionAsync(page);
        await protocol.SendAsync("WebAuthn.enable");
        await protocol.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["options"] = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        return new CustomersBrowser(opened, page);
    }

    /// <summary>Activates with a one-time code and leaves a passkey in the authenticator.</summary>
    public async Task ActivateAsync(Uri issuer, string username, string activationCode)
    {
        await Page.GotoAsync(new Uri(issuer, "/activate").ToString());
        await Page.GetByLabel("Username").FillAsync(username);
        await Page.GetByLabel("Activation code").FillAsync(activationCode);
        var before = Page.Url;
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Create passkey" }).ClickAsync();
        await Page.WaitForURLAsync(url => url != before);
    }

    /// <summary>Signs in on the page that is shown, without naming the user.</summary>
    public async Task SignInAsync()
    {
        var before = Page.Url;
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in with a passkey" }).ClickAsync();
        await Page.WaitForURLAsync(url => url != before);
    }

    public async Task PressAsync(string button) =>
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = button, Exact = true }).ClickAsync();

    public async Task TickAsync(string account) => await Page.GetByLabel(account, new PageGetByLabelOptions { Exact = true }).CheckAsync();

    public ValueTask DisposeAsync() => context.DisposeAsync();
}
