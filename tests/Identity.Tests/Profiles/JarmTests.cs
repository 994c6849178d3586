using System.Text.Json;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>Authorization answers as JWTs, for success and for error, in each mode and for both profiles that have them.</summary>
[Collection(ProfileTests.Name)]
public sealed class JarmTests(ProfileWorld world) : IDisposable
{
    private readonly TestBrowser browser = world.Customer.OpenBrowser(world.Host);

    [Theory]
    [Trait("Rule", "JARM-01")]
    [Trait("Rule", "JARM-02")]
    [Trait("Rule", "JARM-03")]
    [Trait("Rule", "JARM-04")]
    [Trait("Rule", "JARM-05")]
    [Trait("Rule", "JARM-08")]
    [Trait("Rule", "MS-06")]
    [Trait("Rule", "MS-07")]
    [Trait("Rule", "MS-09")]
    [Trait("Rule", "ISS-04")]
    [Trait("Rule", "F1-16")]
    [Trait("Rule", "OA-33")]
    [InlineData("fapi2-ms", "jwt", '?')]
    [InlineData("fapi2-ms", "query.jwt", '?')]
    [InlineData("fapi2-ms", "fragment.jwt", '#')]
    [InlineData("fapi2-ms", "form_post.jwt", ' ')]
    [InlineData("fapi1-advanced", "jwt", '?')]
    [InlineData("fapi1-advanced", "query.jwt", '?')]
    [InlineData("fapi1-advanced", "fragment.jwt", '#')]
    [InlineData("fapi1-advanced", "form_post.jwt", ' ')]
    public async Task An_answer_is_one_jwt_and_nothing_beside_it(string profile, string mode, char mark)
    {
        var tpp = profile == "fapi2-ms" ? world.Signing : world.Advanced;
        var now = world.Host.Clock.Now.ToUnixTimeSeconds();

        // Success.
        var back = await world.ApproveAsync(await PathAsync(tpp, await ProfileWorld.JarmAsync(tpp, mode)));
        var claims = Response(tpp, back, mark);
        Assert.Equal(["aud", "code", "exp", "iss", "state"], Names(claims));
        Assert.Equal(
            (world.Host.Issuer.OriginalString, tpp.ClientId, "af0ifjsldkj"), (Claims.Text(claims, "iss"), Claims.Text(claims, "aud"), Claims.Text(claims, "state")));
        Assert.InRange(Claims.Seconds(claims, "exp")!.Value, now + 119, now + 150);
        Assert.Equal(200, (await tpp.RedeemAsync(Claims.Text(claims, "code")!)).Status);

        // Error: by the customer, and before the customer.
        var interaction = await browser.ArriveAsync(await PathAsync(tpp, await ProfileWorld.JarmAsync(tpp, mode)));
        var denied = Response(tpp, Assert.IsType<DecisionAnswer.Done>(await browser.DenyAsync(interaction)).Return, mark);
        Assert.Equal(["aud", "error", "error_description", "exp", "iss", "state"], Names(denied));
        Assert.Equal("access_denied", Claims.Text(denied, "error"));
        var answer = await browser.OpenAsync(await PathAsync(tpp, (await ProfileWorld.JarmAsync(tpp, mode)).With("prompt", "none")));
        Assert.Equal((mark == ' ' ? 200 : 303, "ID-12"), (answer.Status, world.RuleOf(answer)));
        if (mark == ' ') Assert.Contains("name=\"response\" value=\"ey", answer.Body, StringComparison.Ordinal);
        else Assert.Equal("login_required", Claims.Text(Response(tpp, new ReturnToClient(answer.Header("Location")!, null, NoFields), mark), "error"));
    }

    [Fact]
    [Trait("Rule", "JARM-01")]
    [Trait("Rule", "JARM-04")]
    [Trait("Rule", "F1-13")]
    public async Task A_hybrid_answer_as_jwt_comes_in_the_fragment()
    {
        var request = (await ProfileWorld.HybridAsync(world.Advanced)).With("response_mode", "jwt");
        var claims = Response(world.Advanced, await world.ApproveAsync(await PathAsync(world.Advanced, request)), '#');
        Assert.Equal(["aud", "code", "exp", "id_token", "iss", "state"], Names(claims));
        Assert.Equal(IdTokenHash(Claims.Text(claims, "code")!), Claims.Text(world.Read(Claims.Text(claims, "id_token")!), "c_hash"));
    }

