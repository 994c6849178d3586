using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Authorize;

[Collection(FrontTests.Name)]
public sealed class AuthorizeEndpointTests(FrontWorld world) : IDisposable
{
    private readonly TestBrowser browser = world.Customer.OpenBrowser(world.Host);

    private TestTpp Tpp => world.Tpp;

    [Fact]
    [Trait("Rule", "HTTP-09")]
    [Trait("Rule", "HTTP-10")]
    [Trait("Rule", "OA-34")]
    [Trait("Rule", "OA-35")]
    [Trait("Rule", "OA-45")]
    [Trait("Rule", "ID-19")]
    public async Task A_browser_with_a_pushed_request_goes_on_to_sign_in_by_get_and_by_post()
    {
        var requestUri = await PushAsync();
        foreach (var answer in new[]
        {
            await browser.OpenAsync(Tpp.AuthorizePath(requestUri)),
            await browser.PostAsync("/authorize", Form.Empty.With("client_id", Tpp.ClientId).With("request_uri", requestUri)),
        })
        {
            Assert.Equal(303, answer.Status);
            Assert.Matches(@"\A/signin\?interaction=[A-Za-z0-9_-]{43}\z", answer.Header("Location"));
            var cookie = answer.Header("Set-Cookie")!;
            Assert.StartsWith(InteractionCookie.NameFor(answer.Parameter("interaction")!) + "=", cookie, StringComparison.Ordinal);
            foreach (var flag in new[] { "secure", "httponly", "samesite=lax", "path=/", "max-age=600" }) Assert.Contains(flag, cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
            Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Rule", "F2-PAR-12")]
    [Trait("Rule", "OA-03")]
    [Trait("Rule", "OA-04")]
    [Trait("Rule", "PAR-06")]
    public async Task A_link_works_until_the_customer_has_decided_and_not_afterwards()
    {
        var path = Tpp.AuthorizePath(await PushAsync());
        var first = await browser.ArriveAsync(path);
        var second = await browser.ArriveAsync(path);
        Assert.NotEqual(first, second);
        await browser.SignInAsync(second);
        Assert.Equal(303, (await browser.OpenAsync(path)).Status);
        await browser.ApproveAsync(second);
        await PageAsync(path, "invalid_request_uri", "F2-PAR-12");
        Assert.Equal("CO-09", Assert.IsType<InteractionState.NotUsable>(await browser.DescribeAsync(first)).Rule);
    }

    [Fact]
    [Trait("Rule", "PAR-07")]
    [Trait("Rule", "PAR-16")]
    [Trait("Rule", "OA-05")]
    public async Task A_link_works_for_ninety_seconds()
    {
        var clock = world.Host.Clock;
        try
        {
            clock.StopAt(clock.Now);
            var path = Tpp.AuthorizePath(await PushAsync());
            clock.Advance(TimeSpan.FromSeconds(89));
            Assert.Equal(303, (await browser.OpenAsync(path)).Status);
            clock.Advance(TimeSpan.FromSeconds(1));
            await PageAsync(path, "invalid_request_uri", "PAR-07");
        }
        finally
        {
            clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "PAR-05")]
    [Trait("Rule", "PAR-11")]
    [Trait("Rule", "OA-02")]
    public async Task A_link_is_its_clients_alone()
    {
        var requestUri = await PushAsync();
        await PageAsync(world.Other.AuthorizePath(requestUri), "invalid_request_uri", "PAR-05");
        Assert.Equal(303, (await browser.OpenAsync(Tpp.AuthorizePath(requestUri))).Status);
    }

    [Theory]
    [Trait("Rule", "PAR-07")]
    [Trait("Rule", "OA-06")]
    [Trait("Rule", "OA-42")]
    [InlineData("https://attacker.test/ro.jwt")]
    [InlineData("file:///etc/passwd")]
    [InlineData("urn:ietf:params:oauth:request_uri:../../x")]
    [InlineData("urn:ietf:params:oauth:request_uri:")]
    [InlineData("URN:ietf:params:oauth:request_uri:x")]
    [InlineData("\0")]
    public async Task A_reference_that_is_not_ours_is_not_followed(string requestUri)
    {
        var before = world.Host.Outbound.Asked.Count;
        await PageAsync(Tpp.AuthorizePath(requestUri), "invalid_request_uri", "PAR-07");
        Assert.Equal(before, world.Host.Outbound.Asked.Count);
    }

    [Fact]
    [Trait("Rule", "OB-SEC-11")]
    [Trait("Rule", "F2-PAR-03")]
    [Trait("Rule", "HTTP-02")]
    [Trait("Rule", "HTTP-07")]
    [Trait("Rule", "HTTP-16")]
    [Trait("Rule", "OA-01")]
    [Trait("Rule", "TLS-08")]
    [Trait("Rule", "X-9")]
    public async Task What_cannot_be_trusted_is_a_page_and_never_a_redirect()
    {
        var requestUri = Uri.EscapeDataString(await PushAsync());
        const string pushed = "response_type=code&redirect_uri=https%3A%2F%2Ftpp.example%2Fcallback&scope=accounts";
        await PageAsync($"/authorize?client_id={Tpp.ClientId}&{pushed}", "invalid_request", "F2-PAR-03");
        await PageAsync($"/authorize?client_id={Tpp.ClientId}&request=e30.&{pushed}", "invalid_request", "F2-PAR-03");
        await PageAsync($"/authorize?request_uri={requestUri}", "invalid_request", "HTTP-07");
        await PageAsync($"/authorize?client_id=nobody&request_uri={requestUri}", "invalid_request", "HTTP-07");
        await PageAsync($"/authorize?client_id=%00&request_uri={requestUri}", "invalid_request", "HTTP-07");
        await PageAsync($"/authorize?client_id={Tpp.ClientId}&client_id={Tpp.ClientId}&request_uri={requestUri}", "invalid_request", "HTTP-02");
        await PageAsync("/authorize", "invalid_request", "HTTP-07");

        var page = await browser.OpenAsync("/authorize?client_id=%3Cscript%3E");
        Assert.DoesNotContain("script>", page.Body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("frame-ancestors 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal(("DENY", "no-referrer", null), (page.Header("X-Frame-Options"), page.Header("Referrer-Policy"), page.Header("Access-Control-Allow-Origin")));
    }

    [Fact]
    [Trait("Rule", "F2-PAR-15")]
    [Trait("Rule", "F2-PAR-16")]
    [Trait("Rule", "OA-08")]
    public async Task What_stands_beside_the_reference_changes_nothing()
    {
        var path = Tpp.AuthorizePath(await PushAsync()) + "&scope=openid&redirect_uri=https%3A%2F%2Fevil.test&state=other&prompt=none&response_mode=form_post";
        var interaction = await browser.ArriveAsync(path);
        await browser.SignInAsync(interaction);
        var back = await browser.ApproveAsync(interaction);
        Assert.StartsWith(Tpp.RedirectUri + "?code=", back.Location, StringComparison.Ordinal);
        Assert.Equal("af0ifjsldkj", Answer.Query(new Uri(back.Location))["state"]);
    }

    [Fact]
    [Trait("Rule", "ID-12")]
    [Trait("Rule", "HTTP-06")]
    [Trait("Rule", "ISS-01")]
    [Trait("Rule", "ISS-02")]
    [Trait("Rule", "F2-PAR-07")]
    [Trait("Rule", "OA-33")]
    public async Task Prompt_none_is_answered_to_the_client_without_a_page()
    {
        var path = Tpp.AuthorizePath(await PushAsync(request => request.With("prompt", "none")));
        var answer = await browser.OpenAsync(path);
        Assert.Equal(303, answer.Status);
        Assert.StartsWith(Tpp.RedirectUri + "?", answer.Header("Location"), StringComparison.Ordinal);
        var parameters = Answer.Query(answer.Location!);
        Assert.Equal(["error", "error_description", "iss", "state"], parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("login_required", "af0ifjsldkj", world.Host.Issuer.OriginalString), (parameters["error"], parameters["state"], parameters["iss"]));
        Assert.Equal("ID-12", world.Host.Log.LastRefusal?.Rule);
        await PageAsync(path, "invalid_request_uri", "F2-PAR-12");
    }

    [Fact]
    [Trait("Rule", "ID-09")]
    [Trait("Rule", "OA-48")]
    [Trait("Rule", "STEP-05")]
    public async Task An_essential_context_that_cannot_be_reached_ends_the_request()
    {
        var consent = await Tpp.CreateConsentAsync();
        var claims = $$$$"""{"id_token":{"openbanking_intent_id":{"value":"{{{{consent}}}}"},"acr":{"essential":true,"value":"urn:unknown"}}}""";
        var answer = await browser.OpenAsync(Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(consent).With("claims", claims))));
        Assert.Equal((303, "unmet_authentication_requirements"), (answer.Status, answer.Parameter("error")));
        Assert.Equal("ID-09", world.Host.Log.LastRefusal?.Rule);
    }

    [Fact]
    [Trait("Rule", "OB-SEC-13")]
    public async Task A_consent_that_was_deleted_meanwhile_is_answered_to_the_client()
    {
        var consent = await Tpp.CreateConsentAsync();
        var path = Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(consent)));
        var token = await Tpp.ClientTokenAsync();
        Assert.Equal(204, (await Tpp.ApiAsync(HttpMethod.Delete, $"/open-banking/v4.0/aisp/account-access-consents/{consent}", token)).Status);
        var answer = await browser.OpenAsync(path);
        Assert.Equal((303, "access_denied"), (answer.Status, answer.Parameter("error")));
    }

    [Fact]
    [Trait("Rule", "PAR-14")]
    public async Task The_clients_registration_of_now_counts()
    {
        using var tpp = await TestTpp.RegisterAsync(world.Host);
        var path = tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync())));
        Assert.Equal(303, (await browser.OpenAsync(path)).Status);
        await world.Host.Database.ExecuteAsync(
            """UPDATE identity.clients SET "RedirectUris" = ARRAY['https://tpp.example/other'] WHERE "ClientId" = $1""", tpp.ClientId);
        await PageAsync(path, "invalid_request", "PAR-14");
    }

    [Theory]
    [Trait("Rule", "OA-36")]
    [InlineData("a b+c&d=e#f?g/ü")]
    [InlineData("a\r\nSet-Cookie: x=y")]
    [InlineData("\"'<script>alert(1)</script>")]
    [InlineData("a\0b")]
    public async Task A_state_comes_back_as_it_was_sent(string state)
    {
        var answer = await browser.OpenAsync(Tpp.AuthorizePath(await PushAsync(request => request.With("prompt", "none").With("state", state))));
        Assert.Equal((303, state), (answer.Status, answer.Parameter("state")));
        Assert.Null(answer.Header("Set-Cookie"));
    }

    [Fact]
    [Trait("Rule", "HTTP-06")]
    [Trait("Rule", "HTTP-16")]
    public async Task With_form_post_the_answer_is_a_form_to_the_clients_address()
    {
        var answer = await browser.OpenAsync(Tpp.AuthorizePath(await PushAsync(request => request
            .With("prompt", "none").With("response_mode", "form_post").With("state", "\"><script>"))));
        Assert.Equal((200, "text/html"), (answer.Status, answer.ContentType));
        Assert.Contains($"action=\"{Tpp.RedirectUri}\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("name=\"error\" value=\"login_required\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("name=\"state\" value=\"&quot;&gt;&lt;script&gt;\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("form-action 'self' https://tpp.example;", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
    }

    public void Dispose() => browser.Dispose();

    private async Task<string> PushAsync(Func<Form, Form>? change = null)
    {
        var request = TestTpp.AuthorizationRequest(await Tpp.CreateConsentAsync());
        return await Tpp.PushAsync(change is null ? request : change(request));
    }

    private async Task PageAsync(string path, string code, string rule)
    {
        var answer = await browser.OpenAsync(path);
        Assert.Equal((400, "text/html", null, rule), (answer.Status, answer.ContentType, answer.Location, world.Host.Log.LastRefusal?.Rule));
        Assert.Matches($"\\b{code}\\b", answer.Body);
        Assert.Null(answer.Header("Set-Cookie"));
    }
}
