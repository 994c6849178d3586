using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.GrantManagement;

/// <summary>Grants that a client manages by their id, on a running host, from the request to the end.</summary>
[Collection(FrontTests.Name)]
public sealed class GrantManagementTests(FrontWorld world) : IAsyncLifetime
{
    private const string Query = "grant_management_query";
    private const string Revoke = "grant_management_revoke";
    private TestTpp tpp = null!;

    public async ValueTask InitializeAsync() =>
        tpp = await TestTpp.RegisterAsync(world.Host, change: metadata => metadata["scope"] = $"openid offline_access accounts {Query} {Revoke}");

    public ValueTask DisposeAsync()
    {
        tpp.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    [Trait("Rule", "GM-04")]
    [Trait("Rule", "GM-06")]
    [Trait("Rule", "GM-08")]
    [Trait("Rule", "GM-10")]
    public async Task A_grant_is_made_on_demand_and_seen_by_its_client_alone()
    {
        var consent = await tpp.CreateConsentAsync();
        var without = await GrantAsync(consent, request => request);
        Assert.Null(without.Text("grant_id"));

        var tokens = await GrantAsync(consent, request => request.With("grant_management_action", "create"));
        var id = tokens.Text("grant_id")!;
        Assert.Matches("^[A-Za-z0-9_-]{43}$", id);
        var seen = await SeeAsync(id);
        Assert.Equal(200, seen.Status);
        Assert.Equal("openid accounts", seen.Json.GetProperty("scopes")[0].GetProperty("scope").GetString());
        Assert.Equal(["openbanking_intent_id", "acr"], seen.Json.GetProperty("claims").EnumerateArray().Select(claim => claim.GetString()));
        var detail = Assert.Single(seen.Json.GetProperty("authorization_details").EnumerateArray());
        Assert.Equal(("account_information", consent), (detail.GetProperty("type").GetString(), detail.GetProperty("consent_id").GetString()));
        Assert.Equal(world.Customer.AccountIds, detail.GetProperty("accounts").EnumerateArray().Select(account => account.GetString()!));
        Assert.True(seen.Json.GetProperty("last_updated_at").GetInt64() >= seen.Json.GetProperty("created_at").GetInt64());
        Assert.Contains("no-store", seen.Header("Cache-Control"), StringComparison.Ordinal);

        // Another client sees nothing, and there is no list.
        using var other = await TestTpp.RegisterAsync(world.Host, change: metadata => metadata["scope"] = $"openid accounts {Query} {Revoke}");
        await RefusedAsync(other.GetAsync("/grants/" + id, await other.ClientTokenAsync(Query)), 404, "GM-08");
        await RefusedAsync(other.ApiAsync(HttpMethod.Delete, "/grants/" + id, await other.ClientTokenAsync(Revoke)), 404, "GM-08");
        await RefusedAsync(tpp.GetAsync("/grants/" + id[..42] + "_", await tpp.ClientTokenAsync(Query)), 404, "GM-08");
        Assert.Equal(404, (await tpp.GetAsync("/grants", await tpp.ClientTokenAsync(Query))).Status);

        // One consent, one grant: another create takes the first one's place.
        var again = (await GrantAsync(consent, request => request.With("grant_management_action", "create"))).Text("grant_id")!;
        Assert.NotEqual(id, again);
        Assert.Equal((404, 200), ((await SeeAsync(id)).Status, (await SeeAsync(again)).Status));
        Assert.Equal("invalid_grant", (await RefreshAsync(tokens)).Error);
    }

    [Theory]
    [Trait("Rule", "GM-01")]
    [Trait("Rule", "GM-02")]
    [InlineData("create", "id", "GM-01")]
    [InlineData("merge", null, "GM-01")]
    [InlineData("replace", null, "GM-01")]
    [InlineData(null, "id", "GM-02")]
    [InlineData("update", "id", "GM-02")]
    [InlineData("query", null, "GM-02")]
    public async Task Action_and_id_go_together_or_the_request_is_refused(string? action, string? id, string rule)
    {
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("grant_management_action", action).With("grant_id", id);
        await world.RefusedAsync(tpp.ParAsync(request), 400, "invalid_request", rule);
    }

    [Fact]
    [Trait("Rule", "GM-03")]
    [Trait("Rule", "GM-10")]
    public async Task Only_the_clients_own_living_grant_can_be_changed()
    {
        var consent = await tpp.CreateConsentAsync();
        var id = (await GrantAsync(consent, request => request.With("grant_management_action", "create"))).Text("grant_id")!;
        foreach (var action in new[] { "merge", "replace" })
        {
            await world.RefusedAsync(tpp.ParAsync(Change(consent, action, "unknown")), 400, "invalid_grant_id", "GM-03");
            var foreign = await world.Other.CreateConsentAsync();
            await world.RefusedAsync(world.Other.ParAsync(Change(foreign, action, id)), 400, "invalid_grant_id", "GM-03");
        }

        await world.RefusedAsync(tpp.ParAsync(Change(await tpp.CreateConsentAsync(), "merge", id)), 400, "invalid_request", "GM-10");

        // Another customer than the grant's: known once that customer has signed in, and told to the client alone.
        var uri = await tpp.PushAsync(Change(await tpp.CreateConsentAsync(), "replace", id));
        using var browser = world.SecondCustomer.OpenBrowser();
        var interaction = await browser.ArriveAsync(tpp.AuthorizePath(uri));
        await browser.SignInAsync(interaction);
        var back = Answer.Query(new Uri((await browser.ApproveAsync(interaction)).Location));
        Assert.Equal("invalid_grant_id", back["error"]);
        Assert.False(back.ContainsKey("grant_id"));
        Assert.Equal(200, (await SeeAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "GM-05")]
    public async Task A_merge_adds_and_ends_the_refresh_tokens_of_before()
    {
        var consent = await tpp.CreateConsentAsync();
        var first = await GrantAsync(consent, request => request.With("scope", "accounts").With("grant_management_action", "create"));
        var id = first.Text("grant_id")!;
        Assert.Equal(200, (await RefreshAsync(first)).Status);
        var merged = await GrantAsync(consent, request => Change(consent, "merge", id).With("scope", "openid accounts"));
        Assert.Equal((id, "accounts openid"), (merged.Text("grant_id"), merged.Text("scope")));
        Assert.Equal("accounts openid", (await SeeAsync(id)).Json.GetProperty("scopes")[0].GetProperty("scope").GetString());
        await world.RefusedAsync(RefreshAsync(first), 400, "invalid_grant", "OB-SEC-17");
        Assert.Equal(401, (await AccountsAsync(first)).Status);
        Assert.Equal((200, 200), ((await RefreshAsync(merged)).Status, (await AccountsAsync(merged)).Status));
    }

    [Fact]
    [Trait("Rule", "GM-05")]
    [Trait("Rule", "GM-10")]
    public async Task A_replacement_takes_another_consent_and_ends_the_one_of_before()
    {
        var (old, next) = (await tpp.CreateConsentAsync(), await tpp.CreateConsentAsync("ReadAccountsBasic"));
        var first = await GrantAsync(old, request => request.With("grant_management_action", "create"));
        var id = first.Text("grant_id")!;
        var replaced = await GrantAsync(next, _ => Change(next, "replace", id).With("scope", "accounts"));
        Assert.Equal((id, "accounts"), (replaced.Text("grant_id"), replaced.Text("scope")));
        var seen = await SeeAsync(id);
        Assert.Equal(next, seen.Json.GetProperty("authorization_details")[0].GetProperty("consent_id").GetString());
        Assert.Equal("accounts", seen.Json.GetProperty("scopes")[0].GetProperty("scope").GetString());
        await world.RefusedAsync(RefreshAsync(first), 400, "invalid_grant", "OB-SEC-17");
        Assert.Equal(400, (await ConsentAsync(old)).Status);
        Assert.Equal(200, (await AccountsAsync(replaced)).Status);
    }

    [Fact]
    [Trait("Rule", "GM-07")]
    [Trait("Rule", "GM-10")]
    public async Task To_revoke_a_grant_ends_tokens_and_consent()
    {
        var consent = await tpp.CreateConsentAsync();
        var tokens = await GrantAsync(consent, request => request.With("grant_management_action", "create"));
        var path = "/grants/" + tokens.Text("grant_id");
        var revoked = await tpp.ApiAsync(HttpMethod.Delete, path, await tpp.ClientTokenAsync(Revoke));
        Assert.Equal((204, ""), (revoked.Status, revoked.Body));
        await world.RefusedAsync(RefreshAsync(tokens), 400, "invalid_grant", "OB-SEC-17");
        Assert.Equal((401, 400), ((await AccountsAsync(tokens)).Status, (await ConsentAsync(consent)).Status));
        await RefusedAsync(tpp.ApiAsync(HttpMethod.Delete, path, await tpp.ClientTokenAsync(Revoke)), 404, "GM-08");
    }

    [Theory]
    [Trait("Rule", "GM-10")]
    [Trait("Rule", "CON-06")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task To_end_the_consent_ends_the_grant(bool byCustomer)
    {
        var consent = await tpp.CreateConsentAsync();
        var tokens = await GrantAsync(consent, request => request.With("grant_management_action", "create"));
        Assert.Equal(200, (await SeeAsync(tokens.Text("grant_id")!)).Status);
        if (byCustomer)
        {
            await world.Host.InScopeAsync(services => services.GetRequiredService<MediatR.IMediator>()
                .Send(new CancelConnection(consent, world.Customer.CustomerId, new DecisionOrigin(null, null))));
        }
        else
        {
            Assert.Equal(204, (await tpp.ApiAsync(HttpMethod.Delete, "/open-banking/v4.0/aisp/account-access-consents/" + consent, await tpp.ClientTokenAsync())).Status);
        }

        Assert.Equal((404, 401), ((await SeeAsync(tokens.Text("grant_id")!)).Status, (await AccountsAsync(tokens)).Status));
    }

    [Fact]
    [Trait("Rule", "GM-06")]
    [Trait("Rule", "GM-07")]
    [Trait("Rule", "GM-09")]
    public async Task Each_operation_takes_a_token_for_it_bound_to_its_client()
    {
        var tokens = await GrantAsync(await tpp.CreateConsentAsync(), request => request.With("grant_management_action", "create"));
        var path = "/grants/" + tokens.Text("grant_id");
        await RefusedAsync(tpp.GetAsync(path, await tpp.ClientTokenAsync(Revoke)), 403, "RS-04");
        await RefusedAsync(tpp.ApiAsync(HttpMethod.Delete, path, await tpp.ClientTokenAsync(Query)), 403, "RS-04");
        await RefusedAsync(tpp.GetAsync(path, "nothing"), 401, "RS-03");
        await RefusedAsync(tpp.GetAsync(path, tokens.Text("access_token")!), 401, "OB-SEC-2");

        // Shown without its key a token is worth nothing.
        using var bare = new HttpRequestMessage(HttpMethod.Get, path);
        bare.Headers.TryAddWithoutValidation("Authorization", "Bearer " + await tpp.ClientTokenAsync(Query));
        await RefusedAsync(tpp.SendAsync(bare), 401, "DPOP-21");
        Assert.Equal(200, (await SeeAsync(tokens.Text("grant_id")!)).Status);

        // A client that did not register for it gets no such token.
        await world.RefusedAsync(
            world.Other.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", Query)), 400, "invalid_scope", "TOK-07");
    }

    [Fact]
    [Trait("Rule", "GM-10")]
    public async Task A_client_that_tidies_up_its_tokens_keeps_grant_and_consent()
    {
        var consent = await tpp.CreateConsentAsync();
        var tokens = await GrantAsync(consent, request => request.With("grant_management_action", "create"));
        Assert.Equal(200, (await tpp.CallAsync("/revoke", Form.Empty.With("token", tokens.Text("refresh_token")!))).Status);
        Assert.Equal(200, (await SeeAsync(tokens.Text("grant_id")!)).Status);
        Assert.Equal(200, (await ConsentAsync(consent)).Status);
    }

    [Fact]
    [Trait("Rule", "GM-05")]
    [Trait("Rule", "GM-10")]
    public async Task Of_changes_and_ends_at_one_moment_one_grant_is_left_or_none()
    {
        for (var round = 0; round < 4; round++)
        {
            var consent = await tpp.CreateConsentAsync();
            var id = (await GrantAsync(consent, request => request.With("grant_management_action", "create"))).Text("grant_id")!;
            var merges = Enumerable.Range(0, 3).Select(_ => Task.Run(() => TryGrantAsync(consent, Change(consent, "merge", id)))).ToList();
            var end = round % 2 == 0 ? null : Task.Run(async () => await tpp.ApiAsync(HttpMethod.Delete, "/grants/" + id, await tpp.ClientTokenAsync(Revoke)));
            await Task.WhenAll(merges);
            if (end is not null) Assert.Equal(204, (await end).Status);

            var live = await world.Host.Database.ScalarAsync<long>("""SELECT count(*) FROM identity.managed_grants WHERE "ConsentId" = $1 AND "RevokedAt" IS NULL""", consent);
            var state = await world.Host.Database.ScalarAsync<string>("""SELECT "State" FROM consent.consents WHERE "Id" = $1""", consent);
            Assert.Equal(state == "AUTH" ? 1 : 0, live);
        }
    }

    private static Form Change(string consent, string action, string id) =>
        TestTpp.AuthorizationRequest(consent).With("grant_management_action", action).With("grant_id", id);

    private async Task<Answer> GrantAsync(string consent, Func<Form, Form> change)
    {
        var tokens = await tpp.RedeemAsync(await tpp.AuthoriseAsync(world.Customer, consent, id => change(TestTpp.AuthorizationRequest(id))));
        Assert.Equal(200, tokens.Status);
        return tokens;
    }

    private async Task TryGrantAsync(string consent, Form request)
    {
        try
        {
            await tpp.AuthoriseAsync(world.Customer, consent, _ => request);
        }
        catch (InvalidOperationException)
        {
            // Refused on the way, which is one of the right answers here.
        }
    }

    private async Task<Answer> SeeAsync(string id) => await tpp.GetAsync("/grants/" + id, await tpp.ClientTokenAsync(Query));

    private Task<Answer> RefreshAsync(Answer tokens) => tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token")!));

    private Task<Answer> AccountsAsync(Answer tokens) => tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!);

    private async Task<Answer> ConsentAsync(string consent) => await tpp.GetAsync("/open-banking/v4.0/aisp/account-access-consents/" + consent, await tpp.ClientTokenAsync());

    private async Task RefusedAsync(Task<Answer> call, int status, string rule)
    {
        var answer = await call;
        var refusal = Assert.Single(world.Host.Refusals, refusal => refusal.InteractionId == answer.Header("x-fapi-interaction-id"));
        Assert.Equal((status, rule), (answer.Status, refusal.Rule));
    }
}
