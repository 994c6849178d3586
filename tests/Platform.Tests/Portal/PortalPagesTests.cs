using System.Text.Json;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Platform.Tests.Journeys;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>
/// Every page of the portal in a real browser, as a customer comes to it: what it must say, and on each, at phone and desktop width,
/// light and dark, not one finding of axe, no sideways scrolling at 320 px, none with text at 200 %.
/// </summary>
public sealed class PortalPagesTests : IAsyncLifetime
{
    private static readonly (int Width, bool Dark)[] Looks = [(375, false), (375, true), (1280, false), (1280, true)];
    private static readonly string[] AskedFor = ["ReadAccountsDetail", "ReadBalances"];
    private static readonly string Shots = Directory.CreateDirectory(Path.Combine(RunningSandbox.Checkout, "artifacts", "screenshots")).FullName;
    private static readonly string[] Held = ["Delay", "Refuse"];
    private readonly List<string> findings = [];

    /// <summary>While set, pages do not go on by themselves, so that they can be looked at.</summary>
    private bool stay;
    private TestHost host = null!;
    private CustomersBrowser browser = null!;
    private IReadOnlyList<SandboxCustomer> bank = [];

    private IPage Page => browser.Page;

    public async ValueTask InitializeAsync()
    {
        host = await TestHost.StartAsync(options =>
        {
            options.Settings["Forwarded:From"] = "127.0.0.1, ::1";
            options.Settings["Policies:CountryHeader"] = "X-Country";
            options.Settings["Policies:NetworkHeader"] = "X-Network";
            foreach (var outcome in Held)
            {
                options.Settings[$"Policies:Rules:{outcome}Network:At"] = "Approval";
                options.Settings[$"Policies:Rules:{outcome}Network:Outcome"] = outcome;
                options.Settings[$"Policies:Rules:{outcome}Network:Networks"] = outcome;
                options.Settings[$"Policies:Rules:{outcome}Network:Reason"] = "Your network has been used for attacks on our customers.";
            }
        });
        bank = await AccountsModule.SeedSandboxAsync(host.Services, TestContext.Current.CancellationToken);
        browser = await CustomersBrowser.OpenAsync();
        await Page.Context.RouteAsync(
            "https://tpp.example/**", route => route.FulfillAsync(new RouteFulfillOptions { Body = "Back at the app", ContentType = "text/plain" }));
        await Page.Context.RouteAsync("**/approve**", async route =>
        {
            if (!stay)
            {
                await route.ContinueAsync();
                return;
            }

            var answer = await route.FetchAsync();
            var headers = answer.Headers.Where(header => header.Key != "refresh");
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = headers });
        });
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        await host.DisposeAsync();
    }

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
        await browser.PressAsync("Create passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("could not create a passkey");
        await LookAsync("activate-failed");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "F2-PAR-13")]
    [Trait("Rule", "A-1")]
    [Trait("Rule", "A-3")]
    [Trait("Rule", "A-5")]
    [Trait("Rule", "A-6")]
    [Trait("Rule", "A-7")]
    [Trait("Rule", "X-4")]
    [Trait("Rule", "X-5")]
    [Trait("Rule", "X-6")]
    [Trait("Rule", "X-8")]
    public async Task Approval_shows_what_is_asked_and_ends_at_the_third_party()
    {
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata => metadata["software_on_behalf_of_org"] = "Harbour Savings");
        var customer = await ActivateAsync(0);
        await ArriveAsync(tpp);
        await LookAsync("signin-for-app");
        await browser.SignInAsync();

        await HasHeadingAsync("Budget App asks to see data of your accounts");
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

        await browser.PressAsync("Approve");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("at least one account");
        await LookAsync("approve-none-chosen");

        await browser.TickAsync(customer.Accounts[0].Name);
        stay = true;
        await browser.PressAsync("Approve");
        await HasHeadingAsync("Access approved");
        await Assertions.Expect(Page.GetByText("Taking you back to Budget App")).ToBeVisibleAsync();
        await LookAsync("return-approved");
        stay = false;
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Continue to Budget App" }).ClickAsync();
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Contains("code=", Page.Url, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "C-1")]
    [Trait("Rule", "C-2")]
    [Trait("Rule", "C-3")]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-9")]
    [Trait("Rule", "RAR-07")]
    [Trait("Rule", "RAR-10")]
    public async Task A_card_issuer_is_allowed_to_ask_and_its_questions_are_seen()
    {
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata => metadata["software_roles"] = new System.Text.Json.Nodes.JsonArray("CBPII"));
        var customer = await ActivateAsync(0);
        var consent = await FundsConsentAsync(tpp, customer.Accounts[0].Identification);
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(FundsRequest(consent))));
        await Assertions.Expect(Page.GetByText("Budget App asks to check whether you have enough money")).ToBeVisibleAsync();
        await LookAsync("signin-for-funds");
        await browser.SignInAsync();

        await HasHeadingAsync("Budget App asks to check whether you have enough money");
        await Assertions.Expect(Page.GetByText("We never tell it your balance")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText(customer.Accounts[0].Name, new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.Locator(".row-detail").First).ToContainTextAsync(customer.Accounts[0].Identification[^4..]);
        await Assertions.Expect(Page.GetByText("ongoing, until you cancel them")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("You can withdraw this here at any time, under Connected accounts")).ToBeVisibleAsync();
        Assert.Equal(0, await Page.GetByRole(AriaRole.Checkbox).CountAsync());
        await SameWeightAsync("Approve", "Cancel");
        await LookAsync("approve-funds");
        await browser.PressAsync("Approve");
        await HasHeadingAsync("Access approved");
        await Page.WaitForURLAsync("https://tpp.example/**");

        // What was granted is said in the token's answer and in introspection, and it is what the API goes by.
        var tokens = await tpp.RedeemAsync(Answer.Query(new Uri(Page.Url))["code"]);
        var granted = tokens.Json.GetProperty("authorization_details");
        Assert.Equal($$"""[{"type":"funds_confirmation","accounts":["{{customer.Accounts[0].AccountId}}"],"consent_id":"{{consent}}"}]""", JsonSerializer.Serialize(Sorted(granted)));
        var introspected = await tpp.CallAsync("/introspect", Form.Empty.With("token", tokens.Text("access_token")!));
        Assert.Equal(JsonSerializer.Serialize(Sorted(granted)), JsonSerializer.Serialize(Sorted(introspected.Json.GetProperty("authorization_details"))));
        foreach (var (reference, amount) in new[] { ("Lunch 1", "12.30"), ("Castle", "9000000.00") })
        {
            var body = JsonSerializer.Serialize(new { Data = new { ConsentId = consent, Reference = reference, InstructedAmount = new { Amount = amount, Currency = customer.Accounts[0].Currency } } });
            Assert.Equal(201, (await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/cbpii/funds-confirmations", tokens.Text("access_token")!, body)).Status);
        }

        await OpenAsync("/signin");
        await browser.SignInAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Funds check", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await LookAsync("connections-funds");
        await OpenAsync("/connections/" + consent);
        await Assertions.Expect(Page.GetByText("12.30 GBP · answered yes")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("9,000,000.00 GBP · answered no")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("reference Lunch 1")).ToBeVisibleAsync();
        await LookAsync("connection-funds");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Cancel access" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("We answer none of its funds checks any more")).ToBeVisibleAsync();
        await LookAsync("cancel-funds");
        await browser.PressAsync("Cancel access");
        await Assertions.Expect(Page.GetByText("This access has ended.")).ToBeVisibleAsync();
        Assert.Equal("invalid_grant", (await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token")!))).Error);

        // An account that is somebody else's is nothing to approve, and the way back stays open.
        consent = await FundsConsentAsync(tpp, "00000000000000");
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(FundsRequest(consent))));
        await browser.SignInAsync();
        await Assertions.Expect(Page.GetByText("is not one of yours")).ToBeVisibleAsync();
        await LookAsync("approve-funds-none");
        await browser.PressAsync("Cancel");
        await Page.WaitForURLAsync("https://tpp.example/**");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-6")]
    [Trait("Rule", "X-9")]
    [Trait("Rule", "X-10")]
    public async Task Cancel_and_timeout_lead_back_with_an_error()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        await ActivateAsync(0);

        await ArriveAsync(tpp);
        stay = true;
        await browser.PressAsync("Cancel");
        await HasHeadingAsync("Cancelled");
        await LookAsync("return-cancelled");
        stay = false;
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Continue to Budget App" }).ClickAsync();
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Contains("error=access_denied", Page.Url, StringComparison.Ordinal);

        await ArriveAsync(tpp);
        await browser.SignInAsync();
        var approval = Page.Url;
        await browser.PressAsync("Cancel");
        await HasHeadingAsync("Cancelled");
        await Page.GotoAsync(approval);
        await HasHeadingAsync("This request can no longer be used");

        await ArriveAsync(tpp);
        await browser.SignInAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        stay = true;
        await Page.ReloadAsync();
        await HasHeadingAsync("Time ran out");
        await LookAsync("return-timeout");
        stay = false;
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Continue to Budget App" }).ClickAsync();
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Contains("error=access_denied", Page.Url, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-10")]
    public async Task An_approval_page_is_loaded_again_when_time_is_up_even_without_script()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        await ActivateAsync(0);
        await ArriveAsync(tpp);
        await browser.SignInAsync();
        var answer = await Page.ReloadAsync();
        Assert.Matches(@"\A(29\d|30[01]); url=/approve\?interaction=", answer!.Headers["refresh"]);
    }

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
        using var tpp = await TestTpp.RegisterAsync(host);
        using var odd = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "Budg\u0435t Planner");
        var customer = await ActivateAsync(0);
        await OpenAsync("/signin");
        await browser.SignInAsync();
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
        await browser.PressAsync("Cancel access");
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
        using var tpp = await TestTpp.RegisterAsync(host);
        var joint = bank.SelectMany(customer => customer.Accounts.Select(account => (Customer: customer, account.AccountId, account.Name)))
            .GroupBy(entry => entry.AccountId, StringComparer.Ordinal).First(group => group.Count() > 1).ToList();
        await ActivateAsync(joint[0].Customer);
        await ConnectAsync(tpp, joint[0].Name);

        await browser.DisposeAsync();
        browser = await CustomersBrowser.OpenAsync();
        await ActivateAsync(joint[1].Customer);
        await OpenAsync("/signin");
        await browser.SignInAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Given by the other holder of your joint account.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("New: Budget App can see your joint account, as the other holder has allowed, since")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "View" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("Given by the other holder of your joint account.")).ToBeVisibleAsync();
        await LookAsync("connection-joint");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Cancel access" }).ClickAsync();
        await browser.PressAsync("Cancel access");
        await Assertions.Expect(Page.GetByText("This access has ended")).ToBeVisibleAsync();
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "PK-16")]
    public async Task Passkeys_are_added_named_and_removed_and_a_customer_signs_out()
    {
        await ActivateAsync(1);
        await LookAsync("signin-activated");
        await browser.SignInAsync();
        await OpenAsync("/passkeys");
        await Assertions.Expect(Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove" })).ToHaveCountAsync(0);

        await AddAuthenticatorAsync();
        await Page.GetByLabel("Name of the new passkey").FillAsync("Blue security key");
        await browser.PressAsync("Create passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Blue security key" })).ToBeVisibleAsync();
        await LookAsync("passkeys");

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Remove" }).Last.ClickAsync();
        await LookAsync("passkey-remove");
        await browser.PressAsync("Remove passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Blue security key" })).ToHaveCountAsync(0);

        await browser.PressAsync("Sign out");
        await Assertions.Expect(Page.GetByText("You are signed out.")).ToBeVisibleAsync();
        await OpenAsync("/passkeys");
        await HasHeadingAsync("Sign in");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "R-1")]
    [Trait("Rule", "R-2")]
    public async Task Continuing_an_access_asks_for_the_customer_and_for_nothing_else()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var customer = await ActivateAsync(0);
        var consentId = await tpp.CreateConsentAsync();
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        await browser.SignInAsync();
        await browser.TickAsync(customer.Accounts[1].Name);
        await browser.PressAsync("Approve");
        await Page.WaitForURLAsync("https://tpp.example/**");

        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        await HasHeadingAsync("Sign in to continue sharing");
        await Assertions.Expect(Page.GetByText("and nothing changes")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("You are continuing the access of Budget App")).ToBeVisibleAsync();
        await browser.SignInAsync();
        await HasHeadingAsync("Continue sharing with Budget App");
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByText(customer.Accounts[1].Name, new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText(customer.Accounts[0].Name, new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByText("You are continuing the access of Budget App")).ToBeVisibleAsync();
        await LookAsync("approve-continue");
        stay = true;
        await browser.PressAsync("Approve");
        await HasHeadingAsync("Access continued");
        stay = false;
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Continue to Budget App" }).ClickAsync();
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Contains("code=", Page.Url, StringComparison.Ordinal);

        // Who declines to continue has an access as before, and is told so.
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        await browser.PressAsync("Cancel");
        await Assertions.Expect(Page.GetByText("Nothing has changed: the access stays as it was.")).ToBeVisibleAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Active", new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(1);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-12")]
    public async Task Many_accesses_are_searched_and_sorted_and_all_of_one_third_party_stopped_at_once()
    {
        var customer = await ActivateAsync(0);
        await browser.SignInAsync();
        using var tidy = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "Tidy Money");
        using var alba = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "Alba Credit");
        foreach (var tpp in new[] { tidy, tidy, tidy, alba, alba })
            await GrantAsync(tpp, customer.CustomerId, customer.Accounts[0].AccountId);
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByRole(AriaRole.Search)).ToHaveCountAsync(0);

        var last = await GrantAsync(alba, customer.CustomerId, customer.Accounts[1].AccountId);
        await OpenAsync($"/connections/{last}/cancel");
        await browser.PressAsync("Cancel access");
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("New: Tidy Money can see data of your accounts through 3 new accesses.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Stop all access of" })).ToHaveCountAsync(2);
        await LookAsync("connections-many");
        Assert.Equal("700", await Page.GetByText("Inactive", new PageGetByTextOptions { Exact = true }).EvaluateAsync<string>(
            "e => Number(getComputedStyle(e).fontWeight) >= 700 ? '700' : getComputedStyle(e).fontWeight"));

        await Page.GetByLabel("Search by name").FillAsync("alba");
        await Page.GetByLabel("Show").SelectOptionAsync("active");
        await Page.GetByLabel("Sort by").SelectOptionAsync("used");
        await browser.PressAsync("Apply");
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
        await browser.PressAsync("Stop all access");
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
        using var tpp = await TestTpp.RegisterAsync(host);
        var customer = await ActivateAsync(0);
        await browser.SignInAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var id = await GrantAsync(tpp, customer.CustomerId, customer.Accounts[0].AccountId, host.Clock.Now.AddDays(60));
        foreach (var page in new[] { "/", "/connections" })
        {
            await OpenAsync(page);
            await Assertions.Expect(Page.GetByText("New: Budget App can see data of your accounts since")).ToBeVisibleAsync();
            await Assertions.Expect(Page.GetByText("The access of Budget App ends on")).ToHaveCountAsync(0);
        }

        // However often the customer comes, until it is dismissed.
        foreach (var days in new[] { 1, 2 })
        {
            host.Clock.Advance(TimeSpan.FromDays(days));
            await OpenAsync("/signin");
            await browser.SignInAsync();
            await Assertions.Expect(Page.GetByText("New: Budget App")).ToHaveCountAsync(1);
        }

        await browser.PressAsync("Dismiss");
        await Assertions.Expect(Page.GetByText("New: Budget App")).ToHaveCountAsync(0);

        await host.InScopeAsync(services => services.GetRequiredService<IMediator>().Publish(new ConsentUsed(id, host.Clock.Now)));
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("used today")).ToBeVisibleAsync();

        host.Clock.Advance(TimeSpan.FromDays(45));
        await OpenAsync("/signin");
        await browser.SignInAsync();
        foreach (var page in new[] { "/", "/connections" })
        {
            await OpenAsync(page);
            await Assertions.Expect(Page.GetByText("The access of Budget App ends on")).ToBeVisibleAsync();
        }

        await Assertions.Expect(Page.GetByText("not used for 45 days")).ToBeVisibleAsync();
        await LookAsync("connections-ends-soon");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "See details of the access of Budget App" }).ClickAsync();
        await HasHeadingAsync("Budget App");

        host.Clock.Advance(TimeSpan.FromDays(13));
        await OpenAsync("/signin");
        await browser.SignInAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("The access of Budget App ends on")).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByRole(AriaRole.Term).Filter(new LocatorFilterOptions { HasText = "Ended" })).ToBeVisibleAsync();
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-8")]
    [Trait("Rule", "HTTP-10")]
    public async Task With_form_post_the_way_back_is_a_page_with_one_button()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
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
        await browser.PressAsync("Continue to Budget App");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.StartsWith("POST error=login_required", posted, StringComparison.Ordinal);

        // And of a decision.
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("response_mode", "form_post");
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(request)));
        await browser.SignInAsync();
        await browser.TickAsync(customer.Accounts[0].Name);
        await browser.PressAsync("Approve");
        await HasHeadingAsync("Access approved");
        await LookAsync("return-form-post-approved");
        await browser.PressAsync("Continue to Budget App");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.StartsWith("POST code=", posted, StringComparison.Ordinal);
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "X-11")]
    public async Task A_customer_without_accounts_goes_back_with_an_error()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        await ActivateAsync(bank.First(customer => customer.Accounts.Count == 0));
        await ArriveAsync(tpp);
        await browser.SignInAsync();
        await Assertions.Expect(Page.GetByText("You have no account that can be shared")).ToBeVisibleAsync();
        await LookAsync("approve-no-accounts");
        await browser.PressAsync("Cancel");
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
        using var tpp = await TestTpp.RegisterAsync(host);
        var customer = bank.First(candidate => candidate.Accounts.Count == 1);
        await ActivateAsync(customer);
        var requestUri = await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync("ReadAccountsBasic")));
        await OpenAsync(tpp.AuthorizePath(requestUri));
        await browser.SignInAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Name = customer.Accounts[0].Name, Exact = true })).ToBeCheckedAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(1);
        await Assertions.Expect(Page.Locator("details")).ToHaveCountAsync(1);
        await Assertions.Expect(Page.Locator("summary")).ToHaveTextAsync("Your account details");
    }

    [Fact]
    [Trait("Rule", "PO-04")]
    public async Task Markup_in_a_name_stays_text()
    {
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "<img src=x onerror=alert(1)>");
        var dialogs = 0;
        Page.Dialog += async (_, dialog) =>
        {
            dialogs++;
            await dialog.DismissAsync();
        };
        var customer = await ActivateAsync(0);
        await ArriveAsync(tpp);
        await browser.SignInAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await browser.TickAsync(customer.Accounts[0].Name);
        await browser.PressAsync("Approve");
        await Page.WaitForURLAsync("https://tpp.example/**");
        Assert.Equal(0, dialogs);
    }

    [Fact]
    [Trait("Rule", "A-1")]
    public async Task Without_script_the_page_says_what_is_missing_and_its_button_does_nothing()
    {
        await using var plain = await CustomersBrowser.OpenAsync(javaScript: false);
        await plain.Page.GotoAsync(new Uri(host.Main, "/signin").ToString());
        await Assertions.Expect(plain.Page.GetByText("Passkeys need JavaScript")).ToBeVisibleAsync();
        await Assertions.Expect(plain.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in with a passkey" })).ToBeDisabledAsync();
    }

    private static Form FundsRequest(string consent) => TestTpp.AuthorizationRequest(consent)
        .With("scope", "openid fundsconfirmations")
        .With("authorization_details", $$"""[{"type":"funds_confirmation","consent_id":"{{consent}}"}]""");

    private static IEnumerable<SortedDictionary<string, JsonElement>> Sorted(JsonElement details) => details.EnumerateArray().Select(detail =>
        new SortedDictionary<string, JsonElement>(detail.EnumerateObject().ToDictionary(member => member.Name, member => member.Value), Comparer<string>.Create((one, other) => (one == "type", other == "type") switch
        {
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(one, other),
        })));

    private static async Task<string> FundsConsentAsync(TestTpp tpp, string identification)
    {
        var body = JsonSerializer.Serialize(new { Data = new { DebtorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", Identification = identification } } });
        var answer = await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/cbpii/funds-confirmation-consents", await tpp.ClientTokenAsync("fundsconfirmations"), body);
        return answer.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
    }

    [Fact]
    [Trait("Rule", "PO-13")]
    public async Task What_the_policy_asks_for_is_said_in_plain_words()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        await ComeFromAsync(country: "GB");
        var customer = await ActivateAsync(0);
        await browser.SignInAsync();

        // Once more: the dialog comes by itself, and where a browser will not have that, at the next press.
        await ChangeThreatAsync(raise: true);
        await ForgetDeviceAsync();
        await Page.EvaluateAsync(
            "() => { const get = navigator.credentials.get.bind(navigator.credentials); let asked = 0;"
            + "navigator.credentials.get = options => ++asked === 2 ? Promise.reject(new DOMException('', 'NotAllowedError')) : get(options); }");
        await browser.PressAsync("Sign in with a passkey");
        await Assertions.Expect(Page.GetByText("this device is new. Please use your passkey once more.")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("We could not sign you in")).ToBeHiddenAsync();
        await LookAsync("signin-again");
        await browser.SignInAsync();
        await ForgetDeviceAsync();
        await browser.SignInAsync();

        // Not yet, and not now.
        await ChangeThreatAsync(raise: true);
        await ForgetDeviceAsync();
        await browser.PressAsync("Sign in with a passkey");
        await Assertions.Expect(Page.GetByText("this device is new. Please try again in 30 seconds.")).ToBeVisibleAsync();
        await LookAsync("signin-later");
        await ComeFromAsync(country: "FR");
        await browser.PressAsync("Sign in with a passkey");
        await Assertions.Expect(Page.GetByText("Please use a device that you have used here before")).ToBeVisibleAsync();
        await LookAsync("signin-refused");

        // An approval: the passkey right there, and what was ticked stays ticked.
        await ChangeThreatAsync(raise: false);
        await ComeFromAsync(country: "GB");
        await browser.SignInAsync();
        await ArriveAsync(tpp);
        await browser.SignInAsync();
        await browser.TickAsync(customer.Accounts[1].Name);
        await browser.PressAsync("Approve");
        await HasHeadingAsync("Confirm that it is you");
        await LookAsync("signin-confirm");
        await browser.SignInAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Checked = true })).ToHaveCountAsync(1);
        await Assertions.Expect(Page.GetByLabel(customer.Accounts[1].Name)).ToBeCheckedAsync();

        stay = true;
        await ComeFromAsync(country: "GB", network: "Delay");
        await browser.PressAsync("Approve");
        await HasHeadingAsync("Please wait a moment before you approve");
        await LookAsync("approve-later");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Back to the request" }).ClickAsync();
        await ComeFromAsync(country: "GB", network: "Refuse");
        await browser.TickAsync(customer.Accounts[0].Name);
        await browser.PressAsync("Approve");
        await HasHeadingAsync("We cannot take your approval now");
        await LookAsync("approve-refused");
        stay = false;
        await ComeFromAsync(country: "GB");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Back to the request" }).ClickAsync();
        await browser.PressAsync("Approve");
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
        host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new ChangeThreat(raise, "operator", "a test")));

    [Fact]
    [Trait("Rule", "CIBA-13")]
    [Trait("Rule", "CIBA-32")]
    [Trait("Rule", "A-1")]
    [Trait("Rule", "X-6")]
    public async Task A_request_waits_in_the_portal_and_is_approved_there_with_a_passkey()
    {
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata =>
        {
            TestTpp.OnTheBackchannel()(metadata);
            metadata["software_on_behalf_of_org"] = "Harbour Savings";
        });
        var customer = await ActivateAsync(0);
        await OpenAsync("/requests");
        await browser.SignInAsync();
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

        await browser.PressAsync("Approve with a passkey");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("at least one account");
        await LookAsync("request-none-chosen");
        await browser.TickAsync(customer.Accounts[0].Name);
        await browser.PressAsync("Approve with a passkey");
        await HasHeadingAsync("Access approved");
        await LookAsync("request-approved");
        Assert.Equal(200, (await tpp.PollAsync(asked)).Status);

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "All requests" }).First.ClickAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Look at this request" }).First.ClickAsync();
        await browser.PressAsync("Decline");
        await HasHeadingAsync("Request declined");
        await LookAsync("request-declined");
        await OpenAsync("/requests");
        await Assertions.Expect(Page.GetByText("Approved", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Declined", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await browser.PressAsync("Switch requests off");
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
        using var tpp = await TestTpp.RegisterAsync(host, change: TestTpp.OnTheBackchannel());
        var customer = await ActivateAsync(0);
        await OpenAsync("/requests");
        await browser.SignInAsync();
        await AskAsync(tpp, customer, "Till 7");
        await OpenAsync("/requests");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Look at this request" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("Please decide by")).ToBeVisibleAsync();
        var answer = await Page.ReloadAsync();
        Assert.Matches(@"\A(29\d|30[01]); url=/requests/", answer!.Headers["refresh"]);
        host.Clock.Advance(TimeSpan.FromMinutes(4));
        await Page.ReloadAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
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

    private async Task<SandboxCustomer> ActivateAsync(int number)
    {
        var customer = bank.Where(candidate => candidate.Accounts.Count > 1).ElementAt(number);
        await ActivateAsync(customer);
        return customer;
    }

    private async Task ActivateAsync(SandboxCustomer customer)
    {
        var issued = await host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(
            new IssueActivationCode(customer.CustomerId, customer.Username, customer.DisplayName, ActivationCode: null, Reusable: false)));
        await browser.ActivateAsync(host.Main, customer.Username, issued.ActivationCode);
        await Assertions.Expect(Page.GetByText("Your passkey is ready")).ToBeVisibleAsync();
    }

    private async Task ArriveAsync(TestTpp tpp)
    {
        var requestUri = await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()));
        await OpenAsync(tpp.AuthorizePath(requestUri));
    }

    private async Task ConnectAsync(TestTpp tpp, string account)
    {
        await ArriveAsync(tpp);
        await browser.SignInAsync();
        await browser.TickAsync(account);
        await browser.PressAsync("Approve");
        await Page.WaitForURLAsync("https://tpp.example/**");
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

    private ILocator Entries => Page.Locator("li.connection");

    // An access as the portal's approval leaves it, without the walk through its pages.
    private async Task<string> GrantAsync(TestTpp tpp, string customerId, string accountId, DateTimeOffset? expires = null)
    {
        var body = JsonSerializer.Serialize(new { Data = new { Permissions = AskedFor, ExpirationDateTime = expires ?? host.Clock.Now.AddDays(300) }, Risk = new { } });
        var created = await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/aisp/account-access-consents", await tpp.ClientTokenAsync(), body);
        var consentId = created.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        await host.InScopeAsync(async services =>
        {
            var mediator = services.GetRequiredService<IMediator>();
            var document = await mediator.Send(new DescribeForApproval(consentId, tpp.ClientId, customerId));
            var evidence = new AuthenticationEvidence(host.Clock.Now, "passkey", new DecisionOrigin("192.0.2.1", "Browser"));
            Assert.IsType<AuthorisationAnswer.Authorised>(
                await mediator.Send(new AuthoriseConsent(consentId, tpp.ClientId, customerId, [accountId], document!.Digest, evidence)));
        });
        return consentId;
    }

    private Task<IResponse?> OpenAsync(string path) => Page.GotoAsync(new Uri(host.Main, path).ToString());

    private Task HasHeadingAsync(string text) =>
        Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToContainTextAsync(text);

    private async Task SameWeightAsync(string one, string other, AriaRole role = AriaRole.Button)
    {
        var looks = new List<string>();
        foreach (var name in new[] { one, other })
        {
            looks.Add(await Page.GetByRole(role, new PageGetByRoleOptions { Name = name, Exact = true }).First.EvaluateAsync<string>(
                "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color, s.borderColor, s.fontSize, s.fontWeight, e.offsetHeight].join(); }"));
        }

        Assert.Equal(looks[0], looks[1]);
    }

    // All looks of the page that is shown; findings are collected, so that one run tells them all.
    private async Task LookAsync(string name)
    {
        foreach (var (width, dark) in Looks)
        {
            await Page.SetViewportSizeAsync(width, 800);
            await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
            var look = $"{name} at {width} px{(dark ? ", dark" : "")}";
            findings.AddRange((await Axe.FindingsAsync(Page)).Select(finding => $"{look}: {finding}"));
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Shots, $"{name}-{width}{(dark ? "-dark" : "")}.png"), FullPage = true });
        }

        await Page.SetViewportSizeAsync(320, 700);
        await NoSidewaysScrollAsync($"{name} at 320 px");
        await Page.SetViewportSizeAsync(1280, 800);
        await Page.EvaluateAsync("document.documentElement.style.fontSize = '200%'");
        await NoSidewaysScrollAsync($"{name} with text at 200 %");
        await Page.EvaluateAsync("document.documentElement.style.fontSize = ''");
        await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
    }

    private async Task NoSidewaysScrollAsync(string look)
    {
        var over = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (over > 0) findings.Add($"{look}: scrolls sideways by {over} px");
    }

    private void NothingFound() => Assert.Empty(findings);
}
