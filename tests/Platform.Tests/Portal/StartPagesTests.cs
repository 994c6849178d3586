using Microsoft.Playwright;
using OpenBanking.Platform.Tests.Journeys;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>Pages that anybody may open.</summary>
public sealed class StartPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "X-12")]
    public async Task Pages_before_sign_in()
    {
        await OpenAsync("/");
        await LookAsync("start");
        await OpenAsync("/signin");
        await LookAsync("signin");
        await OpenAsync("/activate");
        await LookAsync("activate");
        await OpenAsync("/no-such-page");
        await LookAsync("error-404");
        await OpenAsync("/signout");
        await LookAsync("error-405");
        await OpenAsync("/authorize?client_id=nobody&request_uri=urn:x");
        await HasHeadingAsync("We cannot trust this request");
        await LookAsync("error-authorize");
        await OpenAsync("/approve?interaction=unknown");
        await HasHeadingAsync("This request can no longer be used");
        await LookAsync("error-interaction");

        await OpenAsync("/activate");
        await Page.GetByLabel("Username").FillAsync("nobody");
        await Page.GetByLabel("Activation code").FillAsync("AAAA-AAAA-AAAA-AAAA");
        await Browser.PressAsync("Create passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("could not create a passkey");
        await LookAsync("activate-failed");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "A-1")]
    public async Task Without_script_the_page_says_what_is_missing_and_its_button_does_nothing()
    {
        await using var plain = await CustomersBrowser.OpenAsync(javaScript: false);
        await plain.Page.GotoAsync(new Uri(Host.Main, "/signin").ToString());
        await Assertions.Expect(plain.Page.GetByText("Passkeys need JavaScript")).ToBeVisibleAsync();
        await Assertions.Expect(plain.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in with a passkey" })).ToBeDisabledAsync();
    }
}
