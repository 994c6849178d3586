using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Consent.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>The long list, use over time, notices, and what is stored: seen in a browser, and used with the keyboard alone.</summary>
public sealed class LongListPagesTests : PortalTest
{
    // What has the focus: who sees it must see that it has it, and who hears it must hear a name.
    private const string Focused =
        """
        () => {
          const e = document.activeElement;
          if (!e || e === document.body) return null;
          const s = getComputedStyle(e), r = e.getBoundingClientRect();
          const name = (e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent).trim().replace(/\s+/g, ' ');
          const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
          return (seen ? '' : 'UNSEEN ') + name;
        }
        """;

    [Fact]
    [Trait("Rule", "X-12")]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-4")]
    [Trait("Rule", "D-13")]
    public async Task Everything_new_is_seen_read_and_used_with_the_keyboard_alone()
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: metadata => metadata["software_on_behalf_of_org"] = "Harbour Savings");
        var customer = await ActivateAsync(0);
        await Browser.SignInAsync();
        string[] ids =
        [
            await PortalHost.GrantAsync(Host, tpp, customer.CustomerId, Host.Clock.Now.AddDays(40), customer.Accounts[0].AccountId),
            await PortalHost.GrantAsync(Host, tpp, customer.CustomerId, null, customer.Accounts[1].AccountId),
        ];
        await CopyAsync(ids[1], 24);
        foreach (var uses in new[] { 3, 0, 1, 12, 7, 0, 0, 1, 2, 9, 30, 4 })
        {
            Host.Clock.Advance(TimeSpan.FromDays(2.5));
            await Host.InScopeAsync(async services =>
            {
                for (var use = 0; use < uses; use++) await services.GetRequiredService<IMediator>().Publish(new ConsentUsed(ids[0], Host.Clock.Now));
            });
        }

        await OpenAsync("/connections");
        await Browser.SignInAsync();

        // The list, from the first key to the last.
        await Assertions.Expect(Page.GetByText("1 to 20 of 26 connections.")).ToBeVisibleAsync();
        await LookAsync("connections-paged");
        var stops = await TabThroughAsync();
        Assert.DoesNotContain(stops, stop => stop.StartsWith("UNSEEN", StringComparison.Ordinal));
        Assert.Equal("Skip to content", stops[0]);
        foreach (var stop in new[] { "Dismiss", "Dismiss all 2 notices", "Search by name", "Show", "Sort by", "Apply", "View", "Cancel access", "Next page", "What we store about you" })
            Assert.Contains(stop, stops);

        await Page.GetByLabel("Search by name").FocusAsync();
        await Page.Keyboard.TypeAsync("harbour");
        await Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Page.GetByLabel("Search by name")).ToHaveValueAsync("harbour");
        await PressAsync(Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Next page" }));
        await Assertions.Expect(Page.GetByText("21 to 26 of 26 connections.")).ToBeVisibleAsync();
        await PressAsync(Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Dismiss all 2 notices" }));
        await Assertions.Expect(Page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Notices" })).ToHaveCountAsync(0);

        // Use over time: the picture has words, and the words have a table.
        await OpenAsync("/connections/" + ids[0]);
        var words = await Page.Locator("figcaption").TextContentAsync();
        Assert.Matches(@"\AData was read \d+ times on \d+ days of the 30 to .+ \(30 times\)\.\z", words);
        await Assertions.Expect(Page.GetByRole(AriaRole.Img)).ToHaveAccessibleNameAsync(words!);
        await PressAsync(Page.GetByText("Day by day"));
        await Assertions.Expect(Page.GetByRole(AriaRole.Table)).ToBeVisibleAsync();
        await LookAsync("connection-used");

        // What is stored, and the file of it.
        await OpenAsync("/my-data");
        await HasHeadingAsync("What we store about you");
        await LookAsync("my-data");
        await PressAsync(Page.GetByText("Access you have given"));
        await LookAsync("my-data-open");
        var download = await Page.RunAndWaitForDownloadAsync(() => PressAsync(Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Download my data" })));
        Assert.Matches(@"\Amy-data-\d{4}-\d\d-\d\d\.json\z", download.SuggestedFilename);

        Host.Clock.Advance(TimeSpan.FromMinutes(4));
        await OpenAsync("/my-data");
        Host.Clock.Advance(TimeSpan.FromMinutes(1.1));
        await OpenAsync("/my-data");
        await Assertions.Expect(Page.GetByText("First sign in again")).ToBeVisibleAsync();
        await LookAsync("my-data-sign-in-again");
        await PressAsync(Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Sign in and read" }));
        await PressAsync(Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in with a passkey" }));
        await Assertions.Expect(Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Download my data" })).ToBeVisibleAsync();
        NothingFound();
    }

    private async Task PressAsync(ILocator what)
    {
        await what.FocusAsync();
        await Page.Keyboard.PressAsync("Enter");
    }

    private async Task<List<string>> TabThroughAsync()
    {
        await Page.ReloadAsync();
        var stops = new List<string>();
        for (var key = 0; key < 120; key++)
        {
            await Page.Keyboard.PressAsync("Tab");
            if (await Page.EvaluateAsync<string?>(Focused) is not { } name) break;
            stops.Add(name);
        }

        return stops;
    }

    private Task<int> CopyAsync(string consentId, int times) => Host.Database.ExecuteAsync(
        """
        INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "GrantedAt", "AuthenticatedAt", "Permissions", "StoppedAccountIds", "CustomerId", "AccountIds")
        SELECT 'aac-' || md5(n::text), "ClientId", 'AUTH', "CreatedAt" - n * interval '9 days', "StateChangedAt", "GrantedAt" - n * interval '9 days', "AuthenticatedAt", "Permissions", '{}', "CustomerId", "AccountIds"
        FROM consent.consents, generate_series(1, $2) n WHERE "Id" = $1
        """,
        consentId, times);
}
