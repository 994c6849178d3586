using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>What the policy answers, as the customer sees it.</summary>
public sealed class PolicyPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task What_the_policy_asks_for_is_said_in_plain_words()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        await ComeFromAsync(country: "GB");
        var customer = await ActivateAsync(0);
        await Browser.SignInAsync();

        // Once more: the dialog comes by itself, and where a browser will not have that, at the next press.
        await ChangeThreatAsync(raise: true);
        await ForgetDeviceAsync();
        await Page.EvaluateAsync(
            "() => { const get = navigator.credentials.get.bind(navigator.credentials); let asked = 0;"
            + "navigator.credentials.get = options => ++asked === 2 ? Promise.reject(new DOMException('', 'NotAllowedError')) : get(options); }");
        await Browser.PressAsync("Sign in with a passkey");
        await Assertions.Expect(Page.GetByText("this device is new. Please use your passkey once more.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("We could not sign you in")).ToBeHiddenAsync();
        await LookAsync("signin-again");
        await Browser.SignInAsync();
        await ForgetDeviceAsync();
        await Browser.SignInAsync();

        // Not yet, and not now.
        await ChangeThreatAsync(raise: true);
        await ForgetDeviceAsync();
        await Browser.PressAsync("Sign in with a passkey");
        await Assertions.Expect(Page.GetByText("this device is new. Please try again in 30 seconds.")).ToBeVisibleAsync();
        await LookAsync("signin-later");
        await ComeFromAsync(country: "FR");
        await Browser.PressAsync("Sign in with a passkey");
        await Assertions.Expect(Page.GetByText("Please use a device that you have used here before")).ToBeVisibleAsync();
        await LookAsync("signin-refused");

        // An approval: the passkey right there, and what was ticked stays ticked.
        await ChangeThreatAsync(raise: false);
        await ComeFromAsync(country: "GB");
        await Browser.SignInAsync();
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        await Browser.TickAsync(customer.Accounts[1].Name);
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("Confirm that it is you");
        await LookAsync("signin-confirm");
        await Browser.SignInAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Checked = true })).ToHaveCountAsync(1);
        await Assertions.Expect(Page.GetByLabel(customer.Accounts[1].Name)).ToBeCheckedAsync();

        Stay = true;
        await ComeFromAsync(country: "GB", network: "Delay");
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("Please wait a moment before you approve");
        await LookAsync("approve-later");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Back to the request" }).ClickAsync();
        await ComeFromAsync(country: "GB", network: "Refuse");
        await Browser.TickAsync(customer.Accounts[0].Name);
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("We cannot take your approval now");
        await LookAsync("approve-refused");
        Stay = false;
        await ComeFromAsync(country: "GB");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Back to the request" }).ClickAsync();
        await Browser.PressAsync("Approve");
        await Page.WaitForURLAsync("https://tpp.example/**");

        await OpenAsync("/signins");
        await Assertions.Expect(Page.GetByText("Approval for Budget App", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("in France").First).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Nothing was unusual.").First).ToBeVisibleAsync();
        await LookAsync("signins-why");
        NothingFound();
    }

    private Task ComeFromAsync(string country, string? network = null)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Country"] = country };
        if (network is not null) headers["X-Network"] = network;
        return Page.SetExtraHTTPHeadersAsync(headers);
    }

    private async Task ForgetDeviceAsync()
    {
        await Page.Context.ClearCookiesAsync(new BrowserContextClearCookiesOptions { Name = "__Host-device" });
        await OpenAsync("/signin");
    }

    private Task<ThreatDescription> ChangeThreatAsync(bool raise) =>
        Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new ChangeThreat(raise, "operator", "a test")));
}
