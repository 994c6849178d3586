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
}
