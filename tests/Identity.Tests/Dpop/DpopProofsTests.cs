using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Dpop;

[Collection(FrontTests.Name)]
public class DpopProofsTests(FrontWorld world)
{
    private TestTpp Tpp => world.Tpp;

    private string Token => Tpp.Address("/token");

    public static TheoryData<string, string, string> BadClaims() => new()
    {
        { "no jti", """{"jti":null}""", "DPOP-07" },
        { "empty jti", """{"jti":""}""", "DPOP-07" },
        { "no htm", """{"htm":null}""", "DPOP-07" },
        { "no htu", """{"htu":null}""", "DPOP-07" },
        { "no iat", """{"iat":null}""", "DPOP-07" },
        { "iat is text", """{"iat":"now"}""", "DPOP-07" },
        { "htu is a number", """{"htu":5}""", "DPOP-07" },
        { "long jti", """{"jti":"LONG"}""", "DP-17" },
        { "another method", """{"htm":"GET"}""", "DPOP-08" },
        { "small letters", """{"htm":"post"}""", "DPOP-08" },
        { "another path", """{"htu":"ISSUER/par"}""", "DPOP-09" },
        { "another host", """{"htu":"https://evil.test/token"}""", "DPOP-09" },
        { "another scheme", """{"htu":"http://localhost/token"}""", "DPOP-09" },
        { "another port", """{"htu":"https://localhost:1/token"}""", "DPOP-09" },
        { "relative", """{"htu":"/token"}""", "DPOP-09" },
        { "with a user", """{"htu":"https://a@localhost/token"}""", "DPOP-09" },
        { "61 seconds old", """{"iat":-61}""", "DPOP-11" },
        { "an hour old", """{"iat":-3600}""", "DPOP-11" },
        { "31 seconds ahead", """{"iat":31}""", "F2-GEN-09" },
        { "an hour ahead", """{"iat":3600}""", "F2-GEN-09" },
        { "expired", """{"exp":-10}""", "DPOP-13" },
        { "not yet", """{"nbf":31}""", "DPOP-13" },
    };

    [Theory]
    [MemberData(nameof(BadClaims))]
    [Trait("Rule", "DPOP-07")]
    [Trait("Rule", "DPOP-08")]
    [Trait("Rule", "DPOP-09")]
    [Trait("Rule", "DPOP-11")]
    [Trait("Rule", "DPOP-13")]
    [Trait("Rule", "F2-GEN-09")]
    [Trait("Rule", "DP-03")]
    [Trait("Rule", "DP-06")]
    [Trait("Rule", "DP-07")]
    [Trait("Rule", "DP-09")]
    [Trait("Rule", "DP-17")]
    public Task A_proof_with_one_wrong_claim_is_refused_for_it(string what, string change, string rule) => world.Host.Clock.AtOneMomentAsync(async () =>
    {
        Assert.NotEmpty(what);
        await world.RefusedAsync(SendAsync(Proof(change)), 400, "invalid_dpop_proof", rule);
        Assert.Equal(200, (await SendAsync(Proof())).Status);
    });

    [Theory]
    [Trait("Rule", "DPOP-09")]
    [Trait("Rule", "DPOP-10")]
    [Trait("Rule", "DPOP-13")]
    [Trait("Rule", "DP-08")]
    [Trait("Rule", "DP-09")]
    [InlineData("""{"htu":"ISSUER/token?a=b"}""")]
    [InlineData("""{"htu":"ISSUER/token#f"}""")]
    [InlineData("""{"htu":"ISSUER/a/../token"}""")]
    [InlineData("""{"htu":"ISSUER/%74oken"}""")]
    [InlineData("""{"htu":"CAPITALS/token"}""")]
    [InlineData("""{"iat":-60}""")]
    [InlineData("""{"iat":-10}""")]
    [InlineData("""{"iat":30}""")]
    [InlineData("""{"exp":-9,"nbf":30,"extra":[1]}""")]
    public Task A_proof_on_the_good_side_of_each_edge_is_taken(string change) => world.Host.Clock.AtOneMomentAsync(async () =>
        Assert.Equal(200, (await SendAsync(Proof(change))).Status));

    /// <summary>The last second that a date can name is a time like any other: no tolerance may be added to it.</summary>
    [Fact]
    [Trait("Rule", "JO-24")]
    [Trait("Rule", "DPOP-13")]
    public async Task A_proof_may_last_until_the_end_of_the_calendar()
    {
        Assert.Equal(200, (await SendAsync(Tpp.Proof("POST", Token, change: claims => claims["exp"] = 253_402_300_799))).Status);
        await world.RefusedAsync(SendAsync(Tpp.Proof("POST", Token, change: claims => claims["exp"] = 253_402_300_800)), 400, "invalid_dpop_proof", "DPOP-13");
    }

