using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>Signed request objects as they are pushed, under both families of profiles: the same rules, each by the id that its profile has for it.</summary>
[Collection(ProfileTests.Name)]
public sealed class RequestObjectTests(ProfileWorld world)
{
    public static TheoryData<string, string, string, string> BadClaims() => new()
    {
        { "iss of another", """{"iss":"another"}""", "JAR-03", "JAR-03" },
        { "iss is a number", """{"iss":1}""", "JAR-03", "JAR-03" },
        { "no aud", """{"aud":"-"}""", "MS-02", "F1-09" },
        { "aud is the PAR endpoint", """{"aud":"ISSUER/par"}""", "MS-02", "F1-09" },
        { "aud is an array without us", """{"aud":["https://evil.test"]}""", "MS-02", "F1-09" },
        { "aud is an array of more than texts", """{"aud":["ISSUER",1]}""", "MS-02", "F1-09" },
        { "no nbf", """{"nbf":"-"}""", "MS-03", "F1-08" },
        { "nbf is text", """{"nbf":"1"}""", "MS-03", "F1-08" },
        { "nbf 60 minutes and a second old", """{"nbf":-3601,"exp":-1}""", "MS-03", "F1-08" },
        { "nbf 31 seconds ahead", """{"nbf":31}""", "MS-05", "F1-08" },
        { "iat 31 seconds ahead", """{"iat":31}""", "MS-05", "F1-08" },
        { "no exp", """{"exp":"-"}""", "MS-04", "F1-07" },
        { "exp is text", """{"exp":"1"}""", "MS-04", "F1-07" },
        { "ended by the leeway", """{"exp":-10,"nbf":-60}""", "MS-04", "F1-07" },
        { "exp 60 minutes and a second after nbf", """{"nbf":-60,"exp":3541}""", "MS-04", "F1-07" },
        { "sub is the client", """{"sub":"CLIENT"}""", "JAR-10", "JAR-10" },
        { "request inside", """{"request":"e30."}""", "JAR-04", "JAR-04" },
        { "request_uri inside", """{"request_uri":"urn:x"}""", "JAR-04", "JAR-04" },
        { "jti is a number", """{"jti":7}""", "JAR-12", "JAR-12" },
        { "client_id of another", """{"client_id":"another"}""", "PAR-10", "PAR-10" },
        { "no client_id", """{"client_id":"-"}""", "PAR-10", "PAR-10" },
        { "max_age as text", """{"max_age":"60"}""", "JAR-13", "JAR-13" },
        { "claims as text", """{"claims":"{}"}""", "JAR-13", "JAR-13" },
        { "scope as a list", """{"scope":["openid"]}""", "JAR-13", "JAR-13" },
        { "state is null", """{"state":"null"}""", "JAR-13", "JAR-13" },
        { "authorization_details as text", """{"authorization_details":"[]"}""", "RAR-04", "RAR-04" },
    };

