using Microsoft.Playwright;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>A third party asks for account data in the browser: what is asked, the decision, the way back.</summary>
public sealed class ApprovePagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "F2-PAR-13")]
    [Trait("Rule", "A-1")]
    [Trait("Rule", "A-3")]
    [Trait("Rule", "A-5")]
    [Trait("Rule", "A-6")]
    [Trait("Rule", "A-7")]
    [Trait("Rule", "X-4")]
    [Trait("Rule", "DC-17")]
    [Trait("Rule", "X-5")]
    [Trait("Rule", "X-6")]
    [Trait("Rule", "X-8")]
    public async Task Approval_shows_what_is_asked_and_ends_at_the_third_party()
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: metadata =>
        {
            metadata["software_on_behalf_of_org"] = "Harbour Savings";
            metadata["org_name"] = "Budget App Holdings Ltd";
        });
        var customer = await ActivateAsync(0);
        await ArriveAsync(tpp);
        await LookAsync("signin-for-app");
        await Browser.SignInAsync();

        await HasHeadingAsync("Budget App asks to see data of your accounts");
        await Assertions.Expect(Page.GetByText("an app of Budget App Holdings Ltd")).ToBeVisibleAsync();
        foreach (var account in customer.Accounts)
            await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Name = account.Name, Exact = true })).Not.ToBeCheckedAsync();
        await Assertions.Expect(Page.GetByText("ongoing, until you cancel it")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Your sign-in details are not given to Budget App")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Please decide by")).ToBeVisibleAsync();
        Assert.Equal(0, await Page.GetByRole(AriaRole.Link).And(Page.Locator(":not(.skip)")).CountAsync());
        await SameWeightAsync("Approve", "Cancel");
        await Page.Locator("summary").First.ClickAsync();
        await Assertions.Expect(Page.Locator("details[open] li").First).ToBeVisibleAsync();
        await LookAsync("approve");

        await Browser.PressAsync("Approve");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("at least one account");
        await LookAsync("approve-none-chosen");

        await Browser.TickAsync(customer.Accounts[0].Name);
        Stay = true;
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("Access approved");
        await Assertions.Expect(Page.GetByText("Taking you back to Budget App")).ToBeVisibleAsync();
        await LookAsync("return-approved");
        await GoBackAsync();
        Assert.Contains("code=", Page.Url, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-6")]
    [Trait("Rule", "X-9")]
    [Trait("Rule", "X-10")]
    public async Task Cancel_and_timeout_lead_back_with_an_error()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        await ActivateAsync(0);

        await ArriveAsync(tpp);
        Stay = true;
        await Browser.PressAsync("Cancel");
        await HasHeadingAsync("Cancelled");
        await LookAsync("return-cancelled");
        await GoBackAsync();
        Assert.Contains("error=access_denied", Page.Url, StringComparison.Ordinal);

        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        var approval = Page.Url;
        Stay = true;
        await Browser.PressAsync("Cancel");
        await HasHeadingAsync("Cancelled");
        await Page.GotoAsync(approval);
        await HasHeadingAsync("This request can no longer be used");
        Stay = false;

        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        Host.Clock.Advance(TimeSpan.FromMinutes(10));
        Stay = true;
        await Page.ReloadAsync();
        await HasHeadingAsync("Time ran out");
        await LookAsync("return-timeout");
        await GoBackAsync();
        Assert.Contains("error=access_denied", Page.Url, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-10")]
    public async Task An_approval_page_is_loaded_again_when_time_is_up_even_without_script()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        await ActivateAsync(0);
        Host.Clock.StopAt(Host.Clock.Now);
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        var answer = await Page.ReloadAsync();
        Assert.Matches(@"\A(29\d|30[01]); url=/approve\?interaction=", answer!.Headers["refresh"]);
    }

    [Fact]
    [Trait("Rule", "R-1")]
    [Trait("Rule", "R-2")]
    public async Task Continuing_an_access_asks_for_the_customer_and_for_nothing_else()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var customer = await ActivateAsync(0);
        var consentId = await tpp.CreateConsentAsync();
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        await Browser.SignInAsync();
        await Browser.TickAsync(customer.Accounts[1].Name);
        await Browser.PressAsync("Approve");
        await Page.WaitForURLAsync("https://tpp.example/**");

        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        await HasHeadingAsync("Sign in to continue sharing");
        await Assertions.Expect(Page.GetByText("and nothing changes")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("You are continuing the access of Budget App")).ToBeVisibleAsync();
        await Browser.SignInAsync();
        await HasHeadingAsync("Continue sharing with Budget App");
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByText(customer.Accounts[1].Name, new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText(customer.Accounts[0].Name, new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByText("You are continuing the access of Budget App")).ToBeVisibleAsync();
        await LookAsync("approve-continue");
        Stay = true;
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("Access continued");
        await GoBackAsync();
        Assert.Contains("code=", Page.Url, StringComparison.Ordinal);

        // Who declines to continue has an access as before, and is told so.
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        Stay = true;
        await Browser.PressAsync("Cancel");
        await Assertions.Expect(Page.GetByText("Nothing has changed: the access stays as it was.")).ToBeVisibleAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Active", new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(1);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-8")]
    [Trait("Rule", "HTTP-10")]
    public async Task With_form_post_the_way_back_is_a_page_with_one_button()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var customer = await ActivateAsync(0);
        var posted = "";
        await Page.Context.RouteAsync("https://tpp.example/**", async route =>
        {
            posted = $"{route.Request.Method} {route.Request.PostData}";
            await route.FulfillAsync(new RouteFulfillOptions { Body = "Back at the app", ContentType = "text/plain" });
        });

        // An answer of the authorization endpoint itself: nobody was asked anything.
        var silent = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("response_mode", "form_post").With("prompt", "none");
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(silent)));
        await HasHeadingAsync("Back to where you came from");
        await LookAsync("return-form-post");
        await Browser.PressAsync("Continue to Budget App");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.StartsWith("POST error=login_required", posted, StringComparison.Ordinal);

        // And of a decision.
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("response_mode", "form_post");
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(request)));
        await Browser.SignInAsync();
        await Browser.TickAsync(customer.Accounts[0].Name);
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("Access approved");
        await LookAsync("return-form-post-approved");
        await Browser.PressAsync("Continue to Budget App");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.StartsWith("POST code=", posted, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-11")]
    public async Task A_customer_without_accounts_goes_back_with_an_error()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        await ActivateAsync(Bank.First(customer => customer.Accounts.Count == 0));
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        await Assertions.Expect(Page.GetByText("You have no account that can be shared")).ToBeVisibleAsync();
        await LookAsync("approve-no-accounts");
        await Browser.PressAsync("Cancel");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Contains("error=access_denied", Page.Url, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "A-1")]
    [Trait("Rule", "A-4")]
    [Trait("Rule", "A-8")]
    public async Task The_only_account_is_ticked_and_the_data_follow_the_consent()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var customer = Bank.First(candidate => candidate.Accounts.Count == 1);
        await ActivateAsync(customer);
        var requestUri = await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync("ReadAccountsBasic")));
        await OpenAsync(tpp.AuthorizePath(requestUri));
        await Browser.SignInAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Name = customer.Accounts[0].Name, Exact = true })).ToBeCheckedAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(1);
        await Assertions.Expect(Page.Locator("details")).ToHaveCountAsync(1);
        await Assertions.Expect(Page.Locator("summary")).ToHaveTextAsync("Your account details");
    }

    [Fact]
    [Trait("Rule", "PO-04")]
    public async Task Markup_in_a_name_stays_text()
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: metadata => metadata["client_name"] = "<img src=x onerror=alert(1)>");
        var dialogs = 0;
        Page.Dialog += async (_, dialog) =>
        {
            dialogs++;
            await dialog.DismissAsync();
        };
        var customer = await ActivateAsync(0);
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await Browser.TickAsync(customer.Accounts[0].Name);
        await Browser.PressAsync("Approve");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Equal(0, dialogs);
    }
}
