using System.Net;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Platform.Tests.Samples;

public sealed class TppPagesTests
{
    private readonly StandingClock clock = new(TimeProvider.System.GetUtcNow()); // TLS is real here, and so is its clock.

    [Fact]
    public async Task From_the_button_to_the_overview()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        tpp.Bank.AuthorizationServerNonce = "as";
        tpp.Bank.ResourceServerNonce = "rs";
        await tpp.ConnectAsync();
        var page = await TextAsync(await tpp.VisitAsync("/overview"));
        Assert.Contains("£1,234.50", page, StringComparison.Ordinal);
        Assert.Contains("Spending by month", page, StringComparison.Ordinal);

        // Names come from strangers.
        Assert.Contains("&lt;b&gt;Everyday&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);

        // The account's number is not shown whole.
        Assert.DoesNotContain("40400412345678", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-9")]
    public async Task What_the_bank_says_has_happened_is_fetched_checked_shown_and_acknowledged()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.ConnectAsync();
        Assert.Contains("none so far", await TextAsync(await tpp.VisitAsync("/overview")), StringComparison.Ordinal);

        using var strangers = SigningKey.Create("ES256");
        tpp.Bank.Raise("e-1", "account-access-consent-linked-account-update");
        tpp.Bank.Raise("e-2", "resource-update", by: strangers);
        tpp.Bank.Raise("e-3", "resource-update", claims => claims["iss"] = "https://attacker.test");
        tpp.Bank.Raise("e-4", "resource-update", clientId: "another-tpp");
        tpp.Bank.Raise("e-5", "resource-update", claims => claims.Remove("toe"));
        tpp.Bank.Raise("e-6", "resource-update", typ: "JWT");
        tpp.Bank.Events["e-7"] = "x";
        clock.Now += TimeSpan.FromSeconds(10);
        var page = await TextAsync(await tpp.VisitAsync("/overview"));
        Assert.Contains("account-access-consent-linked-account-update", page, StringComparison.Ordinal);
        Assert.Contains("&lt;i&gt;why&lt;/i&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<code>resource-update", page, StringComparison.Ordinal);
        Assert.Empty(tpp.Bank.Events);
        Assert.Equal(
            ["e-2 jws", "e-3 jwtIss", "e-4 jwtAud", "e-5 setData", "e-6 jws", "e-7 jwtParse"],
            tpp.Bank.EventErrors.Select(error => $"{error.Key} {error.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_client_with_a_certificate_goes_the_same_way()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.ConnectAsync("mtls");
        Assert.Equal(HttpStatusCode.OK, (await tpp.VisitAsync("/overview")).StatusCode);
        Assert.Contains(tpp.Bank.Requests, one => one.Form.TryGetValue("client_id", out var id) && id == "sample-tpp-mtls");
    }

    [Fact]
    public async Task An_answer_is_good_once_and_only_in_the_browser_that_asked()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.PressAsync("/connect");
        var answer = $"code=0&state={tpp.Bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}";

        using var stranger = tpp.NewBrowser();
        Assert.Equal(HttpStatusCode.BadRequest, (await tpp.ReturnAsync(answer, stranger)).StatusCode);
        await TppApp.PressAsync(stranger, "/connect", tpp.Options.Origin);
        Assert.Equal(HttpStatusCode.BadRequest, (await tpp.ReturnAsync(answer, stranger)).StatusCode);
        Assert.DoesNotContain(tpp.Bank.Requests, one => one.Form.ContainsValue("authorization_code"));

        Assert.Equal("/overview", (await tpp.ReturnAsync(answer)).Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.BadRequest, (await tpp.ReturnAsync(answer)).StatusCode);
    }

    [Theory]
    [InlineData("error=access_denied&error_description=declined", "Nothing was shared")]
    [InlineData("error=access_denied&error_description=timed+out", "a little too long")]
    [InlineData("error=server_error", "does not answer")]
    public async Task An_error_from_the_bank_becomes_a_page_with_a_way_on(string parameters, string words)
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.PressAsync("/connect");
        var back = await tpp.ReturnAsync($"{parameters}&state={tpp.Bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        Assert.Equal("/problem", back.Headers.Location?.OriginalString);
        var page = await TextAsync(await tpp.VisitAsync("/problem"));
        Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.Contains("action=\"/connect\"", page, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "ISS-02")]
    [InlineData("https://attacker.test")]
    [InlineData("https://bank.test:5001/")]
    public async Task A_code_from_another_issuer_is_sent_nowhere(string issuer)
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.PressAsync("/connect");
        await tpp.ReturnAsync($"code=good&state={tpp.Bank.LastState}&iss={Uri.EscapeDataString(issuer)}");
        Assert.DoesNotContain(tpp.Bank.Requests, one => one.Form.ContainsValue("authorization_code"));
        Assert.Contains("We stopped, to be safe", await TextAsync(await tpp.VisitAsync("/problem")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_beside_a_bad_ID_token_are_not_used()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        tpp.Bank.Spoil = claims => claims["nonce"] = "another";
        await tpp.PressAsync("/connect");
        var back = await tpp.ReturnAsync($"code=good&state={tpp.Bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        Assert.Equal("/problem", back.Headers.Location?.OriginalString);
        Assert.Equal("/", (await tpp.VisitAsync("/overview")).Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task An_access_token_is_renewed_before_it_ends()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.ConnectAsync();
        clock.Now = clock.Now.AddSeconds(269);
        await tpp.VisitAsync("/overview");
        Assert.DoesNotContain(tpp.Bank.Requests, one => one.Form.ContainsValue("refresh_token"));
        clock.Now = clock.Now.AddSeconds(1);
        Assert.Equal(HttpStatusCode.OK, (await tpp.VisitAsync("/overview")).StatusCode);
        Assert.Contains(tpp.Bank.Requests, one => one.Form.ContainsValue("refresh_token"));
    }

    [Fact]
    public async Task An_access_that_ended_at_the_bank_is_said_to_have_ended()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.ConnectAsync();
        tpp.Bank.Revoked = true;
        Assert.Contains("The bank says access has ended", await TextAsync(await tpp.VisitAsync("/overview")), StringComparison.Ordinal);
        Assert.Equal("/", (await tpp.VisitAsync("/overview")).Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_bank_that_is_away_for_a_moment_costs_no_connection()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.ConnectAsync();
        tpp.Bank.Down = true;
        var answer = await tpp.VisitAsync("/overview");
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("href=\"/overview\"", await TextAsync(answer), StringComparison.Ordinal);
        tpp.Bank.Down = false;
        Assert.Equal(HttpStatusCode.OK, (await tpp.VisitAsync("/overview")).StatusCode);
    }

    [Fact]
    public async Task Disconnect_gives_the_consent_back_and_forgets()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        await tpp.ConnectAsync();
        Assert.Contains("Disconnect Meadow Bank?", await TextAsync(await tpp.VisitAsync("/disconnect")), StringComparison.Ordinal);
        Assert.Contains("Your bank has confirmed it", await TextAsync(await tpp.PressAsync("/disconnect")), StringComparison.Ordinal);
        Assert.Contains(tpp.Bank.Requests, one => one.Method == "DELETE" && one.Path.EndsWith("/account-access-consents/c-1", StringComparison.Ordinal));
        Assert.Equal("/", (await tpp.VisitAsync("/overview")).Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task A_bill_is_paid_with_the_bank_and_its_page_says_how_it_stands()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        Assert.Contains("Pay with my bank", await TextAsync(await tpp.VisitAsync("/pay")), StringComparison.Ordinal);
        var page = await tpp.PayAsync();
        var answer = await TextAsync(await tpp.VisitAsync(page));
        Assert.Contains("Your bank has the payment", answer, StringComparison.Ordinal);
        Assert.Contains("pay.js", answer, StringComparison.Ordinal);
        Assert.Contains("It is on its way", await TextAsync(await tpp.VisitAsync(page)), StringComparison.Ordinal);
        answer = await TextAsync(await tpp.VisitAsync(page));
        Assert.Contains("The money is in the payee&#x27;s account.", answer, StringComparison.Ordinal);
        Assert.Contains("A &lt;b&gt;Payer&lt;/b&gt;, 99-01-24 20450061", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("pay.js", answer, StringComparison.Ordinal);

        // What is at its end is not asked for again, and stands in the list.
        var asked = tpp.Bank.Requests.Count;
        await tpp.VisitAsync(page);
        Assert.Equal(asked, tpp.Bank.Requests.Count);
        Assert.Contains("Paid", await TextAsync(await tpp.VisitAsync("/pay")), StringComparison.Ordinal);

        // Consent and order are signed over their bytes, under keys of their own, and say the same.
        var posts = tpp.Bank.Requests.Where(one => one.Method == "POST" && one.Path.StartsWith("/open-banking/v4.0/pisp/", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, posts.Select(one => one.Headers["x-idempotency-key"]).Distinct(StringComparer.Ordinal).Count());
        Assert.All(posts, one => Assert.StartsWith("eyJ", one.Headers["x-jws-signature"], StringComparison.Ordinal));
        Assert.Single(posts.Select(one => System.Text.Json.JsonDocument.Parse(one.Body).RootElement.GetProperty("Data").GetProperty("Initiation").GetRawText()).Distinct(StringComparer.Ordinal));
        Assert.Equal("payment_initiation", System.Text.Json.JsonDocument.Parse(tpp.Bank.Requests.Single(one => one.Path == "/par").Form["authorization_details"]).RootElement[0].GetProperty("type").GetString());

        // Another browser sees nothing of it.
        using var stranger = tpp.NewBrowser();
        Assert.Equal("/pay", (await stranger.GetAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken)).Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task An_order_whose_answer_is_lost_is_sent_again_under_its_key()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        tpp.Bank.LosesAnswers = 1;
        var page = await tpp.PayAsync();
        Assert.Contains("Your bank has the payment", await TextAsync(await tpp.VisitAsync(page)), StringComparison.Ordinal);
        Assert.Single(tpp.Bank.Orders);

        // Lost for longer, the customer is told what is not known, and asks again.
        tpp.Bank.LosesAnswers = 3;
        page = await tpp.PayAsync();
        Assert.Contains("Your bank has not answered yet", await TextAsync(await tpp.VisitAsync(page)), StringComparison.Ordinal);
        Assert.Equal(page, (await tpp.PressAsync(page + "/again")).Headers.Location?.OriginalString);
        Assert.DoesNotContain("has not answered yet", await TextAsync(await tpp.VisitAsync(page)), StringComparison.Ordinal);
        Assert.Equal(2, tpp.Bank.Orders.Count);
    }

    [Fact]
    public async Task What_the_bank_has_not_signed_is_not_believed()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        foreach (var bytes in (byte[]?[])[null, [1]])
        {
            tpp.Bank.SignedBytes = _ => bytes;
            Assert.Contains("We stopped, to be safe", await TextAsync(await tpp.PressAsync("/pay", null, TppApp.Bill)), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(tpp.Bank.Requests, one => one.Path == "/par");
    }

    [Fact]
    [Trait("Rule", "P-12")]
    public async Task A_payment_that_is_not_made_is_said_to_have_moved_no_money()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        var form = await tpp.PressAsync("/pay", null, ("payee", "<b>x</b>"), ("sort", "08-08"), ("number", "1"), ("amount", "1.234"), ("reference", ""));
        Assert.Equal(HttpStatusCode.BadRequest, form.StatusCode);
        var text = await TextAsync(form);
        Assert.Contains("4 things are not right yet.", text, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;x&lt;/b&gt;", text, StringComparison.Ordinal);

        await tpp.PressAsync("/pay", null, TppApp.Bill);
        await tpp.ReturnAsync($"error=access_denied&state={tpp.Bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        text = await TextAsync(await tpp.VisitAsync("/problem"));
        Assert.Contains("no money moves", text, StringComparison.Ordinal);
        Assert.Contains("href=\"/pay\"", text, StringComparison.Ordinal);

        tpp.Bank.Refuses = "AM04";
        text = await TextAsync(await tpp.VisitAsync(await tpp.PayAsync()));
        Assert.Contains("Nothing has left your account. There is not enough money in the account.", text, StringComparison.Ordinal);
        tpp.Bank.Refuses = null;
        tpp.Bank.Statuses.Clear();
        tpp.Bank.Statuses.Enqueue("RJCT");
        Assert.Contains("The payment was not made", await TextAsync(await tpp.VisitAsync(await tpp.PayAsync())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("https://localhost:5001")]
    [InlineData("https://attacker.test")]
    public async Task Forms_of_other_sites_press_no_button_here(string origin)
    {
        await using var tpp = await TppApp.StartAsync(clock);
        Assert.Equal(HttpStatusCode.Forbidden, (await tpp.PressAsync("/connect", origin)).StatusCode);
        Assert.Empty(tpp.Bank.Requests);
    }

    [Fact]
    public async Task Pages_allow_nothing_from_elsewhere_and_are_kept_nowhere()
    {
        await using var tpp = await TppApp.StartAsync(clock);
        var start = await tpp.VisitAsync("/");
        var policy = Assert.Single(start.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);

        // Chromium holds a form's whole way against the policy, and "Connect my bank" leads to the bank.
        Assert.Contains($"form-action 'self' {FakeBank.Issuer};", policy, StringComparison.Ordinal);
        Assert.True(start.Headers.CacheControl?.NoStore);
        Assert.DoesNotContain("style=", await TextAsync(start), StringComparison.Ordinal);
    }

    private static Task<string> TextAsync(HttpResponseMessage answer) =>
        answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
