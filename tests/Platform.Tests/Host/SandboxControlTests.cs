using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Host;
using OpenBanking.Host.Control;
using OpenBanking.Kernel;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What testers set, on two hosts; and the control's page.</summary>
public sealed class SandboxControlTests(SandboxControlTests.TwoOfThem two) : IClassFixture<SandboxControlTests.TwoOfThem>
{
    [Fact]
    public async Task The_banks_choices_last_and_reach_every_host()
    {
        await ControlAsync("""{"operation":"setting","name":"region","value":"EU"}""");
        await ControlAsync("""{"operation":"setting","name":"cutOff","value":{"type":"domestic-payments","strategy":"reject","at":"17:30"}}""");
        await ControlAsync("""{"operation":"setting","name":"holidays","value":["2026-12-25"]}""");
        Assert.Equal(Region.EU, Choices(two.First).Region);
        await UntilAsync(() => Choices(two.Second) is { Region: Region.EU, Holidays.Count: 1 } && Choices(two.Second).CutOffs["domestic-payments"].Rejects);

        // Another kind's cut-off stands beside it; null takes all of them.
        await ControlAsync("""{"operation":"setting","name":"cutOff","value":{"type":"file-payments","strategy":"accept","at":"09:00"}}""");
        Assert.Equal(2, Choices(two.First).CutOffs.Count);
        foreach (var name in BankChoices.Schemas.Keys) await ControlAsync($$"""{"operation":"setting","name":"{{name}}","value":null}""");
        await UntilAsync(() => Choices(two.Second) is { Region: Region.UK, Holidays.Count: 0, CutOffs.Count: 0 });
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task The_core_is_down_on_every_host_and_the_pages_say_so()
    {
        using var browser = new PortalBrowser(two.Second);
        Assert.True((await browser.ActivateAsync("amelia", await PortalBrowser.NewCustomerAsync(two.Second, "amelia", "C-100001"))).IsSuccess);
        Assert.True((await browser.SignInAsync()).IsSuccess);
        Assert.Contains("Everyday", await browser.PageAsync("/"), StringComparison.Ordinal);

        await ControlAsync("""{"operation":"down","on":true}""");
        await UntilAsync(() => Conduct(two.Second).IsAway);
        using (var start = await browser.GetAsync("/"))
        {
            Assert.Equal(HttpStatusCode.OK, start.StatusCode);
            Assert.Contains("Your accounts cannot be shown just now", await start.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Contains("names of accounts are missing", await browser.PageAsync("/connections"), StringComparison.Ordinal);

        await ControlAsync("""{"operation":"down","on":true,"delayMilliseconds":5}""");
        await UntilAsync(() => Conduct(two.Second) is { IsAway: false, Delay.Milliseconds: 5 });
        await ControlAsync("""{"operation":"fields","on":true}""");
        await UntilAsync(() => Conduct(two.Second).SaysTooMuch);
        Assert.Contains("Everyday", await browser.PageAsync("/"), StringComparison.Ordinal);

        await ControlAsync("""{"operation":"down","on":false}""");
        await ControlAsync("""{"operation":"fields","on":false}""");
        await UntilAsync(() => Conduct(two.Second) == CoreConduct.Usual);
    }

    [Fact]
    public async Task An_account_that_was_switched_away_is_gone()
    {
        await ControlAsync("""{"operation":"account","accountId":"GB-2","state":"switched"}""");
        Assert.Equal("Switched", await two.First.Database.ScalarAsync<string>("""SELECT "State" FROM accounts.accounts WHERE "Id" = $1""", two.Account("GB-2")));
        await ControlAsync("""{"operation":"account","accountId":"GB-2","state":"lost"}""", 400);
        await ControlAsync("""{"operation":"account","accountId":"GB-2","state":"open"}""");
    }

    [Fact]
    [Trait("Rule", "PO-01")]
    public async Task The_page_opens_to_the_secret_and_does_what_a_program_would_ask()
    {
        using var browser = new PortalBrowser(two.First);
        browser.Headers.Accept.ParseAdd("text/html");
        Assert.Contains("Control secret", await browser.PageAsync(SandboxControl.Path), StringComparison.Ordinal);
        using (var wrong = await browser.SubmitAsync(SandboxControl.Path, SandboxControl.Path, ("secret", "guess")))
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        using (var closed = await browser.SubmitAsync(SandboxControl.Path, SandboxControl.Path, ("operation", "down"), ("on", "true")))
            Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);

        var secret = two.First.Services.GetRequiredService<SandboxSecret>().Value;
        using (var opened = await browser.SubmitAsync(SandboxControl.Path, SandboxControl.Path, ("secret", secret)))
        {
            Assert.Equal(HttpStatusCode.SeeOther, opened.StatusCode);
            Assert.Contains("samesite=strict", opened.Header("Set-Cookie"), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(secret, opened.Header("Set-Cookie"), StringComparison.Ordinal);
        }

        var page = await browser.PageAsync(SandboxControl.Path);
        foreach (var operation in Operations.All) Assert.Contains($">{operation.Name}<", page, StringComparison.Ordinal);
        using (var done = await SayAsync(("operation", "balance"), ("accountId", "GB-3"), ("amount", "77.70")))
            Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal(77.70m, await two.First.Database.ScalarAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""", two.Account("GB-3")));
        using (var booked = await SayAsync(("operation", "book"), ("accountId", "GB-3"), ("transactions", """[{"Amount":{"Amount":"1.00","Currency":"GBP"}}]""")))
            Assert.Contains("ids", await booked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using (var broken = await SayAsync(("operation", "book"), ("accountId", "GB-3"), ("transactions", "[<b>")))
        {
            Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);
            Assert.Contains("[&lt;b&gt;", await broken.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using (var chosen = await SayAsync(("operation", "setting"), ("name", "region"), ("value", "UK")))
            Assert.Equal(HttpStatusCode.OK, chosen.StatusCode);
        using (var forged = await browser.PostFormAsync(SandboxControl.Path, ("operation", "down"), ("on", "true")))
            Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        using (var end = await SayAsync(("close", "yes"))) Assert.Equal(HttpStatusCode.SeeOther, end.StatusCode);
        Assert.Contains("Control secret", await browser.PageAsync(SandboxControl.Path), StringComparison.Ordinal);

        Task<HttpResponseMessage> SayAsync(params (string Name, string Value)[] fields) => browser.SubmitAsync(SandboxControl.Path, SandboxControl.Path, fields);
    }

    private static BankChoices Choices(TestHost host) => host.Services.GetRequiredService<CurrentChoices>().Now;

    private static CoreConduct Conduct(TestHost host) => host.Services.GetRequiredService<SandboxCore>().Now;

    private static Task UntilAsync(Func<bool> holds) => Eventually.HoldsAsync(holds, () => "The other host did not follow.");

    private async Task ControlAsync(string body, int status = 200)
    {
        using var http = two.First.CreateClient();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Sandbox " + two.First.Services.GetRequiredService<SandboxSecret>().Value);
        var answer = await Answer.OfAsync(await http.PostAsync(new Uri(SandboxControl.Path, UriKind.Relative), TestHttp.Json(body)));
        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
    }

    public sealed class TwoOfThem : IAsyncLifetime
    {
        private IReadOnlyList<SandboxCustomer> bank = [];

        public TestHost First { get; private set; } = null!;

        public TestHost Second { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            First = await TestHost.StartAsync(options => options.Filled = true);
            bank = await AccountsModule.SeedSandboxAsync(First.Services, CancellationToken.None);
            First.Services.GetRequiredService<SandboxCustomers>().All = [.. bank.Select(customer => new DemoCustomer(customer.CustomerId, customer.Username, "", customer.Accounts))];
            Second = await TestHost.StartAsync(options => (options.Database, options.Clock, options.Issuer) = (First.Database, First.Clock, First.Issuer));
        }

        public string Account(string tag) => bank.SelectMany(customer => customer.Accounts).First(account => account.Tag == tag).AccountId;

        public async ValueTask DisposeAsync()
        {
            await Second.DisposeAsync();
            await First.DisposeAsync();
        }
    }
}
