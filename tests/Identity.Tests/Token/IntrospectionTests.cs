using System.Text.Json;
using OpenBanking.Identity.Clients;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Token;

[Collection(TokenTests.Name)]
public class IntrospectionTests(TokenWorld world)
{
    [Fact]
    [Trait("Rule", "INT-04")]
    [Trait("Rule", "INT-05")]
    [Trait("Rule", "INT-06")]
    [Trait("Rule", "STEP-03")]
    [Trait("Rule", "DPOP-24")]
    [Trait("Rule", "RAR-10")]
    public async Task A_token_of_a_customer_is_described_to_its_client()
    {
        const string details = """[{"type":"account_information","consent_id":"c1"}]""";
        var (grant, code) = await world.ApproveAsync(world.Budget, approval => approval.Details = details);
        var tokens = (await world.Budget.RedeemAsync(code)).Json;

        var answer = await IntrospectAsync(world.Budget, tokens.GetProperty("access_token").GetString()!);

        Assert.True(answer.GetProperty("active").GetBoolean());
        Assert.Equal("openid accounts", answer.GetProperty("scope").GetString());
        Assert.Equal("budget", answer.GetProperty("client_id").GetString());
        Assert.Equal("DPoP", answer.GetProperty("token_type").GetString());
        Assert.Equal(grant.Subject, answer.GetProperty("sub").GetString());
        Assert.Equal(world.Budget.ProofKey.KeyId, answer.GetProperty("cnf").GetProperty("jkt").GetString());
        Assert.Equal("urn:openbanking:psd2:sca", answer.GetProperty("acr").GetString());
        Assert.Equal(300, answer.GetProperty("exp").GetInt64() - answer.GetProperty("iat").GetInt64());
        Assert.Equal(world.Host.Issuer.OriginalString, answer.GetProperty("iss").GetString());
        Assert.Equal(world.Host.Issuer.OriginalString + "/open-banking", answer.GetProperty("aud").GetString());
        Assert.Equal("c1", answer.GetProperty("authorization_details")[0].GetProperty("consent_id").GetString());
        Assert.True(answer.TryGetProperty("jti", out _));
        Assert.True(answer.TryGetProperty("auth_time", out _));
    }

    [Fact]
    [Trait("Rule", "MTLS-06")]
    [Trait("Rule", "INT-05")]
    public async Task A_token_bound_to_a_certificate_names_it()
    {
        var token = (await world.Lender.ForItselfAsync()).Text("access_token")!;

        var answer = await IntrospectAsync(world.Lender, token);

        Assert.Equal("Bearer", answer.GetProperty("token_type").GetString());
        Assert.Equal(ClientCertificate.Thumbprint(world.Lender.Certificate!), answer.GetProperty("cnf").GetProperty("x5t#S256").GetString());
        Assert.False(answer.TryGetProperty("sub", out _));
    }

    [Fact]
    [Trait("Rule", "INT-08")]
    public async Task A_refresh_token_is_described_to_its_client_alone()
    {
        var refresh = (await world.TokensAsync(world.Budget)).GetProperty("refresh_token").GetString()!;

        Assert.True((await IntrospectAsync(world.Budget, refresh)).GetProperty("active").GetBoolean());
        Assert.Equal("""{"active":false}""", (await IntrospectAsync(world.Rival, refresh)).GetRawText());
    }

    [Fact]
    [Trait("Rule", "INT-02")]
    [Trait("Rule", "INT-03")]
    [Trait("Rule", "OA-51")]
    public async Task Whatever_is_not_a_live_token_of_the_caller_is_not_active_and_nothing_more()
    {
        var tokens = await world.TokensAsync(world.Budget);
        var access = tokens.GetProperty("access_token").GetString()!;
        await AssertInactiveAsync(world.Rival, access);
        await AssertInactiveAsync(world.Budget, "unknown");
        await AssertInactiveAsync(world.Budget, tokens.GetProperty("id_token").GetString()!);

        var start = world.Host.Clock.Now;
        try
        {
            world.Host.Clock.StopAt(start.AddMinutes(6));
            await AssertInactiveAsync(world.Budget, access);
        }
        finally
        {
            world.Host.Clock.Run();
        }

        await world.Budget.CallAsync("/revoke", Form.Empty.With("token", tokens.GetProperty("refresh_token").GetString()!), withProof: false);
        await AssertInactiveAsync(world.Budget, access);
        await AssertInactiveAsync(world.Budget, tokens.GetProperty("refresh_token").GetString()!);
    }

    [Fact]
    [Trait("Rule", "INT-01")]
    [Trait("Rule", "INT-07")]
    public async Task Nobody_asks_without_saying_who()
    {
        var token = (await world.Budget.ForItselfAsync()).Text("access_token")!;

        await world.RefusedAsync(world.Budget.CallAsync("/introspect", Form.Empty, withProof: false), 400, "invalid_request", "INT-01");
        using var bare = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["token"] = token });
        var answer = await world.Budget.SendAsync(HttpMethod.Post, "/introspect", bare, authorization: "DPoP " + token);
        Assert.Equal((401, "invalid_client"), (answer.Status, answer.Error));
    }

    private static async Task AssertInactiveAsync(TestTpp tpp, string token) =>
        Assert.Equal("""{"active":false}""", (await IntrospectAsync(tpp, token)).GetRawText());

    private static async Task<JsonElement> IntrospectAsync(TestTpp tpp, string token)
    {
        var answer = await tpp.CallAsync("/introspect", Form.Empty.With("token", token), withProof: false);
        Assert.Equal((200, "no-store"), (answer.Status, answer.Header("Cache-Control")));
        return answer.Json;
    }
}
