using Microsoft.Playwright;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>The customer's own passkeys.</summary>
public sealed class PasskeyPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "PK-16")]
    public async Task Passkeys_are_added_named_and_removed_and_a_customer_signs_out()
    {
        await ActivateAsync(1);
        await LookAsync("signin-activated");
        await Browser.SignInAsync();
        await OpenAsync("/passkeys");
        await Assertions.Expect(Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove" })).ToHaveCountAsync(0);

        await AddAuthenticatorAsync();
        await Page.GetByLabel("Name of the new passkey").FillAsync("Blue security key");
        await Browser.PressAsync("Create passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Blue security key" })).ToBeVisibleAsync();
        await LookAsync("passkeys");

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove" }).Last.ClickAsync();
        await LookAsync("passkey-remove");
        await Browser.PressAsync("Remove passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Blue security key" })).ToHaveCountAsync(0);

        await Browser.PressAsync("Sign out");
        await Assertions.Expect(Page.GetByText("You are signed out.")).ToBeVisibleAsync();
        await OpenAsync("/passkeys");
        await HasHeadingAsync("Sign in");
        NothingFound();
    }

    private async Task AddAuthenticatorAsync()
    {
        var protocol = await Page.Context.NewCDPSessionAsync(Page);
        await protocol.SendAsync("WebAuthn.enable");
        await protocol.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["options"] = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["protocol"] = "ctap2",
                ["transport"] = "usb",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
    }
}