    [Theory]
    [MemberData(nameof(BadClaims))]
    [Trait("Rule", "MS-02")]
    [Trait("Rule", "MS-03")]
    [Trait("Rule", "MS-04")]
    [Trait("Rule", "MS-05")]
    [Trait("Rule", "F1-07")]
    [Trait("Rule", "F1-08")]
    [Trait("Rule", "F1-09")]
    [Trait("Rule", "JAR-03")]
    [Trait("Rule", "JAR-04")]
    [Trait("Rule", "JAR-10")]
    [Trait("Rule", "JAR-12")]
    [Trait("Rule", "JAR-13")]
    [Trait("Rule", "PAR-10")]
    [Trait("Rule", "RAR-04")]
    [Trait("Rule", "CA-14")]
    [Trait("Rule", "F2-GEN-09")]
    [Trait("Rule", "OA-43")]
    [Trait("Rule", "JO-24")]
    public async Task An_object_with_one_wrong_claim_is_refused_for_it(string what, string change, string ruleOfTwo, string ruleOfOne)
    {
        Assert.NotEmpty(what);
        foreach (var (tpp, rule) in new[] { (world.Signing, ruleOfTwo), (world.Advanced, ruleOfOne) })
        {
            var request = await GoodAsync(tpp);
            await world.Host.Clock.AtOneMomentAsync(async () =>
            {
                Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request))).Status);
                await world.RefusedAsync(tpp.ParAsync(tpp.Signed(request, claims => Change(tpp, claims, change))), 400, "invalid_request_object", rule);
                Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request))).Status);
            });
        }
    }

    [Theory]
    [Trait("Rule", "MS-02")]
    [Trait("Rule", "MS-03")]
    [Trait("Rule", "MS-04")]
    [Trait("Rule", "MS-05")]
    [Trait("Rule", "F1-07")]
    [Trait("Rule", "F1-08")]
    [Trait("Rule", "F1-09")]
    [Trait("Rule", "JAR-01")]
    [Trait("Rule", "JAR-12")]
    [Trait("Rule", "JAR-13")]
    [InlineData("""{"aud":["ISSUER"]}""")]
    [InlineData("""{"aud":["https://elsewhere.test","ISSUER"]}""")]
    [InlineData("""{"nbf":-3600,"exp":-9}""")]
    [InlineData("""{"nbf":30,"iat":30}""")]
    [InlineData("""{"nbf":-60,"exp":3540}""")]
    [InlineData("""{"iss":"-","iat":"-","jti":"-"}""")]
    [InlineData("""{"sub":"somebody else"}""")]
    [InlineData("""{"max_age":60}""")]
    [InlineData("""{"unknown":{"a":[1]}}""")]
    public async Task An_object_on_the_good_side_of_each_edge_is_taken(string change)
    {
        foreach (var tpp in new[] { world.Signing, world.Advanced, world.Plain, world.Baseline })
        {
            var request = await GoodAsync(tpp);
            await world.Host.Clock.AtOneMomentAsync(async () => Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request, claims => Change(tpp, claims, change)))).Status));
        }
    }

    [Theory]
    [Trait("Rule", "JAR-08")]
    [Trait("Rule", "KEY-11")]
    [Trait("Rule", "JO-25")]
    [InlineData("oauth-authz-req+jwt", null)]
    [InlineData("application/OAuth-Authz-Req+JWT", null)]
    [InlineData("JWT", null)]
    [InlineData(null, null)]
    [InlineData("client-authentication+jwt", "JAR-08")]
    [InlineData("dpop+jwt", "JAR-08")]
    [InlineData("at+jwt", "JAR-08")]
    public async Task The_typ_is_that_of_a_request_object(string? typ, string? rule)
    {
        var request = await GoodAsync(world.Signing);
        var answer = await world.Signing.ParAsync(world.Signing.Signed(request, typ: typ));
        Assert.Equal((rule is null ? 201 : 400, rule is null ? null : "invalid_request_object", rule), (answer.Status, answer.Error, world.RuleOf(answer)));
    }

    public static TheoryData<string, string> BadObjects() => new()
    {
        { "none", "JAR-07" }, { "None", "JAR-07" }, { "RS256", "KEY-01" }, { "HS256", "KEY-01" }, { "no alg", "KEY-07" }, { "foreign key", "KEY-14" },
        { "key of another client", "KEY-14" }, { "foreign key under our kid", "KEY-08" }, { "signature of another message", "KEY-08" }, { "jwk in the header", "KEY-10" },
        { "jku in the header", "KEY-10" }, { "crit", "KEY-09" }, { "claim twice", "KEY-09" }, { "payload no JSON", "KEY-09" }, { "encrypted", "JO-17" },
        { "JSON form", "JO-21" }, { "no JWT", "KEY-09" }, { "too long", "JO-22" }, { "padding", "KEY-09" },
    };

    [Theory]
    [MemberData(nameof(BadObjects))]
    [Trait("Rule", "JAR-06")]
    [Trait("Rule", "JAR-07")]
    [Trait("Rule", "JAR-09")]
    [Trait("Rule", "F1-31")]
    [Trait("Rule", "KEY-01")]
    [Trait("Rule", "KEY-02")]
    [Trait("Rule", "KEY-03")]
    [Trait("Rule", "KEY-10")]
    [Trait("Rule", "OA-43")]
    [Trait("Rule", "OA-44")]
    [Trait("Rule", "JO-01")]
    [Trait("Rule", "JO-02")]
    [Trait("Rule", "JO-03")]
    [Trait("Rule", "JO-04")]
    [Trait("Rule", "JO-06")]
    [Trait("Rule", "JO-11")]
    [Trait("Rule", "JO-14")]
    [Trait("Rule", "JO-15")]
    [Trait("Rule", "JO-17")]
    [Trait("Rule", "JO-21")]
    [Trait("Rule", "JO-22")]
    [Trait("Rule", "JO-23")]
    public async Task What_the_client_has_not_signed_is_refused_and_nothing_is_fetched(string what, string rule)
    {
        foreach (var (tpp, other) in new[] { (world.Signing, world.Plain), (world.Advanced, world.Asserting) })
        {
            var request = await GoodAsync(tpp);
            var asked = world.Host.Outbound.Asked.Count;
            Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request))).Status);
            await world.RefusedAsync(tpp.ParAsync(Form.Empty.With("request", Bad(what, tpp, other, request))), 400, "invalid_request_object", rule);
            Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request))).Status);
            Assert.Equal(asked, world.Host.Outbound.Asked.Count);
        }
    }

    [Fact]
    [Trait("Rule", "JAR-06")]
    [Trait("Rule", "JAR-09")]
    public async Task The_algorithm_that_was_registered_is_the_only_one()
    {
        using var es = await world.RegisterAsync("fapi2-ms", change: metadata => metadata["request_object_signing_alg"] = "ES256");
        using var ps = await world.RegisterAsync("fapi2-ms", change: metadata => metadata["request_object_signing_alg"] = "PS256");
        Assert.Equal(201, (await es.ParAsync(es.Signed(await GoodAsync(es)))).Status);
        await world.RefusedAsync(ps.ParAsync(ps.Signed(await GoodAsync(ps))), 400, "invalid_request_object", "JAR-06");
        await world.RefusedAsync(es.ParAsync(es.Signed(await GoodAsync(es), key: es.ProofKey)), 400, "invalid_request_object", "KEY-14");
    }

    [Fact]
    [Trait("Rule", "JAR-09")]
    public async Task Where_the_clients_keys_cannot_be_had_nothing_is_verified()
    {
        using var tpp = await world.RegisterAsync("fapi1-advanced", TppKind.Mtls, metadata =>
        {
            metadata.Remove("jwks");
            metadata["jwks_uri"] = "https://keys.test/down";
        });
        await world.RefusedAsync(tpp.ParAsync(tpp.Signed(await GoodAsync(tpp))), 400, "invalid_request_object", "JAR-09");
    }

    [Fact]
    [Trait("Rule", "JO-26")]
    [Trait("Rule", "KEY-17")]
    public async Task Objects_with_unknown_keys_have_the_clients_set_fetched_once()
    {
        using var foreign = SigningKey.Create("ES256");
        JsonNode? jwks = null;
        using var tpp = await world.RegisterAsync("fapi1-advanced", TppKind.Mtls, metadata =>
        {
            jwks = metadata["jwks"]!.DeepClone();
            metadata.Remove("jwks");
            metadata["jwks_uri"] = "https://keys.test/once";
        });
        world.Host.Outbound.Answer("https://keys.test/once", jwks!.ToJsonString());
        var path = tpp.AuthorizePath(tpp.Signed(await ProfileWorld.HybridAsync(tpp), key: foreign));
        for (var attempt = 0; attempt < 20; attempt++) await world.PageAsync(path, "invalid_request_object", "KEY-14");
        Assert.Single(world.Host.Outbound.Asked, asked => asked.ToString()!.Contains("keys.test/once", StringComparison.Ordinal));
        Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(await ProfileWorld.HybridAsync(tpp)))).Status);
    }

    [Fact]
    [Trait("Rule", "PAR-09")]
    [Trait("Rule", "JAR-05")]
    [Trait("Rule", "F1-05")]
    public async Task What_stands_beside_a_pushed_object_is_not_read()
    {
        foreach (var tpp in new[] { world.Signing, world.Advanced })
        {
            var form = tpp.Signed(await GoodAsync(tpp))
                .With("redirect_uri", "https://evil.test").With("scope", "everything").With("state", "outside").With("response_type", "token").With("prompt", "none login");
            Assert.Equal(201, (await tpp.ParAsync(form)).Status);

            // And what is missing inside is missing.
            await world.RefusedAsync(
                tpp.ParAsync(tpp.Signed((await GoodAsync(tpp)).With("redirect_uri", null)).With("redirect_uri", tpp.RedirectUri)),
                400, "invalid_request", tpp == world.Signing ? "F2-PAR-06" : "F1-17");
        }
    }

    [Fact]
    [Trait("Rule", "JAR-02")]
    [Trait("Rule", "PAR-02")]
    public async Task An_object_and_a_reference_together_are_refused() => await world.RefusedAsync(
        world.Signing.ParAsync(world.Signing.Signed(await GoodAsync(world.Signing)).With("request_uri", "urn:ietf:params:oauth:request_uri:x")), 400, "invalid_request", "PAR-02");

    [Fact]
    [Trait("Rule", "JAR-12")]
    [Trait("Rule", "OA-44")]
    public async Task An_object_is_pushed_once_and_a_refusal_costs_nothing()
    {
        foreach (var tpp in new[] { world.Signing, world.Advanced })
        {
            var request = await GoodAsync(tpp);
            var id = TestTpp.NewId();
            var once = tpp.Signed(request, claims => claims["jti"] = id);
            await world.RefusedAsync(tpp.ParAsync(tpp.Signed(request.With("scope", "everything"), claims => claims["jti"] = id)), 400, "invalid_scope", "OA-50");
            Assert.Equal(201, (await tpp.ParAsync(once)).Status);
            await world.RefusedAsync(tpp.ParAsync(once), 400, "invalid_request_object", "JAR-12");

            // Without a jti there is nothing to remember it by.
            var nameless = tpp.Signed(request, claims => claims.Remove("jti"));
            Assert.Equal((201, 201), ((await tpp.ParAsync(nameless)).Status, (await tpp.ParAsync(nameless)).Status));
        }
    }

    [Fact]
    [Trait("Rule", "JAR-12")]
    [Trait("Rule", "OA-44")]
    public async Task Of_twenty_pushes_of_one_object_at_one_moment_one_is_taken()
    {
        for (var round = 0; round < 3; round++)
        {
            var once = world.Signing.Signed(await GoodAsync(world.Signing));
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => world.Signing.ParAsync(once))));
            Assert.Equal((1, 19), (answers.Count(answer => answer.Status == 201), answers.Count(answer => answer.Error == "invalid_request_object")));
        }
    }

    [Fact]
    [Trait("Rule", "OA-44")]
    [Trait("Rule", "F1-31")]
    public async Task The_object_of_one_client_is_nothing_to_another()
    {
        var stolen = world.Signing.Signed(await GoodAsync(world.Signing));
        await world.RefusedAsync(world.Plain.ParAsync(stolen), 400, "invalid_request_object", "KEY-14");
        Assert.Equal(201, (await world.Signing.ParAsync(stolen)).Status);
    }

    [Fact]
    [Trait("Rule", "CA-14")]
    [Trait("Rule", "OA-40")]
    [Trait("Rule", "JO-25")]
    public async Task An_object_is_no_assertion_and_an_assertion_is_no_object()
    {
        var tpp = world.Asserting;
        var request = await GoodAsync(tpp);
        var claims = tpp.RequestObject(request, typ: "JWT");
        await world.RefusedAsync(tpp.ParAsync(tpp.Signed(request).With("client_assertion", claims)), 401, "invalid_client", "CA-06");
        await world.RefusedAsync(tpp.ParAsync(tpp.Signed(request).With("client_assertion", tpp.RequestObject(request, c => c["sub"] = tpp.ClientId))), 401, "invalid_client", "KEY-11");
        await world.RefusedAsync(tpp.ParAsync(Form.Empty.With("request", tpp.Assertion())), 400, "invalid_request_object", "F1-08");
        await world.RefusedAsync(tpp.ParAsync(Form.Empty.With("request", tpp.Assertion(c => c["nbf"] = c["iat"]!.DeepClone()))), 400, "invalid_request_object", "JAR-10");
    }

    [Fact]
    [Trait("Rule", "F1-25")]
    public async Task Two_names_in_one_request_are_no_client() => await world.RefusedAsync(
        world.Asserting.ParAsync(world.Asserting.Signed(await GoodAsync(world.Asserting)).With("client_id", world.Signing.ClientId)), 401, "invalid_client", "CA-12");

    private static async Task<Form> GoodAsync(TestTpp tpp)
    {
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
        return tpp.Kind == TppKind.Dpop ? request : request.With("response_mode", "jwt");
    }

    private static string Bad(string what, TestTpp tpp, TestTpp other, Form request)
    {
        using var foreign = SigningKey.Create("ES256");
        var good = tpp.RequestObject(request);
        var parts = good.Split('.');
        return what switch
        {
            "none" or "None" => Part($$"""{"alg":"{{what}}"}""") + "." + parts[1] + ".",
            "RS256" or "HS256" => Part($$"""{"alg":"{{what}}","kid":"{{tpp.Key.KeyId}}"}""") + "." + parts[1] + "." + parts[2],
            "no alg" => Part("{}") + "." + parts[1] + "." + parts[2],
            "foreign key" => tpp.RequestObject(request, key: foreign),
            "key of another client" => tpp.RequestObject(request, key: other.Key),
            "foreign key under our kid" => Part($$"""{"alg":"ES256","kid":"{{tpp.Key.KeyId}}"}""") + "." + parts[1] + "." + tpp.RequestObject(request, key: foreign).Split('.')[2],
            "signature of another message" => parts[0] + "." + parts[1] + "." + tpp.RequestObject(request).Split('.')[2],
            "jwk in the header" => Part($$"""{"alg":"ES256","jwk":{{foreign.PublicKey.ToJson().ToJsonString()}}}""") + "." + parts[1] + "." + parts[2],
            "jku in the header" => Part("""{"alg":"ES256","jku":"https://evil.test/jwks"}""") + "." + parts[1] + "." + parts[2],
            "crit" => Part($$"""{"alg":"ES256","kid":"{{tpp.Key.KeyId}}","crit":["exp"]}""") + "." + parts[1] + "." + parts[2],
            "claim twice" => Resigned(tpp, Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace("{\"iss\"", "{\"aud\":\"x\",\"iss\"", StringComparison.Ordinal)),
            "payload no JSON" => Resigned(tpp, "scope=openid"),
            "encrypted" => "a.b.c.d.e",
            "JSON form" => """{"payload":"e30","signatures":[]}""",
            "no JWT" => "request",
            "too long" => new string('a', (32 * 1024) + 1),
            "padding" => parts[0] + "=." + parts[1] + "." + parts[2],
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };
    }

    private static string Resigned(TestTpp tpp, string payload)
    {
        var input = Part($$"""{"alg":"ES256","kid":"{{tpp.Key.KeyId}}"}""") + "." + Part(payload);
        return input + "." + Base64Url.EncodeToString(tpp.Key.Sign(Encoding.ASCII.GetBytes(input)));
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    /// <summary>Small numbers are seconds from now, <c>-</c> takes a claim out, <c>null</c> makes it null.</summary>
    private void Change(TestTpp tpp, JsonObject claims, string change)
    {
        var text = change.Replace("ISSUER", world.Host.Issuer.OriginalString, StringComparison.Ordinal).Replace("CLIENT", tpp.ClientId, StringComparison.Ordinal);
        foreach (var (name, value) in JsonNode.Parse(text)!.AsObject())
        {
            claims.Remove(name);
            switch (value)
            {
                case JsonValue text_ when text_.TryGetValue<string>(out var word) && word == "-":
                    break;
                case JsonValue text_ when text_.TryGetValue<string>(out var word) && word == "null":
                    claims[name] = null;
                    break;
                case JsonValue number when number.TryGetValue<long>(out var seconds) && name is "nbf" or "exp" or "iat":
                    claims[name] = world.Host.Clock.Now.ToUnixTimeSeconds() + seconds;
                    break;
                default:
                    claims[name] = value?.DeepClone();
                    break;
            }
        }
    }
}
