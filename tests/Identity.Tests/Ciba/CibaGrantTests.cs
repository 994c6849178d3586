using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>What a client gets that asks for the decision: not yet, not so fast, no, too late, or tokens, once.</summary>
[Collection(CibaTests.Name)]
public sealed class CibaGrantTests(CibaWorld world) : IAsyncLifetime
{
    private TestTpp Tpp => world.Tpp;

    public async ValueTask InitializeAsync() => await world.BeSignedInAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    [Trait("Rule", "CIBA-20")]
    [Trait("Rule", "CIBA-30")]
    [Trait("Rule", "CIBA-16")]
    [Trait("Rule", "CIBA-32")]
    [Trait("Rule", "CIBA-35")]
    [Trait("Rule", "OB-SEC-9")]
    [Trait("Rule", "RAR-07")]
    public async Task What_the_customer_approves_in_the_portal_the_client_fetches()
    {
        foreach (var tpp in new[] { Tpp, world.Mtls })
        {
            var consent = await tpp.CreateConsentAsync();
            var id = await tpp.AskAsync(TestTpp.BackchannelRequest(consent, world.Customer).With("acr_values", "urn:other urn:openbanking:psd2:ca"));
            await world.RefusedAsync(tpp.PollAsync(id), 400, "authorization_pending", "CIBA-20");
            await world.ApproveAsync(id);

            var tokens = await tpp.PollAsync(id);
            Assert.Equal((200, tpp.Kind == TppKind.Dpop ? "DPoP" : "Bearer"), (tokens.Status, tokens.Text("token_type")));
            Assert.Contains("no-store", tokens.Header("Cache-Control"), StringComparison.Ordinal);
            Assert.NotNull(tokens.Text("refresh_token"));
            var detail = Assert.Single(tokens.Json.GetProperty("authorization_details").EnumerateArray());
            Assert.Equal((consent, 2), (detail.GetProperty("consent_id").GetString(), detail.GetProperty("accounts").GetArrayLength()));

            var claims = Jws.Parse(tokens.Text("id_token")!).Failed(out var fault, out var token) ? throw new InvalidOperationException(fault.Reason) : token.Payload;
            Assert.Equal(
                (world.Host.Issuer.OriginalString, tpp.ClientId, "urn:openbanking:psd2:ca", consent),
                (Claims.Text(claims, "iss"), Claims.Text(claims, "aud"), Claims.Text(claims, "acr"), Claims.Text(claims, "openbanking_intent_id")));
            Assert.NotNull(Claims.Text(claims, "sub"));
            foreach (var time in new[] { "exp", "iat", "auth_time" }) Assert.NotNull(Claims.Seconds(claims, time));
            Assert.True(token.Algorithm is "PS256" or "ES256");

            Assert.Equal(200, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!)).Status);
        }
    }

    [Fact]
    [Trait("Rule", "CIBA-19")]
    [Trait("Rule", "CA-13")]
    [Trait("Rule", "DPOP-18")]
    [Trait("Rule", "F2-GEN-03")]
    public async Task A_poll_is_a_token_request_like_any_other()
    {
        var id = await Tpp.AskAsync(await world.GoodAsync());
        var poll = Form.Empty.With("grant_type", TestTpp.CibaGrant).With("auth_req_id", id);
        await world.RefusedAsync(Tpp.TokenAsync(poll.With("auth_req_id", null)), 400, "invalid_request", "CIBA-19");
        await world.RefusedAsync(Tpp.PostAsync("/token", poll.With("client_id", Tpp.ClientId)), 401, "invalid_client", "CA-13");
        await world.RefusedAsync(Tpp.TokenAsync(poll, withProof: false), 400, "invalid_dpop_proof", "DPOP-18");
        await world.RefusedAsync(Tpp.TokenAsync(poll), 400, "authorization_pending", "CIBA-20");
    }

    [Fact]
    [Trait("Rule", "CIBA-25")]
    [Trait("Rule", "OA-42")]
    public async Task A_request_belongs_to_its_client_and_is_fetched_once()
    {
        var id = await Tpp.AskAsync(await world.GoodAsync());
        await world.RefusedAsync(Tpp.PollAsync("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 400, "invalid_grant", "CIBA-25");
        await world.ApproveAsync(id);
        await world.RefusedAsync(world.Other.PollAsync(id), 400, "invalid_grant", "CIBA-25");

        // What opens one door opens no other: the portal's name of the request, the id as a code, a code as the id.
        await world.RefusedAsync(Tpp.PollAsync((await world.IdOfAsync(id)).ToString("D")), 400, "invalid_grant", "CIBA-25");
        await world.RefusedAsync(Tpp.RedeemAsync(id), 400, "invalid_grant", "TOK-03");
        var code = await Tpp.AuthoriseAsync(world.Customer);
        await world.RefusedAsync(Tpp.PollAsync(code), 400, "invalid_grant", "CIBA-25");
        Assert.Equal(200, (await Tpp.RedeemAsync(code)).Status);

        Assert.Equal(200, (await Tpp.PollAsync(id)).Status);
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "invalid_grant", "CIBA-25");
    }

    [Fact]
    [Trait("Rule", "CIBA-25")]
    [Trait("Rule", "OA-13")]
    public async Task Of_fifty_polls_at_one_moment_one_gets_the_tokens()
    {
        var id = await Tpp.AskAsync(await world.GoodAsync());
        await world.ApproveAsync(id);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Tpp.PollAsync(id))));
        Assert.Equal(1, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal((400, "invalid_grant"), (answer.Status, answer.Error)));
    }

    [Fact]
    [Trait("Rule", "CIBA-21")]
    public async Task Who_polls_too_fast_waits_longer_each_time()
    {
        var id = await Tpp.AskAsync(await world.GoodAsync());
        await PendingAsync(id);
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "slow_down", "CIBA-21");
        Assert.Equal(10, (await world.RowAsync(id)).Interval);
        world.Host.Clock.Advance(TimeSpan.FromSeconds(8));
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "slow_down", "CIBA-21");
        Assert.Equal(15, (await world.RowAsync(id)).Interval);
        world.Host.Clock.Advance(TimeSpan.FromSeconds(15));
        await PendingAsync(id);

        // Whoever has kept the pace until now gets what is there at once.
        await world.ApproveAsync(id);
        Assert.Equal(200, (await Tpp.PollAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-21")]
    public async Task The_interval_is_kept_to_the_moment()
    {
        var start = world.Host.Clock.Now;
        var id = await Tpp.AskAsync((await world.GoodAsync()).With("requested_expiry", "600"));
        try
        {
            world.Host.Clock.StopAt(start.AddSeconds(1));
            await PendingAsync(id);
            world.Host.Clock.StopAt(start.AddSeconds(6));
            await PendingAsync(id);
            world.Host.Clock.StopAt(start.AddSeconds(11).AddMilliseconds(-1));
            await world.RefusedAsync(Tpp.PollAsync(id), 400, "slow_down", "CIBA-21");
        }
        finally
        {
            world.Host.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "CIBA-22")]
    public async Task Who_does_not_listen_at_all_is_told_that_the_request_is_wrong()
    {
        var id = await Tpp.AskAsync(await world.GoodAsync());
        await PendingAsync(id);
        for (var interval = 10; interval <= 60; interval += 5) await world.RefusedAsync(Tpp.PollAsync(id), 400, "slow_down", "CIBA-21");
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "invalid_request", "CIBA-22");
        Assert.Equal(60, (await world.RowAsync(id)).Interval);
        world.Host.Clock.Advance(TimeSpan.FromSeconds(66));
        await PendingAsync(id);
    }

    [Fact]
    [Trait("Rule", "CIBA-23")]
    [Trait("Rule", "OB-CON-4")]
    public async Task A_request_expires_and_its_consent_with_it()
    {
        var start = world.Host.Clock.Now;
        var request = await world.GoodAsync();
        var id = await Tpp.AskAsync(request.With("requested_expiry", "10"));
        var row = await world.RowAsync(id);
        try
        {
            world.Host.Clock.StopAt(row.ExpiresAt.AddMilliseconds(-1));
            await PendingAsync(id);
            world.Host.Clock.StopAt(row.ExpiresAt);
            await world.RefusedAsync(Tpp.PollAsync(id), 400, "expired_token", "CIBA-23");
        }
        finally
        {
            world.Host.Clock.Run();
        }

        if (world.Host.Clock.Now < row.ExpiresAt) world.Host.Clock.Advance(row.ExpiresAt - world.Host.Clock.Now);
        await world.RefusedAsync(Tpp.BackchannelAsync(request), 403, "access_denied", "OB-SEC-13");
        Assert.Equal(Identity.Ciba.BackchannelOutcome.TimedOut, (await world.RowAsync(id)).Outcome);
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "expired_token", "CIBA-23");
        Assert.True(start < row.ExpiresAt);
    }

    [Fact]
    [Trait("Rule", "CIBA-23")]
    public async Task What_is_approved_in_the_last_second_can_be_fetched_for_a_minute()
    {
        foreach (var (wait, isThere) in new[] { (TimeSpan.FromSeconds(58), true), (TimeSpan.FromSeconds(62), false) })
        {
            world.Host.Clock.StopAt(world.Host.Clock.Now); // However slow the machine, it is the last seconds.
            try
            {
                var id = await Tpp.AskAsync((await world.GoodAsync()).With("requested_expiry", "10"));
                await world.ApproveAsync(id);
                world.Host.Clock.Advance(wait);
                if (isThere) Assert.Equal(200, (await Tpp.PollAsync(id)).Status);
                else await world.RefusedAsync(Tpp.PollAsync(id), 400, "expired_token", "CIBA-23");
            }
            finally
            {
                world.Host.Clock.Run();
            }
        }
    }

    [Fact]
    [Trait("Rule", "CIBA-24")]
    public async Task A_customer_who_declines_is_a_denial_and_the_consent_is_rejected()
    {
        var request = await world.GoodAsync();
        var id = await Tpp.AskAsync(request);
        await world.DeclineAsync(id);
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "access_denied", "CIBA-24");
        await world.RefusedAsync(Tpp.BackchannelAsync(request), 403, "access_denied", "OB-SEC-13");
    }

    [Fact]
    [Trait("Rule", "CIBA-24")]
    [Trait("Rule", "CO-09")]
    public async Task A_consent_that_its_client_withdraws_takes_its_request_with_it()
    {
        var consent = await Tpp.CreateConsentAsync();
        var id = await Tpp.AskAsync(TestTpp.BackchannelRequest(consent, world.Customer));
        var deleted = await Tpp.ApiAsync(HttpMethod.Delete, $"/open-banking/v4.0/aisp/account-access-consents/{consent}", await Tpp.ClientTokenAsync());
        Assert.Equal(204, deleted.Status);
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "access_denied", "CIBA-24");
        var page = await world.Portal.PageAsync($"/requests/{await world.IdOfAsync(id):D}");
        Assert.Contains("This request has ended", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "TOK-11")]
    [Trait("Rule", "OB-SEC-17")]
    public async Task An_access_that_ends_before_it_is_fetched_yields_nothing()
    {
        var consent = await Tpp.CreateConsentAsync();
        var id = await Tpp.AskAsync(TestTpp.BackchannelRequest(consent, world.Customer));
        await world.ApproveAsync(id);
        var cancelled = await world.Portal.SubmitAsync($"/connections/{consent}/cancel", $"/connections/{consent}/cancel");
        Assert.Equal(303, (int)cancelled.StatusCode);
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "invalid_grant", "TOK-11");
    }

    [Fact]
    [Trait("Rule", "RAR-09")]
    public async Task Fewer_details_can_be_asked_for_and_others_cost_nothing()
    {
        var consent = await Tpp.CreateConsentAsync();
        var id = await Tpp.AskAsync(TestTpp.BackchannelRequest(consent, world.Customer));
        await world.ApproveAsync(id);
        var poll = Form.Empty.With("grant_type", TestTpp.CibaGrant).With("auth_req_id", id);
        await world.RefusedAsync(Tpp.TokenAsync(poll.With("authorization_details", TestTpp.Details("other"))), 400, "invalid_authorization_details", "RAR-09");
        Assert.Equal(200, (await Tpp.TokenAsync(poll.With("authorization_details", TestTpp.Details(consent)))).Status);
    }

    [Fact]
    [Trait("Rule", "OA-54")]
    public async Task Secrets_are_kept_as_hashes_or_encrypted()
    {
        const string token = "canary-canary-canary-canary";
        var id = await world.Pinged.AskAsync((await world.GoodAsync(world.Pinged)).With("client_notification_token", token));
        var row = System.Text.Encoding.Latin1.GetString((await world.RowAsync(id)).Notification!) + (await world.RowAsync(id)).Parameters;
        Assert.DoesNotContain(id, row, StringComparison.Ordinal);
        Assert.DoesNotContain(token, row, StringComparison.Ordinal);
        Assert.Equal(Kernel.Handle.HashOf(id), (await world.RowAsync(id)).Hash);
    }

    private Task PendingAsync(string id) => world.RefusedAsync(Tpp.PollAsync(id), 400, "authorization_pending", "CIBA-20");
}
