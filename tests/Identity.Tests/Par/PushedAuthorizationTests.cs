using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Par;

[Collection(FrontTests.Name)]
public class PushedAuthorizationTests(FrontWorld world)
{
    private TestTpp Tpp => world.Tpp;

    [Fact]
    [Trait("Rule", "PAR-04")]
    [Trait("Rule", "PAR-05")]
    [Trait("Rule", "HTTP-03")]
    [Trait("Rule", "F2-PAR-02")]
    [Trait("Rule", "F2-PAR-11")]
    [Trait("Rule", "OA-54")]
    public async Task A_good_request_is_answered_with_a_reference()
    {
        var answer = await Tpp.ParAsync(await GoodAsync());
        Assert.Equal((201, "application/json", 90), (answer.Status, answer.ContentType, answer.Json.GetProperty("expires_in").GetInt32()));
        Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
        Assert.Matches(@"\Aurn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}\z", answer.Text("request_uri"));
    }

    [Fact]
    [Trait("Rule", "MTLS-09")]
    [Trait("Rule", "CA-04")]
    public async Task A_client_by_certificate_pushes_too()
    {
        Assert.Equal(201, (await world.Mtls.ParAsync(TestTpp.AuthorizationRequest(await world.Mtls.CreateConsentAsync()))).Status);
        Assert.Equal(201, (await world.SelfSigned.ParAsync(TestTpp.AuthorizationRequest(await world.SelfSigned.CreateConsentAsync()))).Status);
    }

