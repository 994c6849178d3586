using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>Requests that a browser brings whole, as clients of FAPI 1.0 do.</summary>
[Collection(ProfileTests.Name)]
public sealed class FrontChannelRequestTests(ProfileWorld world) : IDisposable
{
    private readonly TestBrowser browser = world.Customer.OpenBrowser(world.Host);

    private TestTpp Tpp => world.Advanced;

    [Fact]
    [Trait("Rule", "F1-01")]
    [Trait("Rule", "F1-35")]
    [Trait("Rule", "ID-19")]
    [Trait("Rule", "OA-04")]
    public async Task A_signed_request_begins_by_get_and_by_post_and_again_when_the_page_is_loaded_again()
    {
        var form = Tpp.Signed(await ProfileWorld.HybridAsync(Tpp));
        var path = Tpp.AuthorizePath(form);
        Assert.Matches(@"\A/signin\?interaction=[A-Za-z0-9_-]{43}\z", (await browser.OpenAsync(path)).Header("Location"));
        Assert.Equal(303, (await browser.OpenAsync(path)).Status);
        Assert.Equal(303, (await browser.PostAsync("/authorize", form.With("client_id", Tpp.ClientId))).Status);
    }

    [Fact]
    [Trait("Rule", "F1-35")]
    [Trait("Rule", "HTTP-14")]
    public async Task A_request_line_holds_up_to_32_KB()
    {
        var request = (await ProfileWorld.HybridAsync(Tpp)).With("state", new string('s', 4096));
        var path = Tpp.AuthorizePath(Tpp.Signed(request, claims => claims["padding"] = new string('x', 18_000)));
        Assert.InRange(path.Length, 25 * 1024, 32 * 1024);
        Assert.Equal(303, (await browser.OpenAsync(path)).Status);
        Assert.Equal(414, (await browser.OpenAsync(path + "&more=" + new string('x', 32 * 1024))).Status);
    }

    [Fact]
    [Trait("Rule", "F1-01")]
    [Trait("Rule", "PAR-12")]
    [Trait("Rule", "F2-PAR-03")]
    [Trait("Rule", "OA-01")]
    public async Task Who_must_sign_or_push_cannot_come_otherwise()
    {
        await world.PageAsync(Tpp.AuthorizePath(await ProfileWorld.HybridAsync(Tpp)), "invalid_request", "F1-01");
        Assert.Equal(303, (await browser.OpenAsync(Tpp.AuthorizePath(Tpp.Signed(await ProfileWorld.HybridAsync(Tpp))))).Status);

        foreach (var tpp in new[] { world.Plain, world.Signing })
            await world.PageAsync(tpp.AuthorizePath(tpp.Signed(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()))), "invalid_request", "F2-PAR-03");

