using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Clients;

[Collection(FrontTests.Name)]
public sealed class ClientAuthenticationTests(FrontWorld world)
{
    private TestTpp Tpp => world.Tpp;

    public static TheoryData<string, string, string> BadClaims() => new()
    {
        { "no iss", """{"iss":null}""", "CA-06" },
        { "iss of another", """{"iss":"another"}""", "CA-06" },
        { "no sub", """{"sub":null}""", "CA-06" },
        { "sub is a number", """{"sub":1}""", "CA-06" },
        { "no aud", """{"aud":null}""", "CA-07" },
        { "aud is the token endpoint", """{"aud":"ISSUER/token"}""", "CA-07" },
        { "aud is the PAR endpoint", """{"aud":"ISSUER/par"}""", "CA-07" },
        { "aud is an array", """{"aud":["ISSUER"]}""", "CA-07" },
        { "aud is for two", """{"aud":["ISSUER","https://evil.test"]}""", "CA-07" },
        { "aud with a slash", """{"aud":"ISSUER/"}""", "CA-07" },
        { "aud in capitals", """{"aud":"CAPITALS"}""", "CA-07" },
        { "no exp", """{"exp":null}""", "CA-09" },
        { "exp is text", """{"exp":"1"}""", "CA-09" },
        { "expired by the leeway", """{"exp":-10}""", "CA-09" },
        { "exp too far ahead", """{"exp":3601}""", "CA-09" },
        { "iat ahead", """{"iat":31}""", "CA-09" },
        { "nbf ahead", """{"nbf":31}""", "CA-09" },
        { "nbf is text", """{"nbf":"soon"}""", "CA-09" },
        { "no jti", """{"jti":null}""", "CA-10" },
        { "empty jti", """{"jti":""}""", "CA-10" },
        { "jti is a number", """{"jti":7}""", "CA-10" },
        { "long jti", """{"jti":"LONG"}""", "CA-10" },
    };

    [Theory]
    [MemberData(nameof(BadClaims))]
    [Trait("Rule", "CA-06")]
    [Trait("Rule", "CA-07")]
    [Trait("Rule", "CA-09")]
    [Trait("Rule", "CA-10")]
    [Trait("Rule", "F2-GEN-09")]
    [Trait("Rule", "OA-23")]
    [Trait("Rule", "OA-24")]
    [Trait("Rule", "OA-25")]
    public Task An_assertion_with_one_wrong_claim_is_refused_for_it(string what, string change, string rule) => world.Host.Clock.AtOneMomentAsync(async () =>
    {
        Assert.NotEmpty(what);
        await SucceedsAsync(Tpp.Assertion());
        await world.RefusedAsync(SendAsync(Tpp.Assertion(claims => world.Change(claims, change))), 401, "invalid_client", rule);
        await SucceedsAsync(Tpp.Assertion());
    });

    [Theory]
    [Trait("Rule", "CA-09")]
    [Trait("Rule", "F2-GEN-09")]
    [InlineData("""{"exp":-9}""")]
    [InlineData("""{"exp":3600}""")]
    [InlineData("""{"iat":30,"nbf":30}""")]
    [InlineData("""{"iat":null}""")]
    [InlineData("""{"extra":{"a":1}}""")]
    public Task An_assertion_on_the_good_side_of_each_edge_is_taken(string change) =>
        world.Host.Clock.AtOneMomentAsync(() => SucceedsAsync(Tpp.Assertion(claims => world.Change(claims, change))));

    [Theory]
    [Trait("Rule", "CA-09")]
    [Trait("Rule", "JO-24")]
    [InlineData(253_402_300_799)]
    [InlineData(253_402_300_800)]
    public Task An_assertion_until_the_end_of_the_calendar_lasts_too_long_and_no_more(long end) =>
        world.RefusedAsync(SendAsync(Tpp.Assertion(claims => claims["exp"] = end)), 401, "invalid_client", "CA-09");

