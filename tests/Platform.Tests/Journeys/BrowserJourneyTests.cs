using Microsoft.Playwright;

namespace OpenBanking.Platform.Tests.Journeys;

/// <summary>From the third party's button to data on its page, in a real browser, on what <c>./run.sh</c> starts.</summary>
[Collection(OfRunSh.Name)]
public sealed class BrowserJourneyTests(RunningSandbox sandbox)
{
    private static string Shots => Directory.CreateDirectory(Path.Combine(RunningSandbox.Checkout, "artifacts", "screenshots")).FullName;

    [Theory]
    [InlineData("DPoP", 0)]
    [InlineData("mTLS", 1)]
    public async Task A_customer_connects_an_app_and_the_app_shows_her_data(string constraint, int customer)
    {
        var (username, code, accounts) = sandbox.Customer(customer);
        await using var browser = await CustomersBrowser.OpenAsync();
        await browser.ActivateAsync(sandbox.Issuer, username, code);

        await ConnectAsync(browser, constraint);
        await browser.SignInAsync();
        await ApproveAsync(browser, accounts[0]);

        await AtTheAppAsync(browser);
        await Assertions.Expect(browser.Page.GetByText(accounts[0]).First).ToBeVisibleAsync();
        await browser.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Shots, $"journey-{constraint}.png"), FullPage = true });
    }

    [Fact]
    [Trait("Rule", "X-6")]
    public async Task A_customer_who_cancels_comes_back_to_the_app_without_a_connection()
    {
        var (username, code, _) = sandbox.Customer(0);
        await using var browser = await CustomersBrowser.OpenAsync();
        await browser.ActivateAsync(sandbox.Issuer, username, code);

        await ConnectAsync(browser, "DPoP");
        await browser.SignInAsync();
        await browser.PressAsync("Cancel");

        await AtTheAppAsync(browser);
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Nothing was shared" })).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "CO-07")]
    public async Task Approving_something_else_than_was_shown_is_a_409_and_shows_the_page_anew()
    {
        var (username, code, accounts) = sandbox.Customer(0);
        await using var browser = await CustomersBrowser.OpenAsync();
        await browser.ActivateAsync(sandbox.Issuer, username, code);
        await ConnectAsync(browser, "DPoP");
        await browser.SignInAsync();

        await browser.TickAsync(accounts[0]);
        await browser.Page.EvaluateAsync(
            "() => { for (const field of document.querySelectorAll('input[type=hidden]')) if (/digest/i.test(field.name)) field.value = 'A'.repeat(43); }");
        var answer = await browser.Page.RunAndWaitForResponseAsync(
            () => browser.PressAsync("Approve"),
            response => string.Equals(response.Request.Method, "POST", StringComparison.Ordinal));

        Assert.Equal(409, answer.Status);

        // The positive control: what is shown now can be approved.
        await ApproveAsync(browser, accounts[0]);
        await AtTheAppAsync(browser);
    }

    [Fact]
    [Trait("Rule", "D-7")]
    public async Task Access_that_the_customer_cancels_ends_at_the_apps_next_request()
    {
        var (username, code, accounts) = sandbox.Customer(0);
        await using var browser = await CustomersBrowser.OpenAsync();
        await browser.ActivateAsync(sandbox.Issuer, username, code);
        await ConnectAsync(browser, "DPoP");
        await browser.SignInAsync();
        await ApproveAsync(browser, accounts[0]);
        await AtTheAppAsync(browser);
        var dashboard = browser.Page.Url;

        await browser.Page.GotoAsync(new Uri(sandbox.Issuer, "/connections").ToString());
        if (browser.Page.Url.Contains("/signin", StringComparison.Ordinal)) await browser.SignInAsync();
        await browser.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Cancel access" })
            .Or(browser.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Cancel access" })).First.ClickAsync();
        await browser.PressAsync("Cancel access");
        await Assertions.Expect(browser.Page.GetByText("Inactive").First).ToBeVisibleAsync();

        await browser.Page.GotoAsync(dashboard);
        await Assertions.Expect(browser.Page.GetByText("access has ended").Or(browser.Page.GetByText("Connect my bank")).First).ToBeVisibleAsync();
    }

    /// <summary>From "Pay with my bank" to the money's arrival, and once more to a no.</summary>
    [Fact]
    [Trait("Rule", "P-1")]
    [Trait("Rule", "P-12")]
    [Trait("Rule", "D-10")]
    public async Task A_customer_pays_a_bill_with_her_bank_and_sees_it_arrive()
    {
        var (username, code, accounts) = sandbox.Customer(0);
        await using var browser = await CustomersBrowser.OpenAsync(width: 390, height: 844);
        await browser.ActivateAsync(sandbox.Issuer, username, code);
        await PayAsync(browser);
        await browser.SignInAsync();
        await Assertions.Expect(Heading(browser, "Pay £24.50 to Willow Street Energy")).ToBeVisibleAsync();
        await browser.TickAsync(accounts[0]);
        await browser.PressAsync("Approve");
        await AtTheAppAsync(browser);

        // Nobody presses anything: the page follows the payment to its end by itself.
        await Assertions.Expect(Heading(browser, "Paid")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 });
        await Assertions.Expect(browser.Page.GetByText("A refund goes to")).ToBeVisibleAsync();
        await browser.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Shots, "journey-payment.png"), FullPage = true });

        // The bank has it in its list, with the app's name.
        await browser.Page.GotoAsync(new Uri(sandbox.Issuer, "/payments").ToString());
        if (browser.Page.Url.Contains("/signin", StringComparison.Ordinal)) await browser.SignInAsync();
        await Assertions.Expect(browser.Page.GetByText("Payment · Tally").First).ToBeVisibleAsync();

        // Another one she does not approve.
        await PayAsync(browser);
        if (await browser.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in with a passkey" }).IsVisibleAsync()) await browser.SignInAsync();
        await browser.PressAsync("Cancel");
        await AtTheAppAsync(browser);
        await Assertions.Expect(Heading(browser, "Nothing was paid")).ToBeVisibleAsync();
    }

    private static ILocator Heading(CustomersBrowser browser, string name) => browser.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = name, Exact = true });

    private async Task PayAsync(CustomersBrowser browser)
    {
        await browser.Page.GotoAsync(new Uri(sandbox.Tpp, "/pay").ToString());
        await browser.PressAsync("Pay with my bank");
        await browser.Page.WaitForURLAsync(url => url.StartsWith(sandbox.Issuer.ToString(), StringComparison.Ordinal));
    }

    private async Task ConnectAsync(CustomersBrowser browser, string constraint)
    {
        await browser.Page.GotoAsync(sandbox.Tpp.ToString());
        if (!string.Equals(constraint, "DPoP", StringComparison.Ordinal))
        {
            var details = browser.Page.GetByText("For developers").First;
            if (await details.IsVisibleAsync()) await details.ClickAsync();
            await browser.Page.GetByLabel(constraint).First.CheckAsync();
        }

        await browser.PressAsync("Connect my bank");
        await browser.Page.WaitForURLAsync(url => url.StartsWith(sandbox.Issuer.ToString(), StringComparison.Ordinal));
    }

    private static async Task ApproveAsync(CustomersBrowser browser, string account)
    {
        await browser.TickAsync(account);
        await browser.PressAsync("Approve");
    }

    private Task AtTheAppAsync(CustomersBrowser browser) =>
        browser.Page.WaitForURLAsync(url => url.StartsWith(sandbox.Tpp.ToString(), StringComparison.Ordinal));
}
