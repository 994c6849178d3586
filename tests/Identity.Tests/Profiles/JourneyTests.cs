using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Tests.Token;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>The whole way of a client of each profile: consent, request, customer, answer, tokens, API, refresh, introspection, revocation.</summary>
[Collection(ProfileTests.Name)]
public sealed class JourneyTests(ProfileWorld world)
{
    private const string Accounts = "/open-banking/v4.0/aisp/accounts";

    [Fact]
    [Trait("Rule", "MS-01")]
    [Trait("Rule", "MS-06")]
    [Trait("Rule", "MS-08")]
    [Trait("Rule", "DPOP-17")]
    public async Task Fapi_2_message_signing()
    {
        var tpp = world.Signing;
        var requestUri = await tpp.PushAsync(tpp.Signed(await ProfileWorld.JarmAsync(tpp)));
        var back = await world.ApproveAsync(tpp.AuthorizePath(requestUri));
        var answer = world.Read(ProfileWorld.After('?', back.Location)["response"]);
        await TokensAsync(tpp, Claims.Text(answer, "code")!, "DPoP");
    }

    [Fact]
    [Trait("Rule", "F1-01")]
    [Trait("Rule", "F1-04")]
    [Trait("Rule", "F1-13")]
    [Trait("Rule", "F1-19")]
    [Trait("Rule", "F1-20")]
    [Trait("Rule", "F1-22")]
    [Trait("Rule", "F1-23")]
    [Trait("Rule", "F1-24")]
    [Trait("Rule", "F1-34")]
    public async Task Fapi_1_advanced_hybrid()
    {
        foreach (var tpp in new[] { world.Advanced, world.Asserting })
        {
            // The client-credentials grant behind the consent: bound to the certificate, and no more than that.
            var own = await tpp.TokenAsync(FrontWorld.ClientCredentials);
            Assert.Equal((200, "Bearer", null, null), (own.Status, own.Text("token_type"), own.Text("refresh_token"), own.Text("id_token")));
            await world.RefusedAsync(tpp.TokenAsync(FrontWorld.ClientCredentials.With("scope", "payments")), 400, "invalid_scope", "TOK-07");

            // No code without the passkey, and none without a yes to what was shown.
            var path = tpp.AuthorizePath(tpp.Signed(await ProfileWorld.HybridAsync(tpp)));
            using var browser = world.Customer.OpenBrowser(world.Host);
            var interaction = await browser.ArriveAsync(path);
            Assert.IsType<DecisionAnswer.SignInNeeded>(await browser.TryApproveAsync(interaction, "digest", world.Customer.AccountIds));
            Assert.True(await browser.SignInAsync(interaction));
            Assert.IsType<DecisionAnswer.Changed>(await browser.TryApproveAsync(interaction, "not what was shown", world.Customer.AccountIds));
            var answer = ProfileWorld.After('#', (await browser.ApproveAsync(interaction, world.Customer.AccountIds[0])).Location);
            Assert.Matches(@"\A[A-Za-z0-9_-]{43}\z", answer["code"]);
            Assert.Equal(IdTokenHash.Of(answer["code"]), Claims.Text(world.Read(answer["id_token"]), "c_hash"));
            await TokensAsync(tpp, answer["code"], "Bearer");
        }
    }

    [Fact]
    [Trait("Rule", "F1-02")]
    [Trait("Rule", "F1-16")]
    [Trait("Rule", "F1-20")]
    public async Task Fapi_1_advanced_with_answers_as_jwts()
    {
        foreach (var pushed in new[] { true, false })
        {
            var tpp = world.Advanced;
            var request = tpp.Signed(await ProfileWorld.JarmAsync(tpp));
            var path = pushed ? tpp.AuthorizePath(await tpp.PushAsync(request)) : tpp.AuthorizePath(request);
            using var browser = world.Customer.OpenBrowser(world.Host);
            var declined = Assert.IsType<DecisionAnswer.Done>(await browser.DenyAsync(await browser.ArriveAsync(await AgainAsync(tpp)))).Return;
            Assert.Equal("access_denied", Claims.Text(world.Read(ProfileWorld.After('?', declined.Location)["response"]), "error"));
            var answer = world.Read(ProfileWorld.After('?', (await world.ApproveAsync(path)).Location)["response"]);
            await TokensAsync(tpp, Claims.Text(answer, "code")!, "Bearer");
        }

        static async Task<string> AgainAsync(TestTpp tpp) => tpp.AuthorizePath(tpp.Signed(await ProfileWorld.JarmAsync(tpp)));
    }

