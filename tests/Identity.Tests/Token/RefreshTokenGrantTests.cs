using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Token;

[Collection(TokenTests.Name)]
public class RefreshTokenGrantTests(TokenWorld world)
{
    [Fact]
    [Trait("Rule", "F2-GEN-05")]
    [Trait("Rule", "REF-07")]
    [Trait("Rule", "F2-GEN-04")]
    [Trait("Rule", "REF-09")]
    [Trait("Rule", "OA-32")]
    public async Task Of_fifty_refreshes_at_one_moment_all_succeed_and_the_token_stays()
    {
        var refresh = await RefreshTokenAsync(world.Budget);
        using var barrier = new SemaphoreSlim(0);
        var tries = Enumerable.Range(0, 50).Select(async _ =>
        {
            await barrier.WaitAsync();
            return await world.Budget.RefreshAsync(refresh);
        }).ToArray();
        barrier.Release(50);

        var answers = await Task.WhenAll(tries);

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(50, answers.Select(answer => answer.Text("access_token")).Distinct(StringComparer.Ordinal).Count());
        Assert.All(answers, answer => Assert.Equal((null, null), (answer.Text("refresh_token"), answer.Text("id_token"))));
        Assert.Equal(200, (await world.Budget.RefreshAsync(refresh)).Status);
    }

    [Fact]
    [Trait("Rule", "REF-04")]
    [Trait("Rule", "DP-18")]
    public async Task A_new_key_is_taken_and_the_new_token_is_bound_to_it_alone()
    {
        using var key = SigningKey.Create("ES256");
        var refresh = await RefreshTokenAsync(world.Budget);

        var access = (await world.Budget.RefreshAsync(refresh, key)).Text("access_token")!;

        Assert.Equal(200, (await CallAsync(access, key)).Status);
        Assert.Equal(401, (await CallAsync(access, world.Budget.ProofKey)).Status);
    }

    [Fact]
    [Trait("Rule", "REF-01")]
    public async Task A_refresh_token_alone_is_worth_nothing()
    {
        var refresh = await RefreshTokenAsync(world.Budget);
        var form = Form.Empty.With("grant_type", "refresh_token").With("refresh_token", refresh).With("client_id", world.Budget.ClientId);

        await world.RefusedAsync(world.Budget.PostAsync("/token", form, world.Budget.Proof(HttpMethod.Post, "/token")), 401, "invalid_client", "CA-13");

        Assert.Equal(200, (await world.Budget.RefreshAsync(refresh)).Status);
    }

    [Fact]
    [Trait("Rule", "REF-03")]
    [Trait("Rule", "DPOP-18")]
    public async Task A_refresh_needs_a_proof()
    {
        var form = Form.Empty.With("grant_type", "refresh_token").With("refresh_token", await RefreshTokenAsync(world.Budget));

        await world.RefusedAsync(world.Budget.TokenAsync(form, withProof: false), 400, "invalid_dpop_proof", "DPOP-18");
    }

    [Fact]
    [Trait("Rule", "REF-02")]
    [Trait("Rule", "OA-29")]
    public async Task Another_clients_refresh_token_is_worth_nothing_and_stays_its_owners()
    {
        var refresh = await RefreshTokenAsync(world.Budget);

        await world.RefusedAsync(world.Rival.RefreshAsync(refresh), 400, "invalid_grant", "REF-02");
        await world.RefusedAsync(world.Budget.RefreshAsync("unknown"), 400, "invalid_grant", "REF-02");
        Assert.Equal(200, (await world.Budget.RefreshAsync(refresh)).Status);
    }