    [Fact]
    [Trait("Rule", "DPOP-10")]
    public void Addresses_are_compared_in_one_spelling()
    {
        Assert.Equal("https://bank.example/a/b", HttpTarget.Normalised("HTTPS://Bank.Example:443/x/../a/%62?q#f"));
        Assert.Equal(HttpTarget.Normalised("https://bank.example/a%2fb"), HttpTarget.Normalised("https://bank.example/a%2Fb"));
        Assert.NotEqual(HttpTarget.Normalised("https://bank.example/a"), HttpTarget.Normalised("https://bank.example/a/"));
        Assert.Null(HttpTarget.Normalised("http://bank.example/a"));
        Assert.Null(HttpTarget.Normalised("/a"));
    }

    [Theory]
    [Trait("Rule", "DPOP-10")]
    [InlineData("internal:8080", "https://bank.example/op/token")]
    [InlineData("bank.example", "https://bank.example/op/token")]
    [InlineData("mtls.bank.example", "https://mtls.bank.example/op/token")]
    public void The_address_is_the_public_one_also_behind_a_proxy(string host, string address)
    {
        var http = new DefaultHttpContext { Request = { Host = new HostString(host), Scheme = "http", PathBase = "/op", Path = "/token" } };
        Assert.Equal(address, HttpTarget.Of(http.Request, ["https://bank.example/op", "https://mtls.bank.example/op"]));
    }

    [Fact]
    [Trait("Rule", "DPOP-01")]
    [Trait("Rule", "DP-02")]
    public async Task There_is_exactly_one_proof()
    {
        await world.RefusedAsync(SendAsync(Proof(), Proof()), 400, "invalid_dpop_proof", "DPOP-01");
        await world.RefusedAsync(SendAsync(Proof() + ", " + Proof()), 400, "invalid_dpop_proof", "DPOP-01");
        await world.RefusedAsync(Tpp.PostAsync("/token", Good()), 400, "invalid_dpop_proof", "DPOP-18");
    }

    [Fact]
    [Trait("Rule", "DPOP-02")]
    [Trait("Rule", "DPOP-03")]
    [Trait("Rule", "DPOP-04")]
    [Trait("Rule", "DPOP-05")]
    [Trait("Rule", "DPOP-06")]
    [Trait("Rule", "DP-03")]
    [Trait("Rule", "DP-04")]
    [Trait("Rule", "DP-05")]
    public async Task A_proof_is_a_jws_of_its_type_signed_by_the_public_key_it_carries()
    {
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(Proof().Split('.')[1]))!.AsObject();
        var jwk = Tpp.ProofKey.PublicKey.ToJson();
        var withPrivate = (JsonObject)jwk.DeepClone();
        withPrivate["d"] = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        using var other = SigningKey.Create("ES256");

        string[] bad =
        [
            "",
            "abc",
            Made(new JsonObject { ["alg"] = "ES256", ["typ"] = "jwt", ["jwk"] = jwk.DeepClone() }, claims),
            Made(new JsonObject { ["alg"] = "ES256", ["jwk"] = jwk.DeepClone() }, claims),
            Made(new JsonObject { ["alg"] = "ES256", ["typ"] = "dpop+jwt" }, claims),
            Made(new JsonObject { ["alg"] = "none", ["typ"] = "dpop+jwt", ["jwk"] = jwk.DeepClone() }, claims),
            Made(new JsonObject { ["alg"] = "RS256", ["typ"] = "dpop+jwt", ["jwk"] = jwk.DeepClone() }, claims),
            Made(new JsonObject { ["alg"] = "HS256", ["typ"] = "dpop+jwt", ["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" } }, claims),
            Made(new JsonObject { ["alg"] = "ES256", ["typ"] = "dpop+jwt", ["jwk"] = withPrivate }, claims),
            Made(new JsonObject { ["alg"] = "ES256", ["typ"] = "dpop+jwt", ["jwk"] = other.PublicKey.ToJson() }, claims),
            Proof()[..^2] + "AA",
        ];
        foreach (var proof in bad)
        {
            var answer = await SendAsync(proof);
            Assert.Equal((400, "invalid_dpop_proof"), (answer.Status, answer.Error));
        }

        Assert.Equal(200, (await SendAsync(Made(new JsonObject { ["alg"] = "ES256", ["typ"] = "dpop+jwt", ["jwk"] = jwk.DeepClone() }, claims))).Status);

