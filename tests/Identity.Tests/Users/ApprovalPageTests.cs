using System.Net;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>The approval page for who has nothing to approve there.</summary>
public sealed class ApprovalPageTests(PasskeyHost fixture) : IClassFixture<PasskeyHost>
{
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
}
