using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>Requests that a client has signed, each rule from both sides of its edge.</summary>
[Collection(CibaTests.Name)]
public sealed class SignedRequestTests(CibaWorld world) : IAsyncLifetime
{
    private TestTpp tpp = null!;

    public async ValueTask InitializeAsync() => tpp = await TestTpp.RegisterAsync(world.Host, change: metadata =>
    {
        TestTpp.OnTheBackchannel()(metadata);
        metadata["backchannel_authentication_request_signing_alg"] = "ES256";
    });

    public ValueTask DisposeAsync()
    {
        tpp.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    [Trait("Rule", "CIBA-03")]
    public async Task Who_has_registered_how_it_signs_signs()
    {
        await world.RefusedAsync(tpp.BackchannelAsync(await world.GoodAsync(tpp)), 400, "invalid_request", "CIBA-03");
        await TakenAsync(await ClaimsAsync());

        // Others may: by any of their keys.
        var consent = await world.Tpp.CreateConsentAsync();
        var claims = Claims(world.Tpp, consent);
        Assert.Equal(200, (await world.Tpp.BackchannelAsync(Form.Empty.With("request", Jws.Sign(world.Tpp.Key, null, claims)))).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-04")]
    [Trait("Rule", "CIBA-01")]
    public async Task The_object_says_who_for_whom_when_and_which()
    {
        foreach (var name in new[] { "aud", "exp", "iat", "nbf", "jti" }) await RefusedAsync(await ClaimsAsync(claims => claims.Remove(name)), "CIBA-04");
        await RefusedAsync(await ClaimsAsync(claims => claims["aud"] = tpp.Address("/bc-authorize")), "CIBA-04");
        await RefusedAsync(await ClaimsAsync(claims => claims["jti"] = new string('j', 256)), "CIBA-04");
        await RefusedAsync(await ClaimsAsync(claims => claims["iss"] = world.Tpp.ClientId), "CIBA-01");
        await RefusedAsync(await ClaimsAsync(claims => claims.Remove("iss")), "CIBA-01");
        await TakenAsync(await ClaimsAsync(claims => claims["jti"] = new string('j', 255)));
    }

    [Fact]
    [Trait("Rule", "CIBA-04")]
    [Trait("Rule", "RAR-04")]
    [Trait("Rule", "CIBA-15")]
    public async Task Parameters_are_inside_alone_and_of_their_json_types()
    {
        var signed = Sign(await ClaimsAsync());
        await world.RefusedAsync(tpp.BackchannelAsync(signed.With("binding_message", "other")), 400, "invalid_request", "CIBA-04");
        Assert.Equal(200, (await tpp.BackchannelAsync(signed)).Status);
        await RefusedAsync(await ClaimsAsync(claims => claims["scope"] = new JsonArray("openid")), "CIBA-04");
        await RefusedAsync(await ClaimsAsync(claims => claims["authorization_details"] = claims["authorization_details"]!.ToJsonString()), "CIBA-04");
        foreach (var expiry in new JsonNode[] { 60, "60" })
        {
            var answer = await tpp.BackchannelAsync(Sign(await ClaimsAsync(claims => claims["requested_expiry"] = expiry.DeepClone())));
            Assert.Equal(60, answer.Json.GetProperty("expires_in").GetInt32());
        }

        await RefusedAsync(await ClaimsAsync(claims => claims["requested_expiry"] = 0), "CIBA-15");
        await RefusedAsync(await ClaimsAsync(claims => claims["requested_expiry"] = 1.5), "CIBA-15");
    }

    [Theory]
    [Trait("Rule", "CIBA-05")]
    [InlineData(-3595, 3600, true)]
    [InlineData(-3605, 3600, false)]
    [InlineData(25, 60, true)]
    [InlineData(40, 60, false)]
    [InlineData(0, 3600, true)]
    [InlineData(0, 3601, false)]
    [InlineData(-60, 45, false)]
    public async Task Its_time_is_short_and_now(int begins, int lives, bool isGood)
    {
        var claims = await ClaimsAsync(made =>
        {
            var now = world.Host.Clock.Now.ToUnixTimeSeconds();
            (made["nbf"], made["iat"], made["exp"]) = (now + begins, now, now + begins + lives);
        });
        if (isGood) await TakenAsync(claims);
        else await RefusedAsync(claims, "CIBA-05");
    }

    [Fact]
    [Trait("Rule", "CIBA-06")]
    [Trait("Rule", "CIBA-35")]
    [Trait("Rule", "JAR-10")]
    public async Task The_signature_is_this_clients()
    {
        using var foreign = SigningKey.Create("ES256");
        using var other = SigningKey.Create("PS256", rsaBits: 2048);
        var claims = await ClaimsAsync();
        await RefusedAsync(Form.Empty.With("request", Jws.Sign(foreign, null, claims)), "CIBA-06");
        await RefusedAsync(Form.Empty.With("request", Jws.Sign(other, null, claims)), "CIBA-06");
        await RefusedAsync(Form.Empty.With("request", Jws.Sign(tpp.Key, "oauth-authz-req+jwt", claims)), "CIBA-06");
        await RefusedAsync(Form.Empty.With("request", "eyJhbGciOiJub25lIn0." + Jws.Sign(tpp.Key, null, claims).Split('.')[1] + "."), "CIBA-06");
        await RefusedAsync(Form.Empty.With("request", Sign(claims)["request"]![..^4] + "AAAA"), "CIBA-06");
        await RefusedAsync(await ClaimsAsync(made => made["sub"] = tpp.ClientId), "CIBA-06");
        await TakenAsync(claims);
    }

    [Fact]
    [Trait("Rule", "CIBA-07")]
    public async Task An_object_counts_once()
    {
        // Refused for another reason, it may come again.
        var claims = await ClaimsAsync(made => made["login_hint"] = "nobody-there");
        await world.RefusedAsync(tpp.BackchannelAsync(Sign(claims)), 400, "unknown_user_id", "CIBA-10");
        claims["login_hint"] = world.Customer.Username;
        await TakenAsync(claims);
        var consent = await tpp.CreateConsentAsync();
        claims["authorization_details"] = JsonNode.Parse(TestTpp.Details(consent));
        await RefusedAsync(claims, "CIBA-07");
        claims["jti"] = TestTpp.NewId();
        await TakenAsync(claims);
    }

    private static JsonObject Claims(TestTpp of, string consent, string customer, string issuer, DateTimeOffset now) => new()
    {
        ["iss"] = of.ClientId,
        ["aud"] = issuer,
        ["iat"] = now.ToUnixTimeSeconds(),
        ["nbf"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.ToUnixTimeSeconds() + 300,
        ["jti"] = TestTpp.NewId(),
        ["scope"] = "openid accounts",
        ["login_hint"] = customer,
        ["binding_message"] = "W4SCT",
        ["authorization_details"] = JsonNode.Parse(TestTpp.Details(consent)),
    };

    private JsonObject Claims(TestTpp of, string consent) => Claims(of, consent, world.Customer.Username, world.Host.Issuer.OriginalString, world.Host.Clock.Now);

    private async Task<JsonObject> ClaimsAsync(Action<JsonObject>? change = null)
    {
        var claims = Claims(tpp, await tpp.CreateConsentAsync());
        change?.Invoke(claims);
        return claims;
    }

    private Form Sign(JsonObject claims) => Form.Empty.With("request", Jws.Sign(tpp.Key, null, claims));

    private async Task TakenAsync(JsonObject claims)
    {
        var answer = await tpp.BackchannelAsync(Sign(claims));
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
    }

    private Task RefusedAsync(JsonObject claims, string rule) => RefusedAsync(Sign(claims), rule);

    private Task RefusedAsync(Form request, string rule) => world.RefusedAsync(tpp.BackchannelAsync(request), 400, "invalid_request", rule);
}