        string Made(JsonObject header, JsonObject payload)
        {
            var input = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString())) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload.ToJsonString()));
            return input + "." + Base64Url.EncodeToString(Tpp.ProofKey.Sign(Encoding.ASCII.GetBytes(input)));
        }
    }

    [Fact]
    [Trait("Rule", "DPOP-26")]
    public async Task A_proof_of_more_than_4096_characters_is_refused()
    {
        Assert.Equal(200, (await SendAsync(OfLength(4096))).Status);
        await world.RefusedAsync(SendAsync(OfLength(4097)), 400, "invalid_dpop_proof", "DPOP-26");

        // base64url cannot have every length, but two parts together can.
        string OfLength(int length)
        {
            for (var pad = 2000; pad < 3000; pad++)
            {
                for (var more = 0; more < 4; more++)
                {
                    var parts = Tpp.Proof("POST", Token, change: claims => claims["pad"] = new string('p', more)).Split('.');
                    var header = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!.AsObject();
                    header["pad"] = new string('p', pad);
                    var input = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString())) + "." + parts[1];
                    if (input.Length + 87 == length) return input + "." + Base64Url.EncodeToString(Tpp.ProofKey.Sign(Encoding.ASCII.GetBytes(input)));
                }
            }

            throw new InvalidOperationException("No padding gives this length.");
        }
    }

    [Fact]
    [Trait("Rule", "DPOP-12")]
    [Trait("Rule", "DP-10")]
    public async Task A_proof_is_good_once()
    {
        var proof = Proof();
        Assert.Equal(200, (await SendAsync(proof)).Status);
        await world.RefusedAsync(SendAsync(proof), 400, "invalid_dpop_proof", "DPOP-12");
    }

    [Fact]
    [Trait("Rule", "DPOP-12")]
    [Trait("Rule", "DP-10")]
    public async Task Of_fifty_times_the_same_proof_at_one_moment_one_is_taken()
    {
        for (var round = 0; round < 5; round++)
        {
            var proof = Proof();
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => SendAsync(proof))));
            Assert.Equal((1, 49), (answers.Count(answer => answer.Status == 200), answers.Count(answer => (answer.Status, answer.Error) == (400, "invalid_dpop_proof"))));
        }
    }

    [Fact]
    [Trait("Rule", "DP-11")]
    public Task A_proof_from_the_future_cannot_be_replayed_as_long_as_its_time_would_pass() => world.Host.Clock.AtOneMomentAsync(async () =>
    {
        var proof = Proof("""{"iat":30}""");
        Assert.Equal(200, (await SendAsync(proof)).Status);
        world.Host.Clock.Advance(TimeSpan.FromSeconds(89));
        await world.RefusedAsync(SendAsync(proof), 400, "invalid_dpop_proof", "DPOP-12");
        world.Host.Clock.Advance(TimeSpan.FromSeconds(1)); // the last moment of both
        await world.RefusedAsync(SendAsync(proof), 400, "invalid_dpop_proof", "DPOP-12");
        world.Host.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.RefusedAsync(SendAsync(proof), 400, "invalid_dpop_proof", "DPOP-11");
    });

    /// <summary>A clock that is an hour ahead for a while: what it made look old has not become unused when it is put right.</summary>
    [Fact]
    [Trait("Rule", "OP-20")]
    public Task What_was_used_stays_used_when_the_clock_jumps_forward_and_back() => world.Host.Clock.AtOneMomentAsync(async () =>
    {
        var (clock, start) = (world.Host.Clock, world.Host.Clock.Now);
        var (form, proof) = (Good(), Proof());
        Assert.Equal(200, (await Tpp.PostAsync("/token", form, proof)).Status);
        clock.StopAt(start.AddHours(1));
        await world.Host.Services.GetRequiredService<OpenBanking.Identity.Storage.ExpiredRows>().SweepAsync(CancellationToken.None);
        clock.StopAt(start);
        await world.RefusedAsync(Tpp.PostAsync("/token", form, Proof()), 401, "invalid_client", "CA-10");
        await world.RefusedAsync(SendAsync(proof), 400, "invalid_dpop_proof", "DPOP-12");
        Assert.Equal(200, (await SendAsync(Proof())).Status);
    });

    [Fact]
    [Trait("Rule", "DPOP-12")]
    public async Task One_jti_may_serve_at_two_addresses_and_for_two_keys()
    {
        var jti = TestTpp.NewId();
        using var other = SigningKey.Create("PS256", rsaBits: 2048);
        Assert.Equal(200, (await SendAsync(Tpp.Proof("POST", Token, change: claims => claims["jti"] = jti))).Status);
        Assert.Equal(200, (await SendAsync(Tpp.Proof("POST", Token, change: claims => claims["jti"] = jti, key: other))).Status);
        var push = await Tpp.PostAsync("/par", Tpp.Authenticated(), Tpp.Proof("POST", Tpp.Address("/par"), change: claims => claims["jti"] = jti));
        Assert.NotEqual("invalid_dpop_proof", push.Error);
    }

    [Fact]
    [Trait("Rule", "DPOP-19")]
    [Trait("Rule", "DPOP-20")]
    [Trait("Rule", "DP-15")]
    public Task A_nonce_that_is_sent_must_be_ours_and_fresh() => world.Host.Clock.AtOneMomentAsync(async () =>
    {
        var answer = await SendAsync(Proof());
        var nonce = answer.Header(DpopProofCheck.NonceHeader)!;
        Assert.Matches("^[A-Za-z0-9_-]{43}$", nonce);
        Assert.Equal(200, (await SendAsync(With(nonce))).Status);

        // The nonce says how fresh the proof is, so its own time may be older.
        Assert.Equal(200, (await SendAsync(Tpp.Proof("POST", Token, change: claims => (claims["nonce"], claims["iat"]) = (nonce, claims["iat"]!.GetValue<long>() - 120)))).Status);

        await world.RefusedAsync(SendAsync(With("made-up")), 400, "use_dpop_nonce", "DPOP-19");
        var foreign = await world.Host.Services.GetRequiredService<DpopNonces>().CurrentAsync(DpopUse.ResourceServer, CancellationToken.None);
        await world.RefusedAsync(SendAsync(With(foreign)), 400, "use_dpop_nonce", "DPOP-19");
        world.Host.Clock.Advance(TimeSpan.FromDays(1));
        var late = await SendAsync(With(nonce));
        Assert.Equal((400, "use_dpop_nonce"), (late.Status, late.Error));
        Assert.Equal(200, (await SendAsync(With(late.Header(DpopProofCheck.NonceHeader)!))).Status);
    });

    [Fact]
    [Trait("Rule", "DPOP-19")]
    [Trait("Rule", "OP-20")]
    public Task A_nonce_is_good_for_its_five_minutes_and_one_more_and_half_a_minute_early() => world.Host.Clock.AtOneMomentAsync(async () =>
    {
        var nonces = world.Host.Services.GetRequiredService<DpopNonces>();
        var clock = world.Host.Clock;
        var bucket = DateTimeOffset.FromUnixTimeSeconds((clock.Now.ToUnixTimeSeconds() / 300 * 300) + 300);
        clock.StopAt(bucket);
        var nonce = await nonces.CurrentAsync(DpopUse.AuthorizationServer, CancellationToken.None);
        Assert.True(await IsGoodAsync(TimeSpan.Zero));
        Assert.True(await IsGoodAsync(TimeSpan.FromSeconds(359)));
        Assert.False(await IsGoodAsync(TimeSpan.FromSeconds(360)));
        Assert.True(await IsGoodAsync(TimeSpan.FromSeconds(-30)));
        Assert.False(await IsGoodAsync(TimeSpan.FromSeconds(-31)));

        Task<bool> IsGoodAsync(TimeSpan after)
        {
            clock.StopAt(bucket + after);
            return nonces.IsGoodAsync(DpopUse.AuthorizationServer, nonce, CancellationToken.None);
        }
    });

    [Fact]
    [Trait("Rule", "DPOP-19")]
    [Trait("Rule", "F2-GEN-06")]
    [Trait("Rule", "HTTP-13")]
    public async Task A_deployment_may_demand_nonces_and_a_client_gets_on_with_the_one_it_is_given()
    {
        await using var host = await TestHost.StartAsync(options => options.Settings["Identity:DpopNonces"] = "required");
        using var tpp = await TestTpp.RegisterAsync(host);
        var first = await tpp.TokenAsync(FrontWorld.ClientCredentials);
        Assert.Equal((400, "use_dpop_nonce"), (first.Status, first.Error));
        tpp.Nonce = first.Header(DpopProofCheck.NonceHeader);
        Assert.Equal(200, (await tpp.TokenAsync(FrontWorld.ClientCredentials)).Status);
    }

    private Form Good() => Tpp.Authenticated().With("grant_type", "client_credentials").With("scope", "accounts");

    private Task<Answer> SendAsync(params string[] proofs) => Tpp.PostAsync("/token", Good(), proofs);

    private string With(string nonce) => Tpp.Proof("POST", Token, change: claims => claims["nonce"] = nonce);

    private string Proof(string? change = null) => Tpp.Proof("POST", Token, change: claims => world.Change(claims, change ?? "{}"));
}
