using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Host.Control;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>The sandbox's control by hand, and what its core's absence does to the other pages.</summary>
public sealed class DeveloperPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task Developers_bring_about_a_core_that_is_away_and_the_pages_bear_it()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var customer = await ActivateAsync(0);
        await ConnectAsync(tpp, customer.Accounts[0].Name);
        await OpenAsync("/sandbox/control");
        await LookAsync("control-closed");
        await Page.GetByLabel("Control secret").FillAsync("guess");
        await Browser.PressAsync("Open the control");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not the secret");
        await Page.GetByLabel("Control secret").FillAsync(Host.Services.GetRequiredService<SandboxSecret>().Value);
        await Browser.PressAsync("Open the control");
        await HasHeadingAsync("Control of the sandbox");
        await LookAsync("control");
        await Page.Locator("summary").Filter(new LocatorFilterOptions { HasText = "setting" }).ClickAsync();
        await LookAsync("control-setting");
        await Page.GetByLabel("value", new PageGetByLabelOptions { Exact = true }).FillAsync("US");
        await Page.Locator("details[open] button").ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("region must be UK or EU");
        await LookAsync("control-refused");
        await Page.Locator("details[open] summary").ClickAsync();
        await Page.Locator("summary").Filter(new LocatorFilterOptions { HasText = "does not answer" }).ClickAsync();
        await Page.Locator("details[open] button").ClickAsync();
        await Assertions.Expect(Page.GetByText("down: done")).ToBeVisibleAsync();
        await LookAsync("control-done");

        await OpenAsync("/signin");
        await Browser.SignInAsync();
        await OpenAsync("/");
        await Assertions.Expect(Page.GetByText("Your accounts cannot be shown just now")).ToBeVisibleAsync();
        await LookAsync("overview-core-away");
        await OpenAsync("/connections");
        await LookAsync("connections-core-away");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "View" }).ClickAsync();
        await LookAsync("connection-core-away");
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        await HasHeadingAsync("Your accounts cannot be shown just now");
        await LookAsync("approve-core-away");
        NothingFound();
    }
}
