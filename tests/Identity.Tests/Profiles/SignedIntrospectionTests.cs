using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>Introspection answers that the caller can keep as evidence (RFC 9701).</summary>
[Collection(ProfileTests.Name)]
public sealed class SignedIntrospectionTests(ProfileWorld world)
{
    private const string Jwt = "application/token-introspection+jwt";
    private const string Type = "token-introspection+jwt";

    [Fact]
    [Trait("Rule", "MS-08")]
    [Trait("Rule", "JIN-01")]
    [Trait("Rule", "JIN-02")]
    [Trait("Rule", "JIN-03")]
    [Trait("Rule", "JIN-05")]
    public async Task A_token_is_described_in_a_signed_answer()
    {
        var tpp = world.Signing;
        var token = await tpp.ClientTokenAsync();
        var answer = await IntrospectAsync(tpp, token, Jwt);
        Assert.Equal((200, Jwt), (answer.Status, answer.ContentType));
        Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);

        var claims = world.Read(answer.Body, Type, "PS256");
        Assert.Equal(["aud", "iat", "iss", "token_introspection"], claims.EnumerateObject().Select(claim => claim.Name).Order(StringComparer.Ordinal));
        Assert.Equal((world.Host.Issuer.OriginalString, tpp.ClientId), (Claims.Text(claims, "iss"), Claims.Text(claims, "aud")));
        Assert.InRange(Claims.Seconds(claims, "iat")!.Value, world.Host.Clock.Now.ToUnixTimeSeconds() - 30, world.Host.Clock.Now.ToUnixTimeSeconds());

        // The same as in JSON.
        var plain = await IntrospectAsync(tpp, token, "application/json");
        Assert.Equal((200, "application/json", true), (plain.Status, plain.ContentType, plain.Json.GetProperty("active").GetBoolean()));
        Assert.Equal(plain.Body, claims.GetProperty("token_introspection").GetRawText());
    }

    [Fact]
    [Trait("Rule", "JIN-04")]
    [Trait("Rule", "JIN-07")]
    [Trait("Rule", "OA-51")]
    public async Task What_is_not_active_for_the_caller_is_signed_too_and_says_nothing()
    {
        foreach (var token in new[] { "unknown", await world.Plain.ClientTokenAsync() })
        {
            var claims = world.Read((await IntrospectAsync(world.Signing, token, Jwt)).Body, Type);
            Assert.Equal("""{"active":false}""", claims.GetProperty("token_introspection").GetRawText());
            Assert.Equal(["aud", "iat", "iss", "token_introspection"], claims.EnumerateObject().Select(claim => claim.Name).Order(StringComparer.Ordinal));
        }

        await world.RefusedAsync(world.Signing.PostAsync("/introspect", Form.Empty.With("token", "x").With("client_id", world.Signing.ClientId)), 401, "invalid_client", "CA-13");
    }

    [Theory]
    [Trait("Rule", "JIN-01")]
    [InlineData(Jwt, true)]
    [InlineData("application/json, " + Jwt, true)]
    [InlineData("application/json;q=0.5, Application/Token-Introspection+JWT", true)]
    [InlineData("application/json, " + Jwt + ";q=0.5", false)]
    [InlineData("application/json, " + Jwt + ";q=0", false)]
    [InlineData("*/*", false)]
    [InlineData("application/*", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public async Task The_form_is_the_one_that_was_asked_for(string? accept, bool signed) =>
        Assert.Equal((200, signed ? Jwt : "application/json"), Form_(await IntrospectAsync(world.Signing, "unknown", accept)));

    [Fact]
    [Trait("Rule", "JIN-01")]
    [Trait("Rule", "JIN-05")]
    public async Task Who_is_not_registered_for_it_gets_json_or_nothing()
    {
        var answer = await IntrospectAsync(world.Plain, "unknown", Jwt);
        Assert.Equal((406, "", "JIN-01"), (answer.Status, answer.Body, world.RuleOf(answer)));
        Assert.Equal((200, "application/json"), Form_(await IntrospectAsync(world.Plain, "unknown", Jwt + ", application/json;q=0.1")));
        Assert.Equal(406, (await IntrospectAsync(world.Signing, "unknown", "text/html")).Status);

        using var registered = await world.RegisterAsync("fapi2-sp", change: metadata => metadata["introspection_signed_response_alg"] = "ES256");
        world.Read((await IntrospectAsync(registered, "unknown", Jwt)).Body, Type, "ES256");
        using var older = await world.RegisterAsync("fapi1-advanced", TppKind.Mtls, metadata => metadata["introspection_signed_response_alg"] = "PS256");
        world.Read((await IntrospectAsync(older, "unknown", Jwt)).Body, Type, "PS256");
    }

    [Fact]
    [Trait("Rule", "JIN-08")]
    [Trait("Rule", "OA-40")]
    public async Task The_answer_is_no_access_token_no_assertion_and_no_hint()
    {
        var tpp = world.Signing;
        var jwt = (await IntrospectAsync(tpp, await tpp.ClientTokenAsync(), Jwt)).Body;
        Assert.Equal(401, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", jwt)).Status);
        await world.RefusedAsync(tpp.ParAsync(Form.Empty.With("client_assertion", jwt)), 401, "invalid_client", "CA-06");
        await world.RefusedAsync(tpp.ParAsync(tpp.Signed((await ProfileWorld.JarmAsync(tpp)).With("id_token_hint", jwt))), 400, "invalid_request", "ID-17");
    }

    private static (int, string?) Form_(Answer answer) => (answer.Status, answer.ContentType);

    private static Task<Answer> IntrospectAsync(TestTpp tpp, string token, string? accept)
    {
        var form = tpp.Authenticated().With("token", token);
        var request = new HttpRequestMessage(HttpMethod.Post, "/introspect") { Content = form.Content() };
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        return tpp.SendAsync(request);
    }
}
