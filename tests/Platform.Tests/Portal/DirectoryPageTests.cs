using Microsoft.Playwright;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>The sandbox's directory by hand.</summary>
public sealed class DirectoryPageTests : PortalTest
{
    [Fact]
    [Trait("Rule", "X-12")]
    public async Task The_directory_takes_a_developer_in()
    {
        using var key = SigningKey.Create("ES256");
        await OpenAsync("/sandbox/directory");
        await LookAsync("sandbox-directory");
        await Page.GetByLabel("Name of your app").FillAsync("Budget App");
        await Page.GetByLabel("Redirect URIs").FillAsync("https://localhost:9999/callback");
        await Page.GetByLabel("Public keys of your software").FillAsync("no keys");
        await Page.Locator("main button[type=submit]").ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert).First).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByLabel("Name of your app")).ToHaveValueAsync("Budget App"); // Nothing is typed twice.
        await Assertions.Expect(Page.GetByLabel("Redirect URIs")).ToHaveValueAsync("https://localhost:9999/callback");
        await LookAsync("sandbox-directory-wrong");
        await Page.GetByLabel("Public keys of your software").FillAsync($$"""{"keys":[{{key.PublicKey.ToJson().ToJsonString()}}]}""");
        await Page.Locator("main button[type=submit]").ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Status)).ToContainTextAsync("what your software needs to register");
        await LookAsync("sandbox-directory-member");
        NothingFound();
    }
}