    [Fact]
    [Trait("Rule", "CA-10")]
    [Trait("Rule", "CA-04")]
    [Trait("Rule", "OA-22")]
    public async Task An_assertion_is_good_once_at_whatever_endpoint()
    {
        var assertion = Tpp.Assertion();
        await SucceedsAsync(assertion);
        await world.RefusedAsync(SendAsync(assertion), 401, "invalid_client", "CA-10");
        await world.RefusedAsync(SendAsync(assertion, path: "/par"), 401, "invalid_client", "CA-10");
        await world.RefusedAsync(SendAsync(assertion, path: "/introspect"), 401, "invalid_client", "CA-10");
        await world.RefusedAsync(SendAsync(assertion, path: "/revoke"), 401, "invalid_client", "CA-10");
    }

    [Fact]
    [Trait("Rule", "CA-10")]
    [Trait("Rule", "OA-22")]
    public async Task Of_twenty_times_the_same_assertion_at_one_moment_one_is_taken()
    {
        for (var round = 0; round < 5; round++)
        {
            var assertion = Tpp.Assertion();
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => SendAsync(assertion))));
            Assert.Equal((1, 19), (answers.Count(answer => answer.Status == 200), answers.Count(answer => (answer.Status, answer.Error) == (401, "invalid_client"))));
        }
    }

    [Fact]
    [Trait("Rule", "CA-10")]
    public async Task A_jti_belongs_to_its_client_and_may_come_again_once_it_has_expired()
    {
        var jti = TestTpp.NewId();
        try
        {
            world.Host.Clock.StopAt(world.Host.Clock.Now);
            await SucceedsAsync(Tpp.Assertion(claims => claims["jti"] = jti));
            Assert.Equal(200, (await world.Other.TokenAsync(FrontWorld.ClientCredentials.With("client_assertion", world.Other.Assertion(claims => claims["jti"] = jti)))).Status);
            world.Host.Clock.Advance(TimeSpan.FromSeconds(69));
            await world.RefusedAsync(SendAsync(Tpp.Assertion(claims => claims["jti"] = jti)), 401, "invalid_client", "CA-10");
            world.Host.Clock.Advance(TimeSpan.FromSeconds(1));
            await SucceedsAsync(Tpp.Assertion(claims => claims["jti"] = jti));
        }
        finally
        {
            world.Host.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "CA-11")]
    [Trait("Rule", "CA-15")]
    [Trait("Rule", "OA-24")]
    public async Task Another_key_another_clients_key_or_an_unknown_client_get_one_answer()
    {
        using var foreign = SigningKey.Create("ES256");
        var unknown = Tpp.Assertion(claims => (claims["iss"], claims["sub"]) = ("nobody", "nobody"));
        Answer[] answers =
        [
            await SendAsync(Tpp.Assertion(key: foreign)),
            await SendAsync(Tpp.Assertion(key: world.Other.Key)),
            await SendAsync(unknown, clientId: "nobody"),
            await SendAsync("not.a.jwt"),
        ];
        Assert.All(answers, answer => Assert.Equal((401, answers[0].Body), (answer.Status, answer.Body)));
        Assert.Contains(world.Host.Refusals, refusal => refusal is { Rule: "CA-15", Client: "-" });
    }

    [Fact]
    [Trait("Rule", "CA-12")]
    public Task A_client_id_beside_the_assertion_must_be_its_own() =>
        world.RefusedAsync(SendAsync(Tpp.Assertion(), clientId: world.Other.ClientId), 401, "invalid_client", "CA-12");

    [Theory]
    [Trait("Rule", "CA-14")]
    [InlineData("oauth-authz-req+jwt", 401)]
    [InlineData("at+jwt", 401)]
    [InlineData("dpop+jwt", 401)]
    [InlineData(null, 200)]
    [InlineData("JWT", 200)]
    [InlineData("client-authentication+jwt", 200)]
    public async Task An_assertion_of_another_type_is_none(string? typ, int status) =>
        Assert.Equal(status, (await SendAsync(Tpp.Assertion(typ: typ))).Status);

    [Fact]
    [Trait("Rule", "CA-11")]
    public async Task A_registered_algorithm_is_the_only_one()
    {
        using var tpp = await TestTpp.RegisterAsync(world.Host, change: metadata => metadata["token_endpoint_auth_signing_alg"] = "PS256");
        await world.RefusedAsync(tpp.TokenAsync(FrontWorld.ClientCredentials), 401, "invalid_client", "CA-11");
        using var good = await TestTpp.RegisterAsync(world.Host, change: metadata => metadata["token_endpoint_auth_signing_alg"] = "PS256", algorithm: "PS256");
        Assert.Equal(200, (await good.TokenAsync(FrontWorld.ClientCredentials)).Status);
    }

    [Fact]
    [Trait("Rule", "CA-05")]
    public async Task The_type_of_the_assertion_is_said_exactly()
    {
        var form = FrontWorld.ClientCredentials.With("client_assertion", Tpp.Assertion());
        await world.RefusedAsync(Tpp.PostAsync("/token", form), 400, "invalid_request", "CA-05");
        await world.RefusedAsync(Tpp.PostAsync("/token", form.With("client_assertion_type", "jwt")), 400, "invalid_request", "CA-05");
        await world.RefusedAsync(Tpp.PostAsync("/token", FrontWorld.ClientCredentials.With("client_assertion_type", TestTpp.JwtBearer)), 400, "invalid_request", "CA-05");
    }

    [Fact]
    [Trait("Rule", "CA-02")]
    [Trait("Rule", "CA-03")]
    [Trait("Rule", "CA-13")]
    [Trait("Rule", "HTTP-11")]
    [Trait("Rule", "OA-26")]
    [Trait("Rule", "OA-27")]
    public async Task Secrets_are_no_way_to_authenticate_and_two_ways_are_one_too_many()
    {
        var named = FrontWorld.ClientCredentials.With("client_id", Tpp.ClientId);
        await world.RefusedAsync(Tpp.PostAsync("/token", named), 401, "invalid_client", "CA-13");
        await world.RefusedAsync(Tpp.PostAsync("/token", FrontWorld.ClientCredentials), 401, "invalid_client", "CA-13");
        await world.RefusedAsync(Tpp.PostAsync("/token", named.With("client_secret", "s")), 401, "invalid_client", "CA-02");
        await world.RefusedAsync(Tpp.CallAsync("/token", named.With("client_secret", "s")), 400, "invalid_request", "CA-03");
        await world.RefusedAsync(BasicAsync(FrontWorld.ClientCredentials), 401, "invalid_client", "CA-02");
        Assert.StartsWith("Basic", (await BasicAsync(FrontWorld.ClientCredentials)).Header("WWW-Authenticate"), StringComparison.Ordinal);
        await world.RefusedAsync(BasicAsync(Tpp.Authenticated().With("grant_type", "client_credentials")), 400, "invalid_request", "CA-03");

        async Task<Answer> BasicAsync(Form form)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = form.Content() };
            request.Headers.TryAddWithoutValidation("Authorization", "Basic dHBwOnM=");
            return await Tpp.SendAsync(request);
        }
    }

    [Fact]
    [Trait("Rule", "KEY-17")]
    public async Task A_key_at_the_clients_own_address_is_fetched_and_its_absence_is_a_refusal()
    {
        using var tpp = await TestTpp.RegisterAsync(world.Host, change: metadata =>
        {
            metadata.Remove("jwks");
            metadata["jwks_uri"] = "https://keys.example/one";
        });
        await world.RefusedAsync(tpp.TokenAsync(FrontWorld.ClientCredentials), 401, "invalid_client", "KEY-17");
        world.Host.Outbound.Answer("https://keys.example/one", new JsonObject { ["keys"] = new JsonArray(tpp.Key.PublicKey.ToJson()) }.ToJsonString());
        world.Host.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(200, (await tpp.TokenAsync(FrontWorld.ClientCredentials)).Status);
        Assert.Equal(2, world.Host.Outbound.Asked.Count(address => address.AbsolutePath == "/one"));
    }

    [Theory]
    [Trait("Rule", "CA-15")]
    [InlineData("a\0b")]
    [InlineData("ü")]
    public Task An_id_that_cannot_be_one_is_an_unknown_client(string id) =>
        world.RefusedAsync(Tpp.PostAsync("/token", FrontWorld.ClientCredentials.With("client_id", id)), 401, "invalid_client", "CA-15");

    private async Task SucceedsAsync(string assertion) => Assert.Equal(200, (await SendAsync(assertion)).Status);

    private Task<Answer> SendAsync(string assertion, string? clientId = null, string path = "/token") => Tpp.PostAsync(
        path,
        FrontWorld.ClientCredentials.With("token", "a-token").With("client_id", clientId ?? Tpp.ClientId).With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", assertion),
        Tpp.Proof("POST", Tpp.Address(path)));
}
