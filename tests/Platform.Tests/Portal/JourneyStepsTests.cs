using System.Net;
using OpenBanking.Accounts;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>How far it is from the third party and back: no step more than the customer's own channel has.</summary>
public sealed class JourneyStepsTests
{
    [Fact]
    [Trait("Rule", "X-1")]
    [Trait("Rule", "X-2")]
    [Trait("Rule", "X-3")]
    [Trait("Rule", "X-7")]
    [Trait("Rule", "A-2")]
    public async Task One_sign_in_and_one_page_lie_between_the_third_party_and_its_code()
    {
        await using var host = await TestHost.StartAsync(options => options.Filled = true);
        await AccountsModule.SeedSandboxAsync(host.Services, TestContext.Current.CancellationToken);
        using var tpp = await TestTpp.RegisterAsync(host);
        using var browser = new PortalBrowser(host);
        Assert.True((await browser.ActivateAsync("amelia", await PortalBrowser.NewCustomerAsync(host, "amelia", "C-100001"))).IsSuccess);
        using var fresh = new PortalBrowser(host, browser.Authenticator);

        // The link opens the sign-in page itself: no page in between, in a browser or in an app that has taken the link over.
        using var arrival = await fresh.GetAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()))));
        Assert.Equal(HttpStatusCode.SeeOther, arrival.StatusCode);
        var signIn = arrival.Headers.Location!.OriginalString;
        Assert.StartsWith("/signin?interaction=", signIn, StringComparison.Ordinal);
        var page = await fresh.PageAsync(signIn);
        Assert.Contains("Alder Bank", page, StringComparison.Ordinal);
        Assert.Contains("Sign in with a passkey", page, StringComparison.Ordinal);

        // One gesture, and the next page is the one that decides.
        var interaction = signIn.Split('=')[1];
        var next = await fresh.SignInAsync(interaction: interaction);
        Assert.Equal($"/approve?interaction={interaction}", next.Next);
        page = await fresh.PageAsync(next.Next!);
        Assert.Contains("Alder Bank", page, StringComparison.Ordinal);
        Assert.Contains("In both cases we then take you back to Budget App", page, StringComparison.Ordinal);

        // What the third party has asked already is there to be looked at, and nothing of it has to be confirmed again.
        Assert.Contains("<details", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<details open", page, StringComparison.Ordinal);
        Assert.Equal(page.Split("type=\"checkbox\"").Length, page.Split("name=\"account\"").Length);
        Assert.Equal(2, page.Split("type=\"submit\"").Length - 1);

        var decision = await fresh.DecideAsync(await fresh.ApprovalAsync(interaction));
        Assert.Equal(200, (await tpp.RedeemAsync(decision.Code!)).Status);
    }
}
