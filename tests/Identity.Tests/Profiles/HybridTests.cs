using OpenBanking.Identity.Tests.Token;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>The hybrid answer of FAPI 1.0: a code, and an ID token that signs it.</summary>
[Collection(ProfileTests.Name)]
public sealed class HybridTests(ProfileWorld world)
{
    [Fact]
    [Trait("Rule", "F1-13")]
    [Trait("Rule", "F1-14")]
    [Trait("Rule", "F1-15")]
    [Trait("Rule", "F1-29")]
    [Trait("Rule", "F1-32")]
    [Trait("Rule", "ID-03")]
    [Trait("Rule", "ID-04")]
    [Trait("Rule", "ID-05")]
    [Trait("Rule", "ISS-05")]
    [Trait("Rule", "OB-SEC-9")]
    [Trait("Rule", "OB-SEC-10")]
    public async Task The_id_token_in_the_fragment_signs_code_and_state_and_the_other_says_the_rest()
    {
        foreach (var tpp in new[] { world.Advanced, world.Asserting })
        {
            var consent = await tpp.CreateConsentAsync();
            var request = TestTpp.AuthorizationRequest(consent).With("response_type", "code id_token").With("max_age", "60");
            var answer = ProfileWorld.After('#', (await world.ApproveAsync(tpp.AuthorizePath(tpp.Signed(request)))).Location);
            Assert.Equal(["code", "id_token", "iss", "state"], answer.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(world.Host.Issuer.OriginalString, answer["iss"]);

            var front = world.Read(answer["id_token"], algorithm: "PS256");
            Assert.Equal(
                ["acr", "aud", "auth_time", "c_hash", "exp", "iat", "iss", "nonce", "openbanking_intent_id", "s_hash", "sub"],
                front.EnumerateObject().Select(claim => claim.Name).Order(StringComparer.Ordinal));
            Assert.Equal((IdTokenHash.Of(answer["code"]), IdTokenHash.Of(answer["state"])), (Claims.Text(front, "c_hash"), Claims.Text(front, "s_hash")));
            Assert.Equal(
                (world.Host.Issuer.OriginalString, tpp.ClientId, "n-0S6_WzA2Mj", consent, "urn:openbanking:psd2:sca"),
                (Claims.Text(front, "iss"), Claims.Text(front, "aud"), Claims.Text(front, "nonce"), Claims.Text(front, "openbanking_intent_id"), Claims.Text(front, "acr")));

            var tokens = await tpp.RedeemAsync(answer["code"]);
            Assert.Equal((200, "Bearer"), (tokens.Status, tokens.Text("token_type")));
            var back = world.Read(tokens.Text("id_token")!);
            Assert.Equal(IdTokenHash.Of(tokens.Text("access_token")!), Claims.Text(back, "at_hash"));
            foreach (var claim in front.EnumerateObject().Where(claim => claim.Name is not ("c_hash" or "s_hash" or "exp" or "iat")))
                Assert.Equal((claim.Name, claim.Value.ToString()), (claim.Name, back.GetProperty(claim.Name).ToString()));
        }
    }

    [Fact]
    [Trait("Rule", "F1-14")]
    [Trait("Rule", "F1-28")]
    public async Task Without_a_state_there_is_no_hash_of_one()
    {
        var tpp = world.Advanced;
        var request = (await ProfileWorld.HybridAsync(tpp)).With("state", null);
        var answer = ProfileWorld.After('#', (await world.ApproveAsync(tpp.AuthorizePath(tpp.Signed(request)))).Location);
        Assert.False(answer.ContainsKey("state"));
        Assert.False(Claims.Has(world.Read(answer["id_token"]), "s_hash"));
    }

    [Fact]
    [Trait("Rule", "F1-03")]
    [Trait("Rule", "F1-11")]
    [Trait("Rule", "F1-13")]
    public async Task A_hybrid_answer_may_be_posted_and_its_request_may_be_pushed()
    {
        var tpp = world.Advanced;
        var request = tpp.Signed((await ProfileWorld.HybridAsync(tpp)).With("response_mode", "form_post"));
        var back = await world.ApproveAsync(tpp.AuthorizePath(await tpp.PushAsync(request)));
        Assert.Equal((tpp.RedirectUri, tpp.RedirectUri), (back.FormAction, back.Location));
        Assert.Equal(["code", "id_token", "iss", "state"], back.FormFields.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(IdTokenHash.Of(back.FormFields["code"]), Claims.Text(world.Read(back.FormFields["id_token"]), "c_hash"));

        var without = tpp.Signed((await ProfileWorld.HybridAsync(tpp)).With("code_challenge", null));
        await world.RefusedAsync(tpp.ParAsync(without), 400, "invalid_request", "F1-11");
    }

    [Fact]
    [Trait("Rule", "ID-02")]
    [Trait("Rule", "F1-13")]
    public async Task It_is_signed_with_the_algorithm_of_the_clients_id_tokens()
    {
        using var tpp = await world.RegisterAsync("fapi1-advanced", TppKind.Mtls, metadata => metadata["id_token_signed_response_alg"] = "ES256");
        var answer = ProfileWorld.After('#', (await world.ApproveAsync(tpp.AuthorizePath(tpp.Signed(await ProfileWorld.HybridAsync(tpp))))).Location);
        world.Read(answer["id_token"], algorithm: "ES256");
    }

    [Fact]
    [Trait("Rule", "OA-40")]
    public async Task It_opens_nothing()
    {
        var tpp = world.Advanced;
        var answer = ProfileWorld.After('#', (await world.ApproveAsync(tpp.AuthorizePath(tpp.Signed(await ProfileWorld.HybridAsync(tpp))))).Location);
        Assert.Equal(401, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", answer["id_token"])).Status);
        Assert.Equal(200, (await tpp.RedeemAsync(answer["code"])).Status);
    }

    [Fact]
    [Trait("Rule", "REF-05")]
    [Trait("Rule", "F1-04")]
    [Trait("Rule", "MTLS-07")]
    public async Task A_renewed_certificate_goes_on_where_the_old_one_ended()
    {
        var tpp = world.Advanced;
        var answer = ProfileWorld.After('#', (await world.ApproveAsync(tpp.AuthorizePath(tpp.Signed(await ProfileWorld.HybridAsync(tpp))))).Location);
        var tokens = await tpp.RedeemAsync(answer["code"]);
        using var renewed = tpp.Showing(world.Host.IssueClientCertificate($"CN={tpp.ClientId}, O=Budget App Ltd, C=GB"));
        Assert.Equal(401, (await renewed.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!)).Status);
        var refreshed = await renewed.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token")));
        Assert.Equal(200, (await renewed.GetAsync("/open-banking/v4.0/aisp/accounts", refreshed.Text("access_token")!)).Status);
        Assert.Equal(401, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", refreshed.Text("access_token")!)).Status);
        Assert.Equal(200, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!)).Status);
    }

    [Fact]
    [Trait("Rule", "F1-21")]
    [Trait("Rule", "F2-PAR-10")]
    [Trait("Rule", "OA-12")]
    public async Task A_code_used_twice_ends_what_it_gave()
    {
        var tpp = world.Advanced;
        var answer = ProfileWorld.After('#', (await world.ApproveAsync(tpp.AuthorizePath(tpp.Signed(await ProfileWorld.HybridAsync(tpp))))).Location);
        var token = (await tpp.RedeemAsync(answer["code"])).Text("access_token")!;
        Assert.Equal(200, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", token)).Status);
        await world.RefusedAsync(tpp.RedeemAsync(answer["code"]), 400, "invalid_grant", "F2-PAR-09");
        Assert.Equal(401, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", token)).Status);
    }
}
