using Microsoft.Playwright;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>Requests that come without a Browser.</summary>
public sealed class RequestPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "CIBA-13")]
    [Trait("Rule", "CIBA-32")]
    [Trait("Rule", "A-1")]
    [Trait("Rule", "X-6")]
    public async Task A_request_waits_in_the_portal_and_is_approved_there_with_a_passkey()
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: metadata =>
        {
            TestTpp.OnTheBackchannel()(metadata);
            metadata["software_on_behalf_of_org"] = "Harbour Savings";
        });
        var customer = await ActivateAsync(0);
        await OpenAsync("/requests");
        await Browser.SignInAsync();
        await HasHeadingAsync("Requests");
        await LookAsync("requests-none");

        var asked = await AskAsync(tpp, customer, "Till 7 – order 4711");
        await AskAsync(tpp, customer, "支付 订单 4711");
        await OpenAsync("/");
        await Assertions.Expect(Page.GetByText("2 requests of apps wait for you.")).ToBeVisibleAsync();
        await LookAsync("overview-requests");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Requests 2 waiting" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("Till 7 – order 4711", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await LookAsync("requests");

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Look at this request" }).First.ClickAsync();
        await HasHeadingAsync("Budget App asks to see data of your accounts");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Did you start this?" })).ToBeVisibleAsync();
        foreach (var account in customer.Accounts)
            await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Name = account.Name, Exact = true })).Not.ToBeCheckedAsync();
        await SameWeightAsync("Approve with a passkey", "Decline");
        await LookAsync("request");

        await Browser.PressAsync("Approve with a passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("at least one account");
        await LookAsync("request-none-chosen");
        await Browser.TickAsync(customer.Accounts[0].Name);
        await Browser.PressAsync("Approve with a passkey");
        await HasHeadingAsync("Access approved");
        await LookAsync("request-approved");
        Assert.Equal(200, (await tpp.PollAsync(asked)).Status);

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "All requests" }).First.ClickAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Look at this request" }).First.ClickAsync();
        await Browser.PressAsync("Decline");
        await HasHeadingAsync("Request declined");
        await LookAsync("request-declined");
        await OpenAsync("/requests");
        await Assertions.Expect(Page.GetByText("Approved", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Declined", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Browser.PressAsync("Switch requests off");
        await Assertions.Expect(Page.GetByText("You have switched requests off. Apps can ask you only")).ToBeVisibleAsync();
        await LookAsync("requests-answered");
        Assert.Equal(403, (await tpp.BackchannelAsync(await RequestAsync(tpp, customer, "again"))).Status);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "CIBA-23")]
    [Trait("Rule", "X-10")]
    public async Task A_request_that_nobody_decides_on_ends_on_its_page()
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: TestTpp.OnTheBackchannel());
        var customer = await ActivateAsync(0);
        await OpenAsync("/requests");
        await Browser.SignInAsync();
        await AskAsync(tpp, customer, "Till 7");
        await OpenAsync("/requests");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Look at this request" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("Please decide by")).ToBeVisibleAsync();
        var answer = await Page.ReloadAsync();
        Assert.Matches(@"\A(29\d|30[01]); url=/requests/", answer!.Headers["refresh"]);
        Host.Clock.Advance(TimeSpan.FromMinutes(4));
        await Page.ReloadAsync();
        Host.Clock.Advance(TimeSpan.FromMinutes(1));
        await Page.ReloadAsync();
        await HasHeadingAsync("Time ran out");
        await LookAsync("request-timeout");
        NothingFound();
    }

    private static async Task<Form> RequestAsync(TestTpp tpp, SandboxCustomer customer, string message) => Form.Empty
        .With("scope", "openid accounts")
        .With("login_hint", customer.Username)
        .With("binding_message", message)
        .With("authorization_details", TestTpp.Details(await tpp.CreateConsentAsync()));

    private static async Task<string> AskAsync(TestTpp tpp, SandboxCustomer customer, string message) => await tpp.AskAsync(await RequestAsync(tpp, customer, message));
}
