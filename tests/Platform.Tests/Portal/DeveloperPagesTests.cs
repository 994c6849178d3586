using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Host.Control;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>The sandbox's control by hand, and what its core's absence does to the other pages.</summary>
public sealed class DeveloperPagesTests : PortalTest
{
    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task Developers_bring_about_a_core_that_is_away_and_the_pages_bear_it()
    {
        using var tpp = await TestTpp.RegisterAsync(Host);
        var customer = await ActivateAsync(0);
        await ConnectAsync(tpp, customer.Accounts[0].Name);
        await OpenAsync("/sandbox/control");
        await LookAsync("control-closed");
        await Page.GetByLabel("Control secret").FillAsync("guess");
        await Browser.PressAsync("Open the control");
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not the secret");
        await Page.GetByLabel("Control secret").FillAsync(Host.Services.GetRequiredService<SandboxSecret>().Value);
        await Browser.PressAsync("Open the control");
        await HasHeadingAsync("Control of the sandbox");
        await LookAsync("control");
        await Page.Locator("summary").Filter(new LocatorFilterOptions { HasText = "setting" }).ClickAsync();
        await LookAsync("control-setting");
        await Page.GetByLabel("value", new PageGetByLabelOptions { Exact = true }).FillAsync("US");
        await Page.Locator("details[open] button").ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("region must be UK or EU");
        await LookAsync("control-refused");
        await Page.Locator("details[open] summary").ClickAsync();
        await Page.Locator("summary").Filter(new LocatorFilterOptions { HasText = "does not answer" }).ClickAsync();
        await Page.Locator("details[open] button").ClickAsync();
        await Assertions.Expect(Page.GetByText("down: done")).ToBeVisibleAsync();
        await LookAsync("control-done");

        await OpenAsync("/signin");
        await Browser.SignInAsync();
        await OpenAsync("/");
        await Assertions.Expect(Page.GetByText("Your accounts cannot be shown just now")).ToBeVisibleAsync();
        await LookAsync("overview-core-away");
        await OpenAsync("/connections");
        await LookAsync("connections-core-away");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "View" }).ClickAsync();
        await LookAsync("connection-core-away");
        await ArriveAsync(tpp);
        await Browser.SignInAsync();
        await HasHeadingAsync("Your accounts cannot be shown just now");
        await LookAsync("approve-core-away");
        NothingFound();
    }

    [Fact]
    [Trait("Rule", "OB-OPS-1")]
    public async Task Everybody_sees_how_available_and_fast_the_bank_was()
    {
        await OpenAsync("/performance");
        await HasHeadingAsync("Availability and performance");
        await LookAsync("performance-new");

        // A month of a busy bank, with a short outage, an announced one and a day on which nobody could be reached.
        await Host.Database.ExecuteAsync(
            """
            INSERT INTO host.measured_requests SELECT today - day, endpoint, outcome, 4 + (day + number) % 3, (20000 + 3000 * (day % 7)) / (1 + 400 * outcome), (20000 + 3000 * (day % 7)) / (1 + 400 * outcome) * (60000::bigint + 9000 * ((day * 7 + number * 5) % 11))
            FROM generate_series(1, 30) AS day, generate_series(0, 2, 2) AS outcome, (SELECT $1::date AS today) AS now,
                unnest(ARRAY['GET /open-banking/v4.0/aisp/accounts/{accountId}/transactions', 'POST /open-banking/v4.0/pisp/domestic-payments',
                    'POST /open-banking/v4.0/cbpii/funds-confirmations', 'POST /token', 'GET /connections']) WITH ORDINALITY AS of (endpoint, number)
            """,
            DateOnly.FromDateTime(Host.Clock.Now.UtcDateTime));
        await Host.Database.ExecuteAsync(
            "INSERT INTO host.runs SELECT gen_random_uuid(), now - interval '40 days' + i.from_at, now - interval '40 days' + i.to_at, 1 FROM (SELECT $1::timestamptz AS now) AS now, (VALUES (interval '0', interval '20 days'), (interval '20 days 1 hour', interval '27 days'), (interval '27 days 90 minutes', interval '40 days')) AS i (from_at, to_at)",
            Host.Clock.Now.UtcDateTime);
        await Host.Database.ExecuteAsync(
            "INSERT INTO host.maintenance SELECT gen_random_uuid(), now + i.from_at, now + i.to_at, 'New disks for the ledger', now - interval '30 days' FROM (SELECT $1::timestamptz AS now) AS now, (VALUES (interval '-13 days', interval '-13 days +1 hour'), (interval '3 days', interval '3 days 2 hours')) AS i (from_at, to_at)",
            Host.Clock.Now.UtcDateTime);
        await OpenAsync("/performance");
        await Assertions.Expect(Page.GetByText("was down on 2 days")).ToBeVisibleAsync();
        await LookAsync("performance");
        NothingFound();
    }
}