    [Fact]
    [Trait("Rule", "PAR-01")]
    [Trait("Rule", "F2-PAR-04")]
    [Trait("Rule", "OA-09")]
    public async Task Nobody_pushes_without_authentication_or_by_another_method()
    {
        var request = await GoodAsync();
        await world.RefusedAsync(Tpp.PostAsync("/par", request.With("client_id", Tpp.ClientId)), 401, "invalid_client", "CA-13");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            using var message = new HttpRequestMessage(method, "/par");
            var answer = await Tpp.SendAsync(message);
            Assert.Equal((405, "POST"), (answer.Status, answer.Header("Allow")));
        }
    }

    [Theory]
    [Trait("Rule", "HTTP-02")]
    [Trait("Rule", "OA-37")]
    [InlineData("scope")]
    [InlineData("redirect_uri")]
    [InlineData("client_id")]
    public async Task A_parameter_twice_is_refused(string name)
    {
        var form = (await GoodAsync()).With("client_id", Tpp.ClientId);
        await world.RefusedAsync(Tpp.ParAsync(form.And(name, form[name]!)), 400, "invalid_request", "HTTP-02");
    }

    [Fact]
    [Trait("Rule", "OA-38")]
    public async Task Parameters_in_the_address_are_refused() =>
        await world.RefusedAsync(Tpp.CallAsync("/par?scope=openid", await GoodAsync()), 400, "invalid_request", "OA-38");

    [Fact]
    [Trait("Rule", "HTTP-04")]
    [Trait("Rule", "HTTP-05")]
    [Trait("Rule", "PAR-08")]
    public async Task An_error_is_json_of_two_members_and_plain_words()
    {
        var answer = await Tpp.ParAsync((await GoodAsync()).With("response_mode", "\"\\\u00fc"));
        Assert.Equal((400, "application/json"), (answer.Status, answer.ContentType));
        Assert.Equal(["error", "error_description"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.Matches(@"\A[\x20-\x21\x23-\x5B\x5D-\x7E]+\z", answer.Text("error_description"));
    }

    [Fact]
    [Trait("Rule", "PAR-02")]
    [Trait("Rule", "OA-07")]
    public async Task A_reference_cannot_be_pushed() =>
        await world.RefusedAsync(Tpp.ParAsync((await GoodAsync()).With("request_uri", "urn:ietf:params:oauth:request_uri:x")), 400, "invalid_request", "PAR-02");

    [Fact]
    [Trait("Rule", "CO-02")]
    [Trait("Rule", "CON-07")]
    public async Task A_consent_of_another_client_is_as_good_as_none()
    {
        var foreign = await world.Other.CreateConsentAsync();
        await world.RefusedAsync(Tpp.ParAsync(TestTpp.AuthorizationRequest(foreign)), 400, "invalid_request", "CO-02");
        await world.RefusedAsync(Tpp.ParAsync(TestTpp.AuthorizationRequest("no-such-consent")), 400, "invalid_request", "CO-02");
        Assert.Equal(201, (await world.Other.ParAsync(TestTpp.AuthorizationRequest(foreign))).Status);
    }

    [Fact]
    [Trait("Rule", "CO-03")]
    public async Task Consents_that_differ_are_refused()
    {
        var (one, two) = (await Tpp.CreateConsentAsync(), await Tpp.CreateConsentAsync());
        await world.RefusedAsync(Tpp.ParAsync(TestTpp.AuthorizationRequest(one).With("authorization_details", TestTpp.Details(two))), 400, "invalid_request", "CO-03");
        Assert.Equal(201, (await Tpp.ParAsync(TestTpp.AuthorizationRequest(one).With("authorization_details", TestTpp.Details(one)))).Status);
        Assert.Equal(201, (await Tpp.ParAsync(TestTpp.AuthorizationRequest(one).With("authorization_details", TestTpp.Details(one)).With("claims", null))).Status);
    }

    [Fact]
    [Trait("Rule", "PAR-15")]
    [Trait("Rule", "DPOP-15")]
    [Trait("Rule", "DPOP-16")]
    [Trait("Rule", "DP-14")]
    public async Task A_proof_and_a_thumbprint_name_one_key()
    {
        using var other = SigningKey.Create("ES256");
        var request = await GoodAsync();
        Assert.Equal(201, (await Tpp.ParAsync(request.With("dpop_jkt", Tpp.ProofKey.PublicKey.Thumbprint))).Status);
        Assert.Equal(201, (await Tpp.ParAsync(request.With("dpop_jkt", other.PublicKey.Thumbprint), withProof: false)).Status);
        await world.RefusedAsync(Tpp.ParAsync(request.With("dpop_jkt", other.PublicKey.Thumbprint)), 400, "invalid_request", "DPOP-16");
        await world.RefusedAsync(
            Tpp.PostAsync("/par", Merged(request), Tpp.Proof("POST", Tpp.Address("/token"))), 400, "invalid_dpop_proof", "DPOP-09");
    }

    [Fact]
    [Trait("Rule", "ID-18")]
    public async Task Wishes_about_pages_never_cause_an_error() => Assert.Equal(201, (await Tpp.ParAsync((await GoodAsync())
        .With("login_hint", "somebody").With("ui_locales", "cy xx").With("claims_locales", "cy").With("display", "wap").With("unknown", "1"))).Status);

    [Fact]
    [Trait("Rule", "ID-17")]
    public async Task A_hint_that_is_no_id_token_of_ours_is_refused()
    {
        var request = await GoodAsync();
        await world.RefusedAsync(Tpp.ParAsync(request.With("id_token_hint", "abc")), 400, "invalid_request", "ID-17");
        await world.RefusedAsync(Tpp.ParAsync(request.With("id_token_hint", Tpp.Assertion(claims => claims["aud"] = Tpp.ClientId))), 400, "invalid_request", "ID-17");
    }

    [Fact]
    [Trait("Rule", "OA-49")]
    [Trait("Rule", "HTTP-14")]
    public async Task What_is_too_much_is_refused_at_once()
    {
        var request = await GoodAsync();
        await world.RefusedAsync(Tpp.ParAsync(request.With("scope", string.Join(' ', Enumerable.Range(0, 8_000)))), 400, "invalid_scope", "OA-50");
        await world.RefusedAsync(Tpp.ParAsync(request.With("scope", new string('s', 65 * 1024))), 413, "invalid_request", "HTTP-14");
    }

    private async Task<Form> GoodAsync() => TestTpp.AuthorizationRequest(await Tpp.CreateConsentAsync());

    private Form Merged(Form request)
    {
        var authentication = Tpp.Authenticated();
        return request.With("client_assertion_type", authentication["client_assertion_type"]).With("client_assertion", authentication["client_assertion"]);
    }
}