    [Fact]
    [Trait("Rule", "MS-06")]
    [Trait("Rule", "ISS-01")]
    [Trait("Rule", "ISS-04")]
    public async Task A_client_that_signs_may_take_plain_answers()
    {
        var answer = ProfileWorld.After('?', (await world.ApproveAsync(await PathAsync(world.Signing, TestTpp.AuthorizationRequest(await world.Signing.CreateConsentAsync())))).Location);
        Assert.Equal(["code", "iss", "state"], answer.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [Trait("Rule", "JARM-05")]
    [Trait("Rule", "JARM-07")]
    [InlineData(null, "PS256")]
    [InlineData("ES256", "ES256")]
    [InlineData("PS256", "PS256")]
    public async Task The_answer_is_signed_with_the_registered_algorithm(string? registered, string algorithm)
    {
        using var tpp = await world.RegisterAsync("fapi2-ms", change: metadata => metadata["authorization_signed_response_alg"] = registered);
        var answer = await browser.OpenAsync(await PathAsync(tpp, (await ProfileWorld.JarmAsync(tpp)).With("prompt", "none")));
        world.Read(answer.Parameter("response")!, algorithm: algorithm);
    }

    [Theory]
    [Trait("Rule", "JARM-05")]
    [Trait("Rule", "JARM-07")]
    [Trait("Rule", "JIN-05")]
    [Trait("Rule", "KEY-03")]
    [InlineData("authorization_signed_response_alg", "none")]
    [InlineData("authorization_signed_response_alg", "RS256")]
    [InlineData("introspection_signed_response_alg", "none")]
    [InlineData("introspection_signed_response_alg", "RS256")]
    [InlineData("request_object_signing_alg", "none")]
    [InlineData("request_object_signing_alg", "RS256")]
    public async Task An_algorithm_that_proves_nothing_or_too_little_cannot_be_registered(string member, string algorithm)
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => world.RegisterAsync("fapi2-ms", change: metadata => metadata[member] = algorithm));
        Assert.Contains(member, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "JARM-01")]
    [Trait("Rule", "X-10")]
    [Trait("Rule", "PAR-16")]
    [Trait("Rule", "OB-SEC-12")]
    public async Task A_customer_who_does_not_decide_in_time_is_an_error_in_a_jwt()
    {
        var clock = world.Host.Clock;
        try
        {
            clock.StopAt(clock.Now);
            var interaction = await browser.ArriveAsync(await PathAsync(world.Signing, await ProfileWorld.JarmAsync(world.Signing)));
            clock.Advance(TimeSpan.FromMinutes(10));
            var back = Assert.IsType<InteractionState.TimedOut>(await browser.DescribeAsync(interaction)).Return;
            Assert.Equal("access_denied", Claims.Text(Response(world.Signing, back, '?'), "error"));
        }
        finally
        {
            clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "JARM-09")]
    [Trait("Rule", "HTTP-07")]
    public async Task Who_cannot_be_trusted_gets_a_page_and_no_jwt()
    {
        var tpp = world.Advanced;
        await world.PageAsync(tpp.AuthorizePath(tpp.Signed((await ProfileWorld.JarmAsync(tpp)).With("redirect_uri", "https://evil.test"))), "invalid_request", "F1-17");
        await world.PageAsync(tpp.AuthorizePath(tpp.Signed(await ProfileWorld.JarmAsync(tpp)).With("client_id", "nobody")), "invalid_request", "HTTP-07");
    }

    [Fact]
    [Trait("Rule", "OA-36")]
    [Trait("Rule", "JARM-01")]
    public async Task A_state_comes_back_in_the_jwt_as_it_was_sent()
    {
        foreach (var state in new[] { "a b+c&d=e#f?g/ü", "a\r\nSet-Cookie: x=y", "\"'<script>alert(1)</script>", "a\0b" })
        {
            var answer = await browser.OpenAsync(await PathAsync(world.Signing, (await ProfileWorld.JarmAsync(world.Signing)).With("prompt", "none").With("state", state)));
            Assert.Equal((303, state), (answer.Status, Claims.Text(world.Read(answer.Parameter("response")!), "state")));
        }
    }

    [Fact]
    [Trait("Rule", "OA-40")]
    [Trait("Rule", "ID-17")]
    public async Task An_answer_is_no_access_token_and_no_hint()
    {
        var tpp = world.Signing;
        var back = await world.ApproveAsync(await PathAsync(tpp, await ProfileWorld.JarmAsync(tpp)));
        var jwt = ProfileWorld.After('?', back.Location)["response"];
        Assert.Equal(401, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", jwt)).Status);
        await world.RefusedAsync(tpp.ParAsync(tpp.Signed((await ProfileWorld.JarmAsync(tpp)).With("id_token_hint", jwt))), 400, "invalid_request", "ID-17");
    }

    public void Dispose() => browser.Dispose();

    private static readonly Dictionary<string, string> NoFields = [];

    private static string IdTokenHash(string text) => Token.IdTokenHash.Of(text);

    private static IEnumerable<string> Names(JsonElement claims) => claims.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal);

    private static async Task<string> PathAsync(TestTpp tpp, Form request) => tpp.AuthorizePath(await tpp.PushAsync(tpp.Signed(request)));

    private JsonElement Response(TestTpp tpp, ReturnToClient back, char mark)
    {
        if (mark == ' ')
        {
            Assert.Equal(tpp.RedirectUri, back.FormAction);
            Assert.Equal("response", Assert.Single(back.FormFields).Key);
            return world.Read(back.FormFields["response"], algorithm: "PS256");
        }

        Assert.StartsWith(tpp.RedirectUri + mark + "response=", back.Location, StringComparison.Ordinal);
        var parameters = ProfileWorld.After(mark, back.Location);
        Assert.Single(parameters);
        return world.Read(parameters["response"], algorithm: "PS256");
    }
}
