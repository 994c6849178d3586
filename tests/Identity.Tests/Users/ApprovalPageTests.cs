using System.Net;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>The approval page for who has nothing to approve there.</summary>
public sealed class ApprovalPageTests(PasskeyHost fixture) : IClassFixture<PasskeyHost>
{
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/";

    [Fact]
    [Trait("Rule", "CO-04")]
    [Trait("Rule", "OB-SEC-12")]
    [Trait("Rule", "X-6")]
    public async Task Who_signs_in_for_another_customers_access_is_led_back_and_changes_nothing()
    {
        using var tpp = await TestTpp.RegisterAsync(fixture.Host);
        var giver = await TestCustomer.CreateAsync(fixture.Host);
        using var first = giver.OpenBrowser();
        var consent = await tpp.CreateConsentAsync();
        var given = await first.ArriveAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consent))));
        await first.SignInAsync(given);
        await first.ApproveAsync(given);

        using var other = await fixture.ActivatedAsync();
        var interaction = await other.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consent))));
        var address = $"/approve?interaction={interaction}";
        using (var page = await other.GetAsync(address)) Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        Assert.Equal("CO-04", fixture.Host.Log.LastRefusal?.Rule);

        using var answer = await other.SubmitAsync(address, "/approve", ("interaction", interaction), ("decision", "cancel"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("error=access_denied", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var status = (await tpp.GetAsync($"/open-banking/v4.0/aisp/account-access-consents/{consent}", await tpp.ClientTokenAsync())).Json.GetProperty("Data").GetProperty("Status");
        Assert.Equal("AUTH", status.GetString());
    }

    [Fact]
    [Trait("Rule", "CO-09")]
    [Trait("Rule", "OB-SEC-12")]
    public async Task A_request_that_ended_while_its_page_was_open_is_a_409_with_the_way_back()
    {
        using var tpp = await TestTpp.RegisterAsync(fixture.Host);
        var consent = await tpp.CreateConsentAsync();
        using var browser = await fixture.ActivatedAsync();
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consent))));
        var address = $"/approve?interaction={interaction}";
        var token = await browser.TokenAsync(address);
        await tpp.ApiAsync(HttpMethod.Delete, $"/open-banking/v4.0/aisp/account-access-consents/{consent}", await tpp.ClientTokenAsync());

        using var answer = await browser.PostFormAsync(
            "/approve", ("__RequestVerificationToken", token), ("interaction", interaction), ("decision", "approve"), ("digest", new string('A', 43)), ("account", "any"));
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("CO-09", fixture.Host.Log.LastRefusal?.Rule);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("This request has ended", page, StringComparison.Ordinal);
        Assert.Contains("error=access_denied", page, StringComparison.Ordinal);
    }

    /// <summary>The right reason stands in the log, and what was tried leaves no trace.</summary>
    [Fact]
    [Trait("Rule", "CO-05")]
    [Trait("Rule", "CO-06")]
    [Trait("Rule", "CO-07")]
    [Trait("Rule", "A-1")]
    public async Task What_is_clicked_must_be_what_was_shown()
    {
        using var tpp = await TestTpp.RegisterAsync(fixture.Host);
        var consent = await tpp.CreateConsentAsync("ReadAccountsBasic");
        using var browser = await (await TestCustomer.CreateAsync(fixture.Host)).SignInAsync();
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consent))));
        var form = await browser.ApprovalAsync(interaction);
        var token = await browser.TokenAsync($"/approve?interaction={interaction}");
        var account = ("account", form.Accounts[0]);
        var digest = ("digest", form.Digest);
        var stranger = await tpp.CreateConsentAsync();
        foreach (var (status, rule, fields) in new (HttpStatusCode, string, (string, string)[])[]
        {
            (HttpStatusCode.Forbidden, "CO-05", [digest, account, ("account", new string('a', 32))]),
            (HttpStatusCode.Conflict, "CO-07", [("digest", new string('A', 43)), account]),
            (HttpStatusCode.BadRequest, "A-1", [digest]),
        })
        {
            using var refused = await browser.PostFormAsync("/approve", [("__RequestVerificationToken", token), ("interaction", interaction), ("decision", "approve"), .. fields]);
            Assert.Equal(status, refused.StatusCode);
            Assert.Equal(rule, fixture.Host.Log.LastRefusal?.Rule);
            Assert.Equal(("AWAU", "AWAU"), (await StatusAsync(consent), await StatusAsync(stranger)));
        }

        // Another consent and more permissions in the form are not read: the stored request counts.
        using var approved = await browser.PostFormAsync(
            "/approve",
            [("__RequestVerificationToken", token), ("interaction", interaction), ("decision", "approve"), digest, account, ("consent", stranger), ("consentId", stranger), ("permission", "ReadBalances")]);
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        Assert.Equal(("AUTH", "AWAU"), (await StatusAsync(consent), await StatusAsync(stranger)));
        var stored = (await tpp.GetAsync(Consents + consent, await tpp.ClientTokenAsync())).Json.GetProperty("Data").GetProperty("Permissions");
        Assert.Equal(["ReadAccountsBasic"], stored.EnumerateArray().Select(permission => permission.GetString()));

        async Task<string?> StatusAsync(string id) =>
            (await tpp.GetAsync(Consents + id, await tpp.ClientTokenAsync())).Json.GetProperty("Data").GetProperty("Status").GetString();
    }
}
