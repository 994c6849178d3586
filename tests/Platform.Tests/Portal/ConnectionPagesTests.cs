using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Consent.Contracts;
using OpenBanking.Platform.Tests.Journeys;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>Connected accounts: what there is, what is new, and how it is stopped.</summary>
public sealed class ConnectionPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "D-1")]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-3")]
    [Trait("Rule", "D-4")]
    [Trait("Rule", "D-5")]
    [Trait("Rule", "D-6")]
    [Trait("Rule", "D-7")]
    [Trait("Rule", "D-13")]
    [Trait("Rule", "PO-18")]
    [Trait("Rule", "CON-06")]
    public async Task The_dashboard_shows_every_access_and_stops_it()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        using var odd = await TestTpp.RegisterAsync(Host, change: metadata => metadata["client_name"] = "Budg\u0435t Planner");
        var customer = await ActivateAsync(0);
        await OpenAsync("/signin");
        await Browser.SignInAsync();
        await OpenAsync("/connections");
        await LookAsync("connections-none");

        await ConnectAsync(odd, customer.Accounts[0].Name);
        await ConnectAsync(tpp, customer.Accounts[^1].Name);
        await OpenAsync("/");
        await Assertions.Expect(Page.GetByText("New: Budget App can see data of your accounts since")).ToBeVisibleAsync();
        await LookAsync("overview");

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Connected accounts", Exact = true }).ClickAsync();
        await HasHeadingAsync("Connected accounts");
        await Assertions.Expect(Page.GetByText("New: Budget App can see data of your accounts since")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Budg[U+0435]t Planner", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Active", new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(2);
        await Assertions.Expect(Page.GetByText("not used yet").First).ToBeVisibleAsync();
        await SameWeightAsync("View", "Cancel access", AriaRole.Link);
        await LookAsync("connections");

        var entry = Entries.Filter(new LocatorFilterOptions { HasText = "Budget App" });
        await entry.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "View" }).ClickAsync();
        await HasHeadingAsync("Budget App");
        await Assertions.Expect(Page.GetByText(customer.Accounts[^1].Name)).ToBeVisibleAsync();
        await LookAsync("connection");
        var detail = Page.Url;

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Cancel access" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("What it already has stays with it")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Services that it offers you may stop working")).ToBeVisibleAsync();
        await LookAsync("cancel-access");
        await Browser.PressAsync("Cancel access");
        await Page.WaitForURLAsync(detail);
        await Assertions.Expect(Page.GetByText("Inactive", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Term).Filter(new LocatorFilterOptions { HasText = "Ended" })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("ongoing")).ToHaveCountAsync(0);
        await LookAsync("connection-inactive");
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Inactive", new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(1);

        await OpenAsync("/signins");
        await Assertions.Expect(Page.GetByText("Signed in for Budget App")).ToBeVisibleAsync();
        await LookAsync("signins");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "D-11")]
    public async Task The_other_holder_of_a_joint_account_sees_the_access_and_may_stop_it()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var joint = Bank.SelectMany(customer => customer.Accounts.Select(account => (Customer: customer, account.AccountId, account.Name)))
            .GroupBy(entry => entry.AccountId, StringComparer.Ordinal).First(group => group.Count() > 1).ToList();
        await ActivateAsync(joint[0].Customer);
        await ConnectAsync(tpp, joint[0].Name);

        await Browser.DisposeAsync();
        Browser = await CustomersBrowser.OpenAsync();
        await ActivateAsync(joint[1].Customer);
        await OpenAsync("/signin");
        await Browser.SignInAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Given by the other holder of your joint account.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("New: Budget App can see your joint account, as the other holder has allowed, since")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "View" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("Given by the other holder of your joint account.")).ToBeVisibleAsync();
        await LookAsync("connection-joint");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Cancel access" }).ClickAsync();
        await Browser.PressAsync("Cancel access");
        await Assertions.Expect(Page.GetByText("This access has ended")).ToBeVisibleAsync();
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-12")]
    public async Task Many_accesses_are_searched_and_sorted_and_all_of_one_third_party_stopped_at_once()
    {
        var customer = await ActivateAsync(0);
        await Browser.SignInAsync();
        using var tidy = await TestTpp.RegisterAsync(Host, change: metadata => metadata["client_name"] = "Tidy Money");
        using var alba = await TestTpp.RegisterAsync(Host, change: metadata => metadata["client_name"] = "Alba Credit");
        foreach (var tpp in new[] { tidy, tidy, tidy, alba, alba })
            await PortalHost.GrantAsync(Host, tpp, customer.CustomerId, null, customer.Accounts[0].AccountId);
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByRole(AriaRole.Search)).ToHaveCountAsync(0);

        var last = await PortalHost.GrantAsync(Host, alba, customer.CustomerId, null, customer.Accounts[1].AccountId);
        await OpenAsync($"/connections/{last}/cancel");
        await Browser.PressAsync("Cancel access");
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("New: Tidy Money can see data of your accounts through 3 new accesses.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Stop all access of" })).ToHaveCountAsync(2);
        await LookAsync("connections-many");
        Assert.Equal("700", await Page.GetByText("Inactive", new PageGetByTextOptions { Exact = true }).EvaluateAsync<string>(
            "e => Number(getComputedStyle(e).fontWeight) >= 700 ? '700' : getComputedStyle(e).fontWeight"));

        await Page.GetByLabel("Search by name").FillAsync("alba");
        await Page.GetByLabel("Show").SelectOptionAsync("active");
        await Page.GetByLabel("Sort by").SelectOptionAsync("used");
        await Browser.PressAsync("Apply");
        await Assertions.Expect(Entries).ToHaveCountAsync(2);
        await Page.ReloadAsync();
        await Assertions.Expect(Entries).ToHaveCountAsync(2);
        await Assertions.Expect(Page.GetByLabel("Search by name")).ToHaveValueAsync("alba");
        await Assertions.Expect(Page.GetByLabel("Show")).ToHaveValueAsync("active");
        await Assertions.Expect(Page.GetByLabel("Sort by")).ToHaveValueAsync("used");

        await OpenAsync("/connections?show=inactive");
        await Assertions.Expect(Entries).ToHaveCountAsync(1);
        await OpenAsync("/connections?sort=name");
        await Assertions.Expect(Entries.First).ToContainTextAsync("Alba Credit");
        await OpenAsync("/connections?q=nobody");
        await Assertions.Expect(Page.GetByText("No connection fits your search.")).ToBeVisibleAsync();
        await LookAsync("connections-nothing-found");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Show all" }).ClickAsync();
        await Assertions.Expect(Entries).ToHaveCountAsync(6);

        // From the detail as from the list.
        var ofTidy = Entries.Filter(new LocatorFilterOptions { HasText = "Tidy Money" }).First;
        await Assertions.Expect(ofTidy.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "Stop all access of Tidy Money" })).ToBeVisibleAsync();
        await ofTidy.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "View" }).ClickAsync();
        await LookAsync("connection-of-several");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Stop all access of Tidy Money" }).ClickAsync();
        await HasHeadingAsync("Stop all access of Tidy Money?");
        await Assertions.Expect(Page.Locator("main .row")).ToHaveCountAsync(3);
        await Assertions.Expect(Page.GetByText("What it already has stays with it")).ToBeVisibleAsync();
        await LookAsync("stop-all");
        await Browser.PressAsync("Stop all access");
        await Assertions.Expect(Page.GetByText("Tidy Money has no access to your accounts any more.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Inactive", new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(4);
        await LookAsync("connections-stopped");

        // What is not so is not said, and there is nothing left to confirm.
        await OpenAsync($"/connections?stopped={alba.ClientId}");
        await Assertions.Expect(Page.GetByText("has no access to your accounts any more")).ToHaveCountAsync(0);
        await OpenAsync($"/connections/stop-all?client={tidy.ClientId}");
        await HasHeadingAsync("Connected accounts");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "D-4")]
    [Trait("Rule", "D-13")]
    public async Task What_is_new_or_ends_soon_is_said_until_it_is_not_so_any_more()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var customer = await ActivateAsync(0);
        await Browser.SignInAsync();
        Host.Clock.Advance(TimeSpan.FromMinutes(1));
        var id = await PortalHost.GrantAsync(Host, tpp, customer.CustomerId, Host.Clock.Now.AddDays(60), customer.Accounts[0].AccountId);
        foreach (var page in new[] { "/", "/connections" })
        {
            await OpenAsync(page);
            await Assertions.Expect(Page.GetByText("New: Budget App can see data of your accounts since")).ToBeVisibleAsync();
            await Assertions.Expect(Page.GetByText("The access of Budget App ends on")).ToHaveCountAsync(0);
        }

        // However often the customer comes, until it is dismissed.
        foreach (var days in new[] { 1, 2 })
        {
            Host.Clock.Advance(TimeSpan.FromDays(days));
            await OpenAsync("/signin");
            await Browser.SignInAsync();
            await Assertions.Expect(Page.GetByText("New: Budget App")).ToHaveCountAsync(1);
        }

        await Browser.PressAsync("Dismiss");
        await Assertions.Expect(Page.GetByText("New: Budget App")).ToHaveCountAsync(0);

        await Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Publish(new ConsentUsed(id, Host.Clock.Now)));
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("used today")).ToBeVisibleAsync();

        Host.Clock.Advance(TimeSpan.FromDays(45));
        await OpenAsync("/signin");
        await Browser.SignInAsync();
        foreach (var page in new[] { "/", "/connections" })
        {
            await OpenAsync(page);
            await Assertions.Expect(Page.GetByText("The access of Budget App ends on")).ToBeVisibleAsync();
        }

        await Assertions.Expect(Page.GetByText("not used for 45 days")).ToBeVisibleAsync();
        await LookAsync("connections-ends-soon");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "See details of the access of Budget App" }).ClickAsync();
        await HasHeadingAsync("Budget App");

        Host.Clock.Advance(TimeSpan.FromDays(13));
        await OpenAsync("/signin");
        await Browser.SignInAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("The access of Budget App ends on")).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByRole(AriaRole.Term).Filter(new LocatorFilterOptions { HasText = "Ended" })).ToBeVisibleAsync();
        NothingFound();
    }

    private ILocator Entries => Page.Locator("li.connection");
}
