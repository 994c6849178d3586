using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Identity.Tests.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.ResourceServer;

[Collection(TokenTests.Name)]
public class AccessTokenHandlerTests(TokenWorld world)
{
    private sealed record Resource(HttpMethod Method, string Path, AccessRequirement Requirement);

    /// <summary>Every endpoint of every module that asks for a token, so that none can be forgotten.</summary>
    private List<Resource> Resources()
    {
        var resources = world.Host.Services.GetServices<EndpointDataSource>()
            .SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<AccessRequirement>() is not null)
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Select(method =>
                new Resource(new HttpMethod(method), PathOf(endpoint), endpoint.Metadata.GetRequiredMetadata<AccessRequirement>())))
            .ToList();
        Assert.Contains(resources, resource => resource.Path == "/userinfo");
        return resources;
    }

    [Fact]
    [Trait("Rule", "RS-01")]
    [Trait("Rule", "RS-07")]
    [Trait("Rule", "RS-16")]
    [Trait("Rule", "DPOP-22")]
    [Trait("Rule", "OB-HTTP-6")]
    public async Task Without_a_token_every_resource_says_which_it_takes_and_names_no_error()
    {
        foreach (var resource in Resources())
        {
            var answer = await world.Budget.SendAsync(resource.Method, resource.Path);

            Assert.Equal(401, answer.Status);
            Assert.Equal(
                "DPoP realm=\"open-banking\", algs=\"PS256 ES256\", Bearer realm=\"open-banking\"", answer.Header("WWW-Authenticate"));
            Assert.Equal("RS-01", world.Host.Log.LastRefusal?.Rule);
            Assert.Empty(answer.Body);
        }
    }

    [Fact]
    [Trait("Rule", "DP-12")]
    [Trait("Rule", "DP-13")]
    [Trait("Rule", "DP-01")]
    [Trait("Rule", "DPOP-21")]
    [Trait("Rule", "DPOP-23")]
    [Trait("Rule", "RS-05")]
    public async Task A_stolen_dpop_token_opens_nothing_anywhere()
    {
        var tpp = world.Budget;
        using var thiefs = SigningKey.Create("ES256");
        var another = (await tpp.ForItselfAsync()).Text("access_token")!;
        foreach (var (method, path, requirement) in Resources())
        {
            var token = await TokenAsync(tpp, requirement);
            await RefusedAsync(tpp.SendAsync(method, path, authorization: "DPoP " + token), "invalid_token", "DPOP-21");
            await RefusedAsync(tpp.SendAsync(method, path, authorization: "Bearer " + token), "invalid_token", "DPOP-21");
            await RefusedAsync(tpp.SendAsync(method, path, authorization: "Bearer " + token, proof: tpp.Proof(method, path, token)), "invalid_token", "DPOP-21");
            await RefusedAsync(
                tpp.SendAsync(method, path, authorization: "DPoP " + token, proof: tpp.Proof(method, path, token, thiefs)), "invalid_token", "DPOP-21");
            await RefusedAsync(
                tpp.SendAsync(method, path, authorization: "DPoP " + token, proof: tpp.Proof(method, path, another)), "invalid_dpop_proof", "DPOP-07");
            await RefusedAsync(
                tpp.SendAsync(method, path, authorization: "DPoP " + token, proof: tpp.Proof(method, path)), "invalid_dpop_proof", "DPOP-07");
            await RefusedAsync(
                tpp.SendAsync(method, path, authorization: "DPoP " + token, proof: tpp.Proof(HttpMethod.Head, path, token)), "invalid_dpop_proof", "DPOP-08");
        }
    }

    [Fact]
    [Trait("Rule", "MT-06")]
    [Trait("Rule", "MTLS-07")]
    public async Task A_stolen_certificate_bound_token_opens_nothing_anywhere()
    {
        var tpp = world.Lender;
        using var anonymous = tpp.Showing(null);
        using var other = tpp.Showing(world.OtherLender.Certificate);
        foreach (var (method, path, requirement) in Resources())
        {
            var token = await TokenAsync(tpp, requirement);
            await RefusedAsync(anonymous.SendAsync(method, tpp.Address(path), authorization: "Bearer " + token), "invalid_token", "MTLS-07");
            await RefusedAsync(other.SendAsync(method, path, authorization: "Bearer " + token), "invalid_token", "MTLS-07");
            await RefusedAsync(tpp.SendAsync(method, path, authorization: "DPoP " + token), "invalid_token", "MTLS-07");
            await RefusedAsync(
                world.Budget.SendAsync(method, path, authorization: "DPoP " + token, proof: world.Budget.Proof(method, path, token)), "invalid_token", "MTLS-07");
        }
    }

    [Fact]
    [Trait("Rule", "OB-SEC-2")]
    [Trait("Rule", "OB-SEC-3")]
    [Trait("Rule", "CO-11")]
    public async Task A_token_of_the_other_kind_opens_nothing_anywhere()
    {
        var tpp = world.Budget;
        foreach (var (method, path, requirement) in Resources())
        {
            var wrong = requirement.Kind == TokenKind.Client ? TokenKind.Customer : TokenKind.Client;
            var token = await TokenAsync(tpp, requirement with { Kind = wrong });
            await RefusedAsync(
                tpp.UseAsync(token, path, method), "invalid_token", requirement.Kind == TokenKind.Client ? "OB-SEC-2" : "OB-SEC-3");
        }
    }

    [Fact]
    [Trait("Rule", "RS-04")]
    public async Task A_token_of_another_scope_is_not_enough_and_the_answer_names_the_scope()
    {
        var tpp = world.Budget;
        foreach (var (method, path, requirement) in Resources().Where(resource => resource.Requirement.Kind == TokenKind.Customer))
        {
            var scope = requirement.Scope == "openid" ? "accounts" : "openid";
            var token = (await world.TokensAsync(tpp, approval => approval.Scope = scope)).GetProperty("access_token").GetString()!;

            var answer = await tpp.UseAsync(token, path, method);

            Assert.Equal((403, "RS-04"), (answer.Status, world.Host.Log.LastRefusal?.Rule));
            Assert.Contains($"error=\"insufficient_scope\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
            Assert.Contains($"scope=\"{requirement.Scope}\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Rule", "OB-SEC-1")]
    [Trait("Rule", "OB-SEC-6")]
    public async Task Where_scopes_are_alternatives_one_of_them_is_enough_with_its_own_role()
    {
        const string Path = "/open-banking/v4.0/event-subscriptions";
        var tpp = world.Budget;
        var token = (await tpp.ForItselfAsync()).Text("access_token")!;
        Assert.Equal(200, (await tpp.UseAsync(token, Path)).Status);
        foreach (var (scopes, roles, rule) in new[] { ("grant_management_query", "{AISP}", "RS-04"), ("payments", "{AISP}", "OB-SEC-6"), ("payments accounts", "{AISP}", null), ("payments", "{PISP}", null) })
        {
            await SetAsync(scopes, roles);
            var answer = await tpp.UseAsync(token, Path);
            Assert.Equal(rule is null ? 200 : 403, answer.Status);
            if (rule is null) continue;
            Assert.Equal(rule, world.Host.Log.LastRefusal?.Rule);
            Assert.Contains("scope=\"accounts payments fundsconfirmations\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }

        await SetAsync("accounts", "{AISP}");

        async Task SetAsync(string scopes, string roles)
        {
            await world.Host.Database.ExecuteAsync("UPDATE identity.access_tokens SET \"Scope\" = $1 WHERE \"Hash\" = $2", scopes, Handle.HashOf(token));
            await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"Roles\" = $1::text[] WHERE \"ClientId\" = $2", roles, tpp.ClientId);
        }
    }

    [Theory]
    [Trait("Rule", "RS-03")]
    [Trait("Rule", "OA-40")]
    [InlineData("DPoP unknown")]
    [InlineData("Bearer unknown")]
    [InlineData("DPoP eyJhbGciOiJub25lIn0.e30.")]
    public Task An_unknown_token_is_invalid(string authorization) =>
        RefusedAsync(world.Budget.SendAsync(HttpMethod.Get, "/userinfo", authorization: authorization), "invalid_token", "RS-03");

    [Fact]
    [Trait("Rule", "RS-03")]
    [Trait("Rule", "CO-17")]
    public async Task A_token_ends_on_the_second()
    {
        var clock = world.Host.Clock;
        var start = clock.Now;
        try
        {
            clock.StopAt(start);
            var token = (await world.TokensAsync(world.Budget)).GetProperty("access_token").GetString()!;
            clock.StopAt(start.AddSeconds(299));
            Assert.Equal(200, (await world.Budget.UseAsync(token)).Status);
            clock.StopAt(start.AddSeconds(300));
            await RefusedAsync(world.Budget.UseAsync(token), "invalid_token", "CO-17");
        }
        finally
        {
            clock.Run();
        }
    }

    /// <summary>Worth a refresh, so a UK client is told; its body is the standard's.</summary>
    [Fact]
    [Trait("Rule", "CO-17")]
    public async Task An_expired_token_at_an_open_banking_resource_is_named_so()
    {
        var clock = world.Host.Clock;
        foreach (var (method, path, requirement) in Resources().Where(resource => resource.Path.StartsWith("/open-banking", StringComparison.Ordinal)))
        {
            try
            {
                var token = await TokenAsync(world.Budget, requirement);
                clock.StopAt(clock.Now.AddMinutes(6));
                var answer = await world.Budget.UseAsync(token, path, method);
                Assert.Equal((401, "TKXP"), (answer.Status, answer.Json.GetProperty("Errors")[0].GetProperty("ErrorCode").GetString()));
                Assert.Contains("error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
            }
            finally
            {
                clock.Run();
            }
        }
    }

    [Fact]
    [Trait("Rule", "RS-02")]
    [Trait("Rule", "RS-08")]
    [Trait("Rule", "OA-39")]
    public async Task A_token_is_taken_from_the_header_alone()
    {
        var token = (await world.TokensAsync(world.Budget)).GetProperty("access_token").GetString()!;

        Assert.Equal(401, (await world.Budget.SendAsync(HttpMethod.Get, "/userinfo?access_token=" + token)).Status);
        Assert.Equal("RS-02", world.Host.Log.LastRefusal?.Rule);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["access_token"] = token });
        Assert.Equal(401, (await world.Budget.SendAsync(HttpMethod.Post, "/userinfo", form)).Status);

        var both = await world.Budget.SendAsync(HttpMethod.Get, "/userinfo?access_token=" + token, authorization: "DPoP " + token);
        Assert.Equal((400, "RS-08"), (both.Status, world.Host.Log.LastRefusal?.Rule));
    }

    [Fact]
    [Trait("Rule", "ID-20")]
    [Trait("Rule", "ID-11")]
    [Trait("Rule", "PW-07")]
    [Trait("Rule", "DPOP-25")]
    public async Task Userinfo_gives_the_subject_and_what_was_asked_for()
    {
        var (grant, code) = await world.ApproveAsync(
            world.Budget, approval => approval.Claims = """{"userinfo":{"openbanking_intent_id":{"essential":true},"email":null}}""");
        var token = (await world.Budget.RedeemAsync(code)).Text("access_token")!;
        var bare = (await world.TokensAsync(world.Budget)).GetProperty("access_token").GetString()!;

        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
        {
            var answer = await world.Budget.UseAsync(token, method: method);
            Assert.Equal($$"""{"sub":"{{grant.Subject}}","openbanking_intent_id":"{{grant.ConsentId}}"}""", answer.Body);
            Assert.Equal("no-store", answer.Header("Cache-Control"));
        }

        Assert.Single((await world.Budget.UseAsync(bare)).Json.EnumerateObject());
    }

    /// <summary>Not even a mistake of ours could make a token that is bound to nothing.</summary>
    [Theory]
    [Trait("Rule", "RS-06")]
    [Trait("Rule", "DP-16")]
    [InlineData(null, null)]
    [InlineData("jkt", "x5t")]
    public async Task A_token_bound_to_nothing_or_to_both_cannot_be_stored(string? jkt, string? certificate)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => world.Host.Database.ExecuteAsync(
            """
            INSERT INTO identity.access_tokens ("Hash", "Id", "ClientId", "Scope", "DpopKeyThumbprint", "CertificateThumbprint", "IssuedAt", "ExpiresAt")
            VALUES ($1, gen_random_uuid(), 'budget', 'accounts', $2::text, $3::text, now(), now() + interval '5 minutes')
            """,
            Handle.New().Hash,
            jkt,
            certificate));

        Assert.Equal("ck_access_tokens_bound", refused.ConstraintName);
    }

    [Fact]
    public async Task A_client_that_is_gone_has_no_tokens()
    {
        var token = (await world.OtherLender.ForItselfAsync()).Text("access_token")!;
        var (method, path, _) = Resources()[0];
        await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"ClientId\" = 'gone' WHERE \"ClientId\" = $1", world.OtherLender.ClientId);
        try
        {
            await RefusedAsync(world.OtherLender.UseAsync(token, path, method), "invalid_token", "RS-03");
        }
        finally
        {
            await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"ClientId\" = $1 WHERE \"ClientId\" = 'gone'", world.OtherLender.ClientId);
        }
    }

    private static string PathOf(RouteEndpoint endpoint) =>
        "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part =>
            part is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "x"))));

    private async Task<string> TokenAsync(TestTpp tpp, AccessRequirement requirement) => requirement.Kind == TokenKind.Client
        ? (await tpp.ForItselfAsync()).Text("access_token")!
        : (await world.TokensAsync(tpp)).GetProperty("access_token").GetString()!;

    private async Task RefusedAsync(Task<Answer> request, string error, string rule)
    {
        var answer = await request;
        Assert.Equal((401, rule), (answer.Status, world.RuleOf(answer)));
        Assert.Contains($"error=\"{error}\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }
}
