using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Token;

[Collection(TokenTests.Name)]
public class AuthorizationCodeGrantTests(TokenWorld world)
{
    [Fact]
    [Trait("Rule", "REF-08")]
    [Trait("Rule", "TOK-05")]
    [Trait("Rule", "TOK-06")]
    [Trait("Rule", "DPOP-17")]
    [Trait("Rule", "F2-GEN-02")]
    [Trait("Rule", "OB-SEC-7")]
    [Trait("Rule", "ATJ-10")]
    public async Task A_code_gives_tokens_that_are_bound_to_the_key()
    {
        const string details = """[{"type":"account_information","consent_id":"c1","accounts":["22289"]}]""";
        var (grant, code) = await world.ApproveAsync(world.Budget, approval => approval.Details = details);

        var answer = await world.Budget.RedeemAsync(code);

        Assert.Equal((200, "DPoP", 300, "openid accounts"), (answer.Status, answer.Text("token_type"), answer.Json.GetProperty("expires_in").GetInt32(), answer.Text("scope")));
        Assert.True(JsonElement.DeepEquals(JsonSerializer.Deserialize<JsonElement>(details), answer.Json.GetProperty("authorization_details")));
        Assert.Matches("^[A-Za-z0-9_-]{43}$", answer.Text("access_token"));
        Assert.Matches("^[A-Za-z0-9_-]{43}$", answer.Text("refresh_token"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal((200, grant.Subject), await CallAsync(world.Budget, answer.Text("access_token")!));
    }

    [Fact]
    [Trait("Rule", "MTLS-06")]
    [Trait("Rule", "F2-GEN-03")]
    public async Task A_client_with_a_certificate_gets_tokens_that_are_bound_to_it()
    {
        var tokens = await world.TokensAsync(world.Lender);

        Assert.Equal("Bearer", tokens.GetProperty("token_type").GetString());
        Assert.Equal(200, (await world.Lender.UseAsync(tokens.GetProperty("access_token").GetString()!)).Status);
    }

    [Fact]
    [Trait("Rule", "F2-GEN-07")]
    [Trait("Rule", "OA-16")]
    public async Task A_code_is_good_for_59_seconds_and_not_for_60()
    {
        var start = world.Host.Clock.Now;
        try
        {
            world.Host.Clock.StopAt(start);
            var (_, inTime) = await world.ApproveAsync(world.Budget);
            var (_, late) = await world.ApproveAsync(world.Budget);

            world.Host.Clock.StopAt(start.AddSeconds(59));
            Assert.Equal(200, (await world.Budget.RedeemAsync(inTime)).Status);
            world.Host.Clock.StopAt(start.AddSeconds(60));
            await world.RefusedAsync(world.Budget.RedeemAsync(late), 400, "invalid_grant", "F2-GEN-07");
        }
        finally
        {
            world.Host.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "F2-PAR-09")]
    [Trait("Rule", "F2-PAR-10")]
    [Trait("Rule", "OA-12")]
    public async Task A_code_used_twice_ends_the_tokens_of_its_first_use()
    {
        var (_, code) = await world.ApproveAsync(world.Budget);
        var tokens = (await world.Budget.RedeemAsync(code)).Json;
        var access = tokens.GetProperty("access_token").GetString()!;
        Assert.Equal(200, (await world.Budget.UseAsync(access)).Status);

        await world.RefusedAsync(world.Budget.RedeemAsync(code), 400, "invalid_grant", "F2-PAR-09");

        Assert.Equal(401, (await world.Budget.UseAsync(access)).Status);
        await world.RefusedAsync(world.Budget.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!), 400, "invalid_grant", "OB-SEC-17");
    }

    [Fact]
    [Trait("Rule", "TOK-10")]
    [Trait("Rule", "OA-13")]
    public async Task Of_fifty_redemptions_at_one_moment_one_wins_and_gains_nothing()
    {
        var (_, code) = await world.ApproveAsync(world.Budget);
        using var barrier = new SemaphoreSlim(0);
        var tries = Enumerable.Range(0, 50).Select(async _ =>
        {
            await barrier.WaitAsync();
            return await world.Budget.RedeemAsync(code);
        }).ToArray();
        barrier.Release(50);

        var answers = await Task.WhenAll(tries);

        var won = Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(49, answers.Count(answer => answer is { Status: 400, Error: "invalid_grant" }));
        Assert.Equal(401, (await world.Budget.UseAsync(won.Text("access_token")!)).Status);
        Assert.Equal("invalid_grant", (await world.Budget.RefreshAsync(won.Text("refresh_token")!)).Error);
    }

    [Fact]
    [Trait("Rule", "TOK-03")]
    [Trait("Rule", "OA-14")]
    public async Task Another_clients_try_changes_nothing()
    {
        var (_, code) = await world.ApproveAsync(world.Budget);

        await world.RefusedAsync(world.Rival.RedeemAsync(code), 400, "invalid_grant", "TOK-03");

        Assert.Equal(200, (await world.Budget.RedeemAsync(code)).Status);
    }

    [Theory]
    [Trait("Rule", "PKCE-07")]
    [Trait("Rule", "OA-11")]
    [InlineData("code_verifier", "", "PKCE-04")]
    [InlineData("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "PKCE-05")]
    [InlineData("redirect_uri", "https://budget.example/", "TOK-04")]
    public async Task A_client_that_fails_with_its_own_code_has_used_it(string parameter, string value, string rule)
    {
        var (_, code) = await world.ApproveAsync(world.Budget);

        await world.RefusedAsync(world.Budget.TokenAsync(world.Budget.CodeRequest(code).With(parameter, value)), 400, "invalid_grant", rule);
        await world.RefusedAsync(world.Budget.RedeemAsync(code), 400, "invalid_grant", "F2-PAR-09");
    }

    /// <summary>Whatever fails before the code is looked at leaves it as it was; the retry succeeds.</summary>
    [Fact]
    [Trait("Rule", "HTTP-13")]
    [Trait("Rule", "HTTP-12")]
    [Trait("Rule", "DPOP-18")]
    [Trait("Rule", "OA-28")]
    public async Task A_request_that_does_not_get_to_the_code_does_not_use_it()
    {
        var tpp = world.Budget;
        var (_, code) = await world.ApproveAsync(tpp);

        var form = tpp.CodeRequest(code);
        await world.RefusedAsync(tpp.TokenAsync(form.With("grant_type", "")), 400, "invalid_request", "TOK-01");

        using var impostor = TestTpp.New(world.Host.Reach, id: tpp.ClientId);
        Assert.Equal((401, "invalid_client"), await StatusAndErrorAsync(impostor.RedeemAsync(code)));

        await world.RefusedAsync(tpp.TokenAsync(form, withProof: false), 400, "invalid_dpop_proof", "DPOP-18");
        await world.RefusedAsync(tpp.TokenAsync(form, tpp.Proof(HttpMethod.Get, "/token")), 400, "invalid_dpop_proof", "DPOP-08");
        await world.RefusedAsync(tpp.TokenAsync(form.With("resource", "https://evil.test/")), 400, "invalid_target", "TOK-12");

        Assert.Equal(200, (await tpp.RedeemAsync(code)).Status);
    }

    [Fact]
    [Trait("Rule", "DPOP-14")]
    [Trait("Rule", "DP-14")]
    public async Task A_code_bound_to_a_key_needs_that_key()
    {
        using var other = SigningKey.Create("ES256");
        var (_, good) = await world.ApproveAsync(world.Budget, approval => approval.Key = world.Budget.ProofKey.KeyId);
        var (_, stolen) = await world.ApproveAsync(world.Budget, approval => approval.Key = world.Budget.ProofKey.KeyId);

        Assert.Equal(200, (await world.Budget.RedeemAsync(good)).Status);
        await world.RefusedAsync(world.Budget.RedeemAsync(stolen, other), 400, "invalid_grant", "DPOP-14");
    }

    [Fact]
    [Trait("Rule", "TOK-11")]
    public async Task A_consent_that_ends_takes_its_code_along()
    {
        var (grant, code) = await world.ApproveAsync(world.Budget);
        await EndConsentAsync(grant.ConsentId);

        await world.RefusedAsync(world.Budget.RedeemAsync(code), 400, "invalid_grant", "TOK-11");
    }

    [Fact]
    [Trait("Rule", "OA-42")]
    public async Task A_handle_of_one_kind_is_nothing_as_another()
    {
        var (_, code) = await world.ApproveAsync(world.Budget);
        await world.RefusedAsync(world.Budget.RefreshAsync(code), 400, "invalid_grant", "REF-02");
        Assert.Equal(401, (await world.Budget.UseAsync(code)).Status);

        var tokens = (await world.Budget.RedeemAsync(code)).Json;
        var (access, refresh) = (tokens.GetProperty("access_token").GetString()!, tokens.GetProperty("refresh_token").GetString()!);
        await world.RefusedAsync(world.Budget.RedeemAsync(refresh), 400, "invalid_grant", "TOK-03");
        await world.RefusedAsync(world.Budget.RedeemAsync(access), 400, "invalid_grant", "TOK-03");
        await world.RefusedAsync(world.Budget.RefreshAsync(access), 400, "invalid_grant", "REF-02");
        Assert.Equal(401, (await world.Budget.UseAsync(refresh)).Status);
        Assert.Equal(401, (await world.Budget.UseAsync(tokens.GetProperty("id_token").GetString()!)).Status);
    }

    [Theory]
    [Trait("Rule", "ID-01")]
    [Trait("Rule", "ID-02")]
    [Trait("Rule", "ID-03")]
    [Trait("Rule", "ID-07")]
    [Trait("Rule", "OB-SEC-9")]
    [Trait("Rule", "KEY-12")]
    [InlineData("budget", "PS256")]
    [InlineData("rival", "ES256")]
    public async Task The_id_token_names_customer_consent_and_authentication(string clientId, string algorithm)
    {
        var tpp = clientId == "budget" ? world.Budget : world.Rival;
        var nonce = new string('n', 64);
        var (grant, code) = await world.ApproveAsync(tpp, approval => approval.Nonce = nonce);
        var answer = await tpp.RedeemAsync(code);

        Assert.False(Jws.Parse(answer.Text("id_token")!).Failed(out _, out var jws));
        var jwks = await tpp.SendAsync(HttpMethod.Get, "/jwks");
        Assert.False(KeySet.Parse(Encoding.UTF8.GetBytes(jwks.Body)).Failed(out _, out var keys));
        Assert.Null(jws.Verify(keys, new JwsPolicy(new HashSet<string> { algorithm }, new HashSet<string?> { "JWT" })));

        var claims = jws.Payload;
        Assert.Equal(world.Host.Issuer.OriginalString, claims.GetProperty("iss").GetString());
        Assert.Equal(grant.Subject, claims.GetProperty("sub").GetString());
        Assert.Equal(clientId, claims.GetProperty("aud").GetString());
        Assert.Equal(300, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        Assert.Equal(nonce, claims.GetProperty("nonce").GetString());
        Assert.Equal("urn:openbanking:psd2:sca", claims.GetProperty("acr").GetString());
        Assert.Equal("""["hwk","user","mfa"]""", claims.GetProperty("amr").GetRawText());
        Assert.Equal(grant.ConsentId, claims.GetProperty("openbanking_intent_id").GetString());
        Assert.Equal(IdToken.LeftHalfHash(answer.Text("access_token")!), claims.GetProperty("at_hash").GetString());
    }

    [Fact]
    [Trait("Rule", "ID-03")]
    public void The_hash_of_the_access_token_is_that_of_the_specifications_example() =>
        Assert.Equal("77QmUPtjPfzWtF2AnpK9RQ", IdToken.LeftHalfHash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"));

    [Fact]
    [Trait("Rule", "ID-01")]
    [Trait("Rule", "ID-06")]
    [Trait("Rule", "OB-SEC-8")]
    public async Task The_id_token_has_only_what_applies()
    {
        var end = DateTimeOffset.FromUnixTimeSeconds(world.Host.Clock.Now.AddDays(90).ToUnixTimeSeconds());
        var bare = await IdTokenAsync(_ => { });
        var full = await IdTokenAsync(approval =>
        {
            approval.WantsAuthTime = true;
            approval.ExpiresAt = end;
        });

        Assert.False(bare.TryGetProperty("nonce", out _));
        Assert.False(bare.TryGetProperty("auth_time", out _));
        Assert.False(bare.TryGetProperty("http://openbanking.org.uk/refresh_token_expires_at", out _));
        Assert.True(full.TryGetProperty("auth_time", out _));
        Assert.Equal(end.ToUnixTimeSeconds(), full.GetProperty("http://openbanking.org.uk/refresh_token_expires_at").GetInt64());
    }

    [Fact]
    [Trait("Rule", "TOK-09")]
    [Trait("Rule", "F2-GEN-11")]
    public async Task Without_openid_there_is_no_id_token_and_no_userinfo()
    {
        var tokens = await world.TokensAsync(world.Budget, approval => approval.Scope = "accounts");

        Assert.False(tokens.TryGetProperty("id_token", out _));
        Assert.Equal(403, (await world.Budget.UseAsync(tokens.GetProperty("access_token").GetString()!)).Status);
    }

    [Fact]
    [Trait("Rule", "PW-01")]
    [Trait("Rule", "PW-04")]
    public async Task Two_sectors_know_one_customer_by_two_names()
    {
        var customer = Guid.CreateVersion7();
        var (first, _) = await world.ApproveAsync(world.Budget, approval => approval.UserId = customer);
        var (again, _) = await world.ApproveAsync(world.Budget, approval => approval.UserId = customer);
        var (rivals, _) = await world.ApproveAsync(world.Rival, approval => approval.UserId = customer);

        Assert.Equal(first.Subject, again.Subject);
        Assert.NotEqual(first.Subject, rivals.Subject);
    }

    [Fact]
    [Trait("Rule", "F2-GEN-03")]
    public async Task An_access_token_does_not_outlive_its_consent()
    {
        var tokens = await world.TokensAsync(world.Budget, approval => approval.ExpiresAt = world.Host.Clock.Now.AddSeconds(100));

        Assert.InRange(tokens.GetProperty("expires_in").GetInt64(), 1, 100);
    }

    [Theory]
    [Trait("Rule", "HTTP-01")]
    [InlineData("/token")]
    [InlineData("/introspect")]
    [InlineData("/revoke")]
    public async Task Only_forms_by_post_are_taken(string path)
    {
        var get = await world.Budget.SendAsync(HttpMethod.Get, path);
        Assert.Equal((405, "POST"), (get.Status, get.Header("Allow")));

        using var json = new StringContent("{}", Encoding.UTF8, "application/json");
        await world.RefusedAsync(world.Budget.SendAsync(HttpMethod.Post, path, json), 400, "invalid_request", "HTTP-01");
    }

    private static async Task<(int, string?)> StatusAndErrorAsync(Task<Answer> request)
    {
        var answer = await request;
        return (answer.Status, answer.Error);
    }

    private static async Task<(int, string?)> CallAsync(TestTpp tpp, string token)
    {
        var answer = await tpp.UseAsync(token);
        return (answer.Status, answer.Text("sub"));
    }

    private async Task<JsonElement> IdTokenAsync(Action<Approval> choose)
    {
        var tokens = await world.TokensAsync(world.Budget, choose);
        Assert.False(Jws.Parse(tokens.GetProperty("id_token").GetString()!).Failed(out _, out var jws));
        return jws.Payload;
    }

    private Task EndConsentAsync(string consentId) => world.Host.InScopeAsync(services =>
        services.GetRequiredService<MediatR.IMediator>().Publish(new ConsentEnded(ConsentKind.AccountAccess, consentId, "budget")));
}