    [Fact]
    [Trait("Rule", "REF-02")]
    public async Task A_refresh_token_ends_with_its_consent()
    {
        var clock = world.Host.Clock;
        var start = clock.Now;
        try
        {
            clock.StopAt(start);
            var refresh = await RefreshTokenAsync(world.Budget, approval => approval.ExpiresAt = start.AddMinutes(10));

            clock.StopAt(start.AddMinutes(10).AddSeconds(-1));
            var last = await world.Budget.RefreshAsync(refresh);
            Assert.Equal((200, 1), (last.Status, last.Json.GetProperty("expires_in").GetInt32()));
            clock.StopAt(start.AddMinutes(10));
            await world.RefusedAsync(world.Budget.RefreshAsync(refresh), 400, "invalid_grant", "REF-02");
        }
        finally
        {
            clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "OB-SEC-17")]
    [Trait("Rule", "OA-31")]
    [Trait("Rule", "CO-16")]
    [Trait("Rule", "REV-09")]
    [Trait("Rule", "CON-06")]
    public async Task A_consent_that_ends_takes_refresh_and_access_tokens_along_and_leaves_others()
    {
        const string consent = "consent-to-end";
        var ended = await world.TokensAsync(world.Budget, approval => approval.ConsentId = consent);
        var approvedAgain = await world.TokensAsync(world.Budget, approval => approval.ConsentId = consent);
        var other = await world.TokensAsync(world.Budget);

        await world.Host.InScopeAsync(services =>
            services.GetRequiredService<MediatR.IMediator>().Publish(new ConsentEnded(ConsentKind.AccountAccess, consent, world.Budget.ClientId)));

        foreach (var tokens in (JsonElement[])[ended, approvedAgain])
        {
            await world.RefusedAsync(world.Budget.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!), 400, "invalid_grant", "OB-SEC-17");
            world.Host.Log.Clear();
            Assert.Equal(401, (await world.Budget.UseAsync(tokens.GetProperty("access_token").GetString()!)).Status);
            Assert.Equal("OB-SEC-17", world.Host.Log.LastRefusal?.Rule);
        }

        Assert.Equal(200, (await world.Budget.UseAsync(other.GetProperty("access_token").GetString()!)).Status);
    }

    [Fact]
    [Trait("Rule", "REF-06")]
    [Trait("Rule", "OA-30")]
    [Trait("Rule", "RAR-09")]
    public async Task Scope_and_details_may_be_less_and_not_more()
    {
        const string details = """[{"type":"account_information","consent_id":"c1"}]""";
        var refresh = await RefreshTokenAsync(world.Budget, approval => approval.Details = details);

        var less = await world.Budget.RefreshAsync(refresh, scope: "accounts", details: details);
        Assert.Equal((200, "accounts"), (less.Status, less.Text("scope")));
        Assert.Equal(403, (await world.Budget.UseAsync(less.Text("access_token")!)).Status);
        Assert.Equal("openid accounts", (await world.Budget.RefreshAsync(refresh)).Text("scope"));

        Assert.Equal("accounts openid", (await world.Budget.RefreshAsync(refresh, scope: " accounts  openid accounts ")).Text("scope"));

        await world.RefusedAsync(world.Budget.RefreshAsync(refresh, scope: "accounts payments"), 400, "invalid_scope", "REF-06");
        await world.RefusedAsync(world.Budget.RefreshAsync(refresh, scope: "  "), 400, "invalid_scope", "REF-06");
        await world.RefusedAsync(
            world.Budget.RefreshAsync(refresh, details: """[{"type":"account_information","consent_id":"c2"}]"""),
            400,
            "invalid_authorization_details",
            "RAR-09");
    }

    [Fact]
    [Trait("Rule", "REF-05")]
    public async Task A_renewed_certificate_is_taken_and_binds_the_new_token()
    {
        var refresh = await RefreshTokenAsync(world.Lender);
        using var certificate = world.Renew(world.Lender);
        using var renewed = world.Lender.Showing(certificate);

        var access = (await renewed.RefreshAsync(refresh)).Text("access_token")!;

        Assert.Equal(200, (await renewed.UseAsync(access)).Status);
        Assert.Equal(401, (await world.Lender.UseAsync(access)).Status);
    }

    private async Task<string> RefreshTokenAsync(TestTpp tpp, Action<Approval>? choose = null) =>
        (await world.TokensAsync(tpp, choose)).GetProperty("refresh_token").GetString()!;

    private Task<Answer> CallAsync(string token, SigningKey key) => world.Budget.ApiAsync(HttpMethod.Get, "/userinfo", token, proofKey: key);
}
