using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Host;
using OpenBanking.Host.Control;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>A card issuer asks whether there is enough money.</summary>
public sealed class FundsPagesTests : PortalTest
{
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
        using var tpp = await TestTpp.RegisterAsync(Host, change: metadata => metadata["software_roles"] = new System.Text.Json.Nodes.JsonArray("CBPII"));
        var customer = await ActivateAsync(0);
        var consent = await FundsConsentAsync(tpp, customer.Accounts[0].Identification);
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(FundsRequest(consent))));
        await Assertions.Expect(Page.GetByText("Budget App asks to check whether you have enough money")).ToBeVisibleAsync();
        await LookAsync("signin-for-funds");
        await Browser.SignInAsync();

        await HasHeadingAsync("Budget App asks to check whether you have enough money");
        await Assertions.Expect(Page.GetByText("We never tell it your balance")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText(customer.Accounts[0].Name, new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.Locator(".row-detail").First).ToContainTextAsync(customer.Accounts[0].Identification[^4..]);
        await Assertions.Expect(Page.GetByText("ongoing, until you cancel them")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("You can withdraw this here at any time, under Connected accounts")).ToBeVisibleAsync();
        Assert.Equal(0, await Page.GetByRole(AriaRole.Checkbox).CountAsync());
        await SameWeightAsync("Approve", "Cancel");
        await LookAsync("approve-funds");
        Stay = true;
        await Browser.PressAsync("Approve");
        await HasHeadingAsync("Access approved");
        await GoBackAsync();

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
        await Browser.SignInAsync();
        await OpenAsync("/connections");
        await Assertions.Expect(Page.GetByText("Funds check", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await LookAsync("connections-funds");
        await OpenAsync("/connections/" + consent);
        await Assertions.Expect(Page.GetByText("12.30 GBP · answered yes")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("9,000,000.00 GBP · answered no")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("reference Lunch 1")).ToBeVisibleAsync();
        await LookAsync("connection-funds");
        Assert.Equal([("Castle", "9000000.00", false), ("Lunch 1", "12.30", true)], await ChecksAsync(customer));
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Cancel access" }).ClickAsync();
        await Assertions.Expect(Page.GetByText("We answer none of its funds checks any more")).ToBeVisibleAsync();
        await LookAsync("cancel-funds");
        await Browser.PressAsync("Cancel access");
        await Assertions.Expect(Page.GetByText("This access has ended.")).ToBeVisibleAsync();
        Assert.Equal("invalid_grant", (await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token")!))).Error);

        // An account that is somebody else's is nothing to approve, and the way back stays open.
        consent = await FundsConsentAsync(tpp, "00000000000000");
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(FundsRequest(consent))));
        await Browser.SignInAsync();
        await Assertions.Expect(Page.GetByText("is not one of yours")).ToBeVisibleAsync();
        await LookAsync("approve-funds-none");
        Stay = true;
        await Browser.PressAsync("Cancel");
        await GoBackAsync();
        NothingFound();
    }

    // What a tester gets of the same (/sandbox/control).
    private async Task<IEnumerable<(string Reference, string Amount, bool Answer)>> ChecksAsync(SandboxCustomer customer)
    {
        Host.Services.GetRequiredService<SandboxCustomers>().All = [new DemoCustomer(customer.CustomerId, customer.Username, "", [])];
        using var http = Host.CreateClient();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Sandbox " + Host.Services.GetRequiredService<SandboxSecret>().Value);
        using var body = TestHttp.Json($$"""{"operation":"checks","customer":"{{customer.Username}}"}""");
        var answer = await Answer.OfAsync(await http.PostAsync(new Uri("/sandbox/control", UriKind.Relative), body));
        return answer.Json.GetProperty("checks").EnumerateArray().Select(check => (
            check.GetProperty("reference").GetString()!, check.GetProperty("amount").GetString()!, check.GetProperty("answer").GetBoolean()));
    }

    private static Form FundsRequest(string consent) => TestTpp.AuthorizationRequest(consent)
        .With("scope", "openid fundsconfirmations")
        .With("authorization_details", $$"""[{"type":"funds_confirmation","consent_id":"{{consent}}"}]""");

    private static async Task<string> FundsConsentAsync(TestTpp tpp, string identification)
    {
        var body = JsonSerializer.Serialize(new { Data = new { DebtorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", Identification = identification } } });
        var answer = await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/cbpii/funds-confirmation-consents", await tpp.ClientTokenAsync("fundsconfirmations"), body);
        return answer.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
    }

    private static IEnumerable<SortedDictionary<string, JsonElement>> Sorted(JsonElement details) => details.EnumerateArray().Select(detail =>
        new SortedDictionary<string, JsonElement>(detail.EnumerateObject().ToDictionary(member => member.Name, member => member.Value), Comparer<string>.Create((one, other) => (one == "type", other == "type") switch
        {
            (true, false) => -1,
            (false, true) => 1,
            _ => string.CompareOrdinal(one, other),
        })));
}