        using var pushing = await world.RegisterAsync("fapi1-advanced", TppKind.Mtls, metadata => metadata["require_pushed_authorization_requests"] = true);
        var signed = pushing.Signed(await ProfileWorld.HybridAsync(pushing));
        await world.PageAsync(pushing.AuthorizePath(signed), "invalid_request", "PAR-12");
        Assert.Equal(303, (await browser.OpenAsync(pushing.AuthorizePath(await pushing.PushAsync(signed)))).Status);
    }

    [Fact]
    [Trait("Rule", "JAR-02")]
    [Trait("Rule", "JAR-03")]
    [Trait("Rule", "F1-06")]
    public async Task What_stands_outside_must_not_contradict_what_names_the_client_and_the_answer()
    {
        var request = await ProfileWorld.HybridAsync(Tpp);
        var form = Tpp.Signed(request);
        Assert.Equal(303, (await browser.OpenAsync(Tpp.AuthorizePath(form.With("response_type", "code id_token").With("scope", "openid")))).Status);
        await world.PageAsync(Tpp.AuthorizePath(form.With("response_type", "code")), "invalid_request", "F1-06");
        await world.PageAsync(Tpp.AuthorizePath(Tpp.Signed(request, claims => claims["client_id"] = world.Asserting.ClientId)), "invalid_request", "JAR-03");
        await world.PageAsync(Tpp.AuthorizePath(Tpp.Signed(request, claims => claims.Remove("client_id"))), "invalid_request", "JAR-03");
        await world.PageAsync(Tpp.AuthorizePath(Tpp.Signed(request, claims => claims["iss"] = world.Asserting.ClientId)), "invalid_request_object", "JAR-03");
        await world.PageAsync(Tpp.AuthorizePath(form.With("client_id", world.Asserting.ClientId)), "invalid_request_object", "KEY-14");
        await world.PageAsync(Tpp.AuthorizePath(form.With("request_uri", await Tpp.PushAsync(form))), "invalid_request", "JAR-02");
    }

    [Fact]
    [Trait("Rule", "F1-05")]
    [Trait("Rule", "F1-06")]
    [Trait("Rule", "JAR-05")]
    [Trait("Rule", "OA-08")]
    public async Task Only_what_was_signed_counts()
    {
        var form = Tpp.Signed(await ProfileWorld.HybridAsync(Tpp));
        var back = await world.ApproveAsync(Tpp.AuthorizePath(form
            .With("state", "outside").With("nonce", "outside").With("scope", "openid").With("redirect_uri", "https://evil.test").With("response_mode", "query")));
        Assert.StartsWith(Tpp.RedirectUri + "#", back.Location, StringComparison.Ordinal);
        var answer = ProfileWorld.After('#', back.Location);
        Assert.Equal("af0ifjsldkj", answer["state"]);
        Assert.Equal("n-0S6_WzA2Mj", world.Read(answer["id_token"]).GetProperty("nonce").GetString());

        // And what stands outside only is not there.
        var alone = Tpp.Signed((await ProfileWorld.HybridAsync(Tpp)).With("state", null));
        Assert.False(ProfileWorld.After('#', (await world.ApproveAsync(Tpp.AuthorizePath(alone.With("state", "outside")))).Location).ContainsKey("state"));
        await RedirectedAsync(Tpp.AuthorizePath(Tpp.Signed((await ProfileWorld.HybridAsync(Tpp)).With("nonce", null)).With("nonce", "outside")), "invalid_request", "F1-27");
        await world.PageAsync(
            Tpp.AuthorizePath(Tpp.Signed((await ProfileWorld.HybridAsync(Tpp)).With("redirect_uri", null)).With("redirect_uri", Tpp.RedirectUri)), "invalid_request", "F1-17");
    }

    [Theory]
    [Trait("Rule", "F1-07")]
    [Trait("Rule", "F1-08")]
    [Trait("Rule", "F1-09")]
    [Trait("Rule", "F1-31")]
    [Trait("Rule", "OA-43")]
    [InlineData("exp", "F1-07")]
    [InlineData("nbf", "F1-08")]
    [InlineData("aud", "F1-09")]
    public async Task An_object_that_cannot_be_trusted_is_a_page(string missing, string rule)
    {
        var request = await ProfileWorld.HybridAsync(Tpp);
        await world.PageAsync(Tpp.AuthorizePath(Tpp.Signed(request, claims => claims.Remove(missing))), "invalid_request_object", rule);
        await world.PageAsync(Tpp.AuthorizePath(Tpp.Signed(request, key: world.Asserting.Key)), "invalid_request_object", "KEY-14");
        Assert.Equal(303, (await browser.OpenAsync(Tpp.AuthorizePath(Tpp.Signed(request)))).Status);
    }

    [Theory]
    [Trait("Rule", "JAR-11")]
    [Trait("Rule", "META-11")]
    [Trait("Rule", "OA-06")]
    [InlineData("https://tpp.example/request.jwt")]
    [InlineData("file:///etc/passwd")]
    public async Task A_reference_to_somewhere_else_is_not_followed(string requestUri)
    {
        var asked = world.Host.Outbound.Asked.Count;
        await world.PageAsync(Tpp.AuthorizePath(requestUri), "request_uri_not_supported", "JAR-11");
        await world.PageAsync(world.Signing.AuthorizePath(requestUri), "invalid_request_uri", "PAR-07");
        await world.PageAsync(Tpp.AuthorizePath("urn:ietf:params:oauth:request_uri:unknown"), "invalid_request_uri", "PAR-07");
        Assert.Equal(asked, world.Host.Outbound.Asked.Count);
    }

    [Fact]
    [Trait("Rule", "F1-02")]
    [Trait("Rule", "F1-03")]
    [Trait("Rule", "F1-27")]
    [Trait("Rule", "F1-28")]
    [Trait("Rule", "JARM-04")]
    [Trait("Rule", "PKCE-02")]
    [Trait("Rule", "OA-17")]
    [Trait("Rule", "OB-SEC-12")]
    public async Task What_is_wrong_in_a_trusted_request_goes_to_the_client()
    {
        var good = await ProfileWorld.HybridAsync(Tpp);
        await RedirectedAsync(Path(good.With("response_type", "code")), "invalid_request", "F1-02", '?');
        await RedirectedAsync(Path(good.With("response_type", "code token")), "unsupported_response_type", "F1-02", '?');
        await RedirectedAsync(Path(good.With("response_mode", "query")), "invalid_request", "F1-03");
        await RedirectedAsync(Path(good.With("response_mode", "query.jwt")), "invalid_request", "JARM-04");
        await RedirectedAsync(Path(good.With("response_mode", "web_message")), "invalid_request", "OA-20");
        await RedirectedAsync(Path(good.With("nonce", null)), "invalid_request", "F1-27");
        await RedirectedAsync(Path(good.With("code_challenge_method", "plain")), "invalid_request", "PKCE-02");
        await RedirectedAsync(Path(good.With("scope", "openid everything")), "invalid_scope", "OA-50");
        await world.PageAsync(Path(good.With("redirect_uri", Tpp.RedirectUri + "/")), "invalid_request", "F1-17");
        await world.PageAsync(Path(good.With("state", new string('s', 4097))), "invalid_request", "OA-36");
        Assert.Equal(303, (await browser.OpenAsync(Path(good))).Status);

        string Path(Form request) => Tpp.AuthorizePath(Tpp.Signed(request));
    }

    [Fact]
    [Trait("Rule", "F1-32")]
    [Trait("Rule", "CON-07")]
    [Trait("Rule", "CO-02")]
    public async Task An_intent_that_is_unknown_foreign_or_over_goes_to_the_client()
    {
        var foreign = TestTpp.AuthorizationRequest(await world.Asserting.CreateConsentAsync()).With("response_type", "code id_token");
        await RedirectedAsync(Tpp.AuthorizePath(Tpp.Signed(foreign)), "invalid_request", "CO-02");
        await RedirectedAsync(Tpp.AuthorizePath(Tpp.Signed(TestTpp.AuthorizationRequest("unknown").With("response_type", "code id_token"))), "invalid_request", "CO-02");
        var consent = await Tpp.CreateConsentAsync();
        var over = Tpp.AuthorizePath(Tpp.Signed(TestTpp.AuthorizationRequest(consent).With("response_type", "code id_token")));
        await browser.DenyAsync(await browser.ArriveAsync(over));
        await RedirectedAsync(over, "access_denied", "OB-SEC-13");
    }

    [Fact]
    [Trait("Rule", "F1-33")]
    [Trait("Rule", "ID-09")]
    public async Task An_essential_context_that_cannot_be_reached_is_access_denied_in_the_older_words()
    {
        foreach (var (tpp, error, rule) in new[] { (Tpp, "access_denied", "F1-33"), (world.Plain, "unmet_authentication_requirements", "ID-09") })
        {
            var claims = $$$$"""{"id_token":{"openbanking_intent_id":{"value":"{{{{await tpp.CreateConsentAsync()}}}}"},"acr":{"essential":true,"value":"urn:unknown"}}}""";
            var request = TestTpp.AuthorizationRequest("-").With("claims", claims);
            var path = tpp == Tpp ? tpp.AuthorizePath(tpp.Signed(request.With("response_type", "code id_token"))) : tpp.AuthorizePath(await tpp.PushAsync(request));
            await RedirectedAsync(path, error, rule, tpp == Tpp ? '#' : '?');
        }
    }

    [Fact]
    [Trait("Rule", "F1-12")]
    [Trait("Rule", "PKCE-04")]
    [Trait("Rule", "PKCE-05")]
    [Trait("Rule", "PKCE-06")]
    public async Task A_challenge_without_a_push_is_kept_to_and_a_verifier_without_a_challenge_is_not_taken()
    {
        Assert.Equal(200, (await Tpp.RedeemAsync(await CodeAsync(withChallenge: true))).Status);
        await world.RefusedAsync(Tpp.TokenAsync(Tpp.CodeRequest(await CodeAsync(withChallenge: true)).With("code_verifier", new string('v', 43))), 400, "invalid_grant", "PKCE-05");
        await world.RefusedAsync(Tpp.TokenAsync(Tpp.CodeRequest(await CodeAsync(withChallenge: true)).With("code_verifier", null)), 400, "invalid_grant", "PKCE-04");
        Assert.Equal(200, (await Tpp.TokenAsync(Tpp.CodeRequest(await CodeAsync(withChallenge: false)).With("code_verifier", null))).Status);
        await world.RefusedAsync(Tpp.RedeemAsync(await CodeAsync(withChallenge: false)), 400, "invalid_grant", "PKCE-06");
    }

    [Fact]
    [Trait("Rule", "F1-17")]
    [Trait("Rule", "F1-27")]
    [Trait("Rule", "PKCE-01")]
    [Trait("Rule", "HTTP-02")]
    public async Task A_baseline_client_brings_plain_parameters()
    {
        var tpp = world.Baseline;
        var good = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
        Assert.Equal(303, (await browser.OpenAsync(tpp.AuthorizePath(good))).Status);
        await RedirectedAsync(tpp.AuthorizePath(good.With("nonce", null)), "invalid_request", "F1-27", '?');
        await RedirectedAsync(tpp.AuthorizePath(good.With("code_challenge", null)), "invalid_request", "PKCE-01", '?');
        await RedirectedAsync(tpp.AuthorizePath(good.With("response_type", "code id_token")), "unsupported_response_type", "ID-21");
        await RedirectedAsync(tpp.AuthorizePath(good.With("response_mode", "query.jwt")), "invalid_request", "OA-20", '?');
        await world.PageAsync(tpp.AuthorizePath(good.With("redirect_uri", "https://evil.test/")), "invalid_request", "F1-17");
        await world.PageAsync(tpp.AuthorizePath(good.And("state", "another")), "invalid_request", "HTTP-02");
    }

    public void Dispose() => browser.Dispose();

    private async Task<string> CodeAsync(bool withChallenge)
    {
        var request = await ProfileWorld.HybridAsync(Tpp);
        if (!withChallenge) request = request.With("code_challenge", null).With("code_challenge_method", null);
        return ProfileWorld.After('#', (await world.ApproveAsync(Tpp.AuthorizePath(Tpp.Signed(request)))).Location)["code"];
    }

    private async Task RedirectedAsync(string path, string error, string rule, char mark = '#')
    {
        var answer = await browser.OpenAsync(path);
        Assert.Equal((303, rule), (answer.Status, world.RuleOf(answer)));
        var location = answer.Header("Location")!;
        Assert.StartsWith("https://tpp.example/callback" + mark, location, StringComparison.Ordinal);
        var parameters = ProfileWorld.After(mark, location);
        Assert.Equal(["error", "error_description", "iss", "state"], parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((error, "af0ifjsldkj", world.Host.Issuer.OriginalString), (parameters["error"], parameters["state"], parameters["iss"]));
    }
}
