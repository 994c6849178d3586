using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>Userinfo as a JWT, for clients that have registered for it.</summary>
[Collection(ProfileTests.Name)]
public sealed class SignedUserInfoTests(ProfileWorld world)
{
    [Theory]
    [Trait("Rule", "ID-20")]
    [Trait("Rule", "META-14")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    public async Task A_registered_client_gets_a_jwt_for_it_alone(string algorithm)
    {
        using var tpp = await world.RegisterAsync("fapi2-sp", change: metadata => metadata["userinfo_signed_response_alg"] = algorithm);
        var tokens = await TokensAsync(tpp);
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            var answer = await tpp.ApiAsync(method, "/userinfo", tokens.Text("access_token")!);
            Assert.Equal((200, "application/jwt"), (answer.Status, answer.ContentType));
            Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
            var claims = world.Read(answer.Body, algorithm: algorithm);
            Assert.Equal(
                (world.Host.Issuer.OriginalString, tpp.ClientId, Claims.Text(world.Read(tokens.Text("id_token")!), "sub")),
                (Claims.Text(claims, "iss"), Claims.Text(claims, "aud"), Claims.Text(claims, "sub")));
        }
    }

    [Fact]
    [Trait("Rule", "ID-20")]
    public async Task Others_get_json_and_no_algorithm_but_ours_is_registered()
    {
        var answer = await world.Plain.GetAsync("/userinfo", (await TokensAsync(world.Plain)).Text("access_token")!);
        Assert.Equal((200, "application/json"), (answer.Status, answer.ContentType));
        foreach (var algorithm in new[] { "none", "RS256" })
            await Assert.ThrowsAsync<InvalidOperationException>(() => world.RegisterAsync("fapi2-sp", change: metadata => metadata["userinfo_signed_response_alg"] = algorithm));
    }

    private async Task<Answer> TokensAsync(TestTpp tpp)
    {
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
        return await tpp.RedeemAsync(ProfileWorld.After('?', (await world.ApproveAsync(tpp.AuthorizePath(await tpp.PushAsync(request)))).Location)["code"]);
    }
}