    [Theory]
    [Trait("Rule", "F1-26")]
    [Trait("Rule", "F1-29")]
    [Trait("Rule", "PKCE-01")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fapi_1_baseline(bool pushed)
    {
        var tpp = world.Baseline;
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
        var path = pushed ? tpp.AuthorizePath(await tpp.PushAsync(request)) : tpp.AuthorizePath(request);
        await TokensAsync(tpp, ProfileWorld.After('?', (await world.ApproveAsync(path)).Location)["code"], "DPoP");
    }

    [Fact]
    [Trait("Rule", "JARM-06")]
    [Trait("Rule", "JIN-06")]
    [Trait("Rule", "MS-09")]
    public async Task What_is_signed_is_not_encrypted_and_nobody_is_told_it_could_be()
    {
        using var browser = world.Customer.OpenBrowser(world.Host);
        var metadata = (await browser.OpenAsync("/.well-known/openid-configuration")).Json;
        Assert.DoesNotContain(metadata.EnumerateObject(), member => member.Name.Contains("encryption", StringComparison.Ordinal));
        using var tpp = await world.RegisterAsync("fapi2-ms", change: client => client["authorization_encrypted_response_alg"] = "RSA-OAEP-256");
        var answer = await browser.OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(tpp.Signed((await ProfileWorld.JarmAsync(tpp)).With("prompt", "none")))));
        Assert.Equal(3, answer.Parameter("response")!.Split('.').Length);
    }

    private async Task TokensAsync(TestTpp tpp, string code, string type)
    {
        var tokens = await tpp.RedeemAsync(code);
        Assert.Equal((200, type, "openid accounts"), (tokens.Status, tokens.Text("token_type"), tokens.Text("scope")));
        Assert.InRange(tokens.Json.GetProperty("expires_in").GetInt32(), 1, 599);
        var idToken = world.Read(tokens.Text("id_token")!);
        Assert.Equal(("n-0S6_WzA2Mj", "urn:openbanking:psd2:sca"), (Claims.Text(idToken, "nonce"), Claims.Text(idToken, "acr")));
        var (access, refresh) = (tokens.Text("access_token")!, tokens.Text("refresh_token")!);
        Assert.Equal(200, (await tpp.GetAsync(Accounts, access)).Status);
        Assert.Equal(Claims.Text(idToken, "sub"), (await tpp.GetAsync("/userinfo", access)).Text("sub"));

        // Nobody else can use it: shown without the key or the certificate it opens nothing.
        using (var stranger = new HttpRequestMessage(HttpMethod.Get, Accounts))
        {
            stranger.Headers.TryAddWithoutValidation("Authorization", "Bearer " + access);
            Assert.Equal(401, (await world.Plain.SendAsync(stranger)).Status);
        }

        var refreshed = (await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", refresh))).Text("access_token")!;
        Assert.Equal(200, (await tpp.GetAsync(Accounts, refreshed)).Status);
        var described = await tpp.CallAsync("/introspect", Form.Empty.With("token", refreshed));
        Assert.Equal((200, type), (described.Status, described.Text("token_type")));
        Assert.True(described.Json.GetProperty("cnf").TryGetProperty(type == "DPoP" ? "jkt" : "x5t#S256", out _));
        Assert.Equal(200, (await tpp.CallAsync("/revoke", Form.Empty.With("token", refresh))).Status);
        Assert.Equal(401, (await tpp.GetAsync(Accounts, refreshed)).Status);
    }
}
