using System.Text.Json.Nodes;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>What a request on the back channel must be, each rule from both sides of its edge.</summary>
[Collection(CibaTests.Name)]
public sealed class BackchannelRequestTests(CibaWorld world) : IAsyncLifetime
{
    private TestTpp Tpp => world.Tpp;

    public async ValueTask InitializeAsync() => await world.BeSignedInAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    [Trait("Rule", "CIBA-17")]
    [Trait("Rule", "CIBA-31")]
    public async Task A_good_request_is_taken()
    {
        foreach (var tpp in new[] { Tpp, world.Mtls })
        {
            var answer = await tpp.BackchannelAsync(await world.GoodAsync(tpp));
            Assert.Equal((200, "application/json"), (answer.Status, answer.ContentType));
            Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
            Assert.Equal(["auth_req_id", "expires_in", "interval"], answer.Json.EnumerateObject().Select(member => member.Name));
            Assert.Matches("^[A-Za-z0-9_-]{43}$", answer.Text("auth_req_id"));
            Assert.Equal((300, 5), (answer.Json.GetProperty("expires_in").GetInt32(), answer.Json.GetProperty("interval").GetInt32()));
        }
    }

    [Fact]
    [Trait("Rule", "CIBA-01")]
    [Trait("Rule", "CA-13")]
    [Trait("Rule", "CA-07")]
    [Trait("Rule", "HTTP-01")]
    public async Task Only_a_client_that_proves_itself_by_a_posted_form_may_ask()
    {
        var good = await world.GoodAsync();
        await world.RefusedAsync(Tpp.PostAsync("/bc-authorize", good.With("client_id", Tpp.ClientId)), 401, "invalid_client", "CA-13");
        await world.RefusedAsync(
            Tpp.BackchannelAsync(good.With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", Tpp.Assertion(claims => claims["aud"] = Tpp.Address("/bc-authorize")))),
            401, "invalid_client", "CA-07");
        using var get = new HttpRequestMessage(HttpMethod.Get, "/bc-authorize");
        Assert.Equal(405, (await Tpp.SendAsync(get)).Status);
        using var json = new HttpRequestMessage(HttpMethod.Post, "/bc-authorize") { Content = TestHttp.Json("{}") };
        await world.RefusedAsync(Tpp.SendAsync(json), 400, "invalid_request", "HTTP-01");
        Assert.Equal(200, (await Tpp.BackchannelAsync(good)).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-02")]
    [Trait("Rule", "TOK-02")]
    public async Task Only_a_client_that_is_registered_for_it_may_ask_or_poll()
    {
        await world.RefusedAsync(world.Plain.BackchannelAsync(await world.GoodAsync(world.Plain)), 400, "unauthorized_client", "CIBA-02");
        await world.RefusedAsync(world.Plain.PollAsync("anything"), 400, "unauthorized_client", "TOK-02");
        Assert.Equal(200, (await Tpp.BackchannelAsync(await world.GoodAsync())).Status);
    }

    [Theory]
    [Trait("Rule", "CIBA-08")]
    [Trait("Rule", "OA-50")]
    [Trait("Rule", "RAR-11")]
    [InlineData(null, "CIBA-08")]
    [InlineData("accounts", "CIBA-08")]
    [InlineData("openidx accounts", "CIBA-08")]
    [InlineData("openid payments", "OA-50")]
    [InlineData("openid", "RAR-11")]
    [InlineData("openid accounts", null)]
    [InlineData("accounts offline_access openid", null)]
    public async Task The_scope_names_openid_and_what_the_consent_is_for(string? scope, string? rule) =>
        await JudgeAsync((await world.GoodAsync()).With("scope", scope), "invalid_scope", rule);

    [Fact]
    [Trait("Rule", "CIBA-09")]
    public async Task Exactly_one_hint_is_given()
    {
        var good = await world.GoodAsync();
        await JudgeAsync(good.With("login_hint", null), "invalid_request", "CIBA-09");
        await JudgeAsync(good.With("login_hint_token", "a.b.c"), "invalid_request", "CIBA-09");
        await JudgeAsync(good.With("id_token_hint", "a.b.c"), "invalid_request", "CIBA-09");
        await JudgeAsync(good.With("login_hint_token", "x").With("id_token_hint", "a.b.c").With("login_hint", null), "invalid_request", "CIBA-09");
        await JudgeAsync(good, null, null);
    }

    [Fact]
    [Trait("Rule", "CIBA-10")]
    [Trait("Rule", "PO-12")]
    public async Task A_hint_names_a_customer()
    {
        var consent = await Tpp.CreateConsentAsync();
        var good = TestTpp.BackchannelRequest(consent, world.Customer);
        await JudgeAsync(good.With("login_hint", "nobody-of-that-name"), "unknown_user_id", "CIBA-10");
        await JudgeAsync(good.With("login_hint", consent), "unknown_user_id", "CIBA-10"); // An intent id is no name.
        await JudgeAsync(good.With("login_hint", new string('a', 300)), "unknown_user_id", "CIBA-10");
        await JudgeAsync(good.With("login_hint", "with\0nul"), "unknown_user_id", "CIBA-10");
        await JudgeAsync(good.With("login_hint", null).With("id_token_hint", "not.a.token"), "unknown_user_id", "CIBA-10");
        await JudgeAsync(good.With("login_hint", null).With("id_token_hint", Tpp.Assertion()), "unknown_user_id", "CIBA-10");
        await JudgeAsync(good.With("login_hint", $"  {world.Customer.Username.ToUpperInvariant()} "), null, null);
    }

    [Fact]
    [Trait("Rule", "CIBA-10")]
    [Trait("Rule", "ID-17")]
    public async Task An_id_token_of_this_client_is_a_hint_however_old()
    {
        var token = (await Tpp.RedeemAsync(await Tpp.AuthoriseAsync(world.Customer))).Text("id_token")!;
        await world.PassAsync(TimeSpan.FromHours(2));
        var good = (await world.GoodAsync()).With("login_hint", null).With("id_token_hint", token);
        Assert.Equal(200, (await Tpp.BackchannelAsync(good)).Status);
        Assert.Single(await world.Portal.WaitingRequestsAsync());
        Assert.Empty(await world.SecondPortal.WaitingRequestsAsync());

        var others = (await world.GoodAsync(world.Other)).With("login_hint", null).With("id_token_hint", token);
        await world.RefusedAsync(world.Other.BackchannelAsync(others), 400, "unknown_user_id", "CIBA-10");
    }

    [Theory]
    [Trait("Rule", "CIBA-11")]
    [InlineData(null, false)]
    [InlineData("8d67dc78-7faa-4d41-aa", false)]
    [InlineData("8d67dc78-7faa-4d41-aab", true)]
    [InlineData("8d67dc78 7faa-4d41-aabd", false)]
    [InlineData("8d67dc78\r\n7faa-4d41-aabd", false)]
    [InlineData("========================", false)]
    [InlineData("AbCd0123-._~+/AbCd0123==", true)]
    public async Task A_client_that_is_pinged_gives_a_bearer_token_for_it(string? token, bool isGood) =>
        await JudgeAsync((await world.GoodAsync(world.Pinged)).With("client_notification_token", token), isGood ? null : "invalid_request", isGood ? null : "CIBA-11", world.Pinged);

    [Fact]
    [Trait("Rule", "CIBA-11")]
    public async Task A_notification_token_has_up_to_1024_characters_and_who_polls_needs_none()
    {
        var good = await world.GoodAsync(world.Pinged);
        await JudgeAsync(good.With("client_notification_token", new string('a', 1025)), "invalid_request", "CIBA-11", world.Pinged);
        await JudgeAsync(good.With("client_notification_token", new string('a', 1024)), null, null, world.Pinged);
        await JudgeAsync((await world.GoodAsync()).With("client_notification_token", "short"), null, null);
    }

    [Fact]
    [Trait("Rule", "CIBA-12")]
    public async Task A_consent_that_was_approved_before_needs_a_message_to_be_told_apart()
    {
        var consent = await Tpp.CreateConsentAsync();
        var request = TestTpp.BackchannelRequest(consent, world.Customer).With("binding_message", null);
        var first = await Tpp.AskAsync(request); // The consent itself is the context: it is for this one authorisation.
        await world.ApproveAsync(first);
        await JudgeAsync(request, "invalid_request", "CIBA-12");
        await JudgeAsync(request.With("binding_message", "W4SCT"), null, null);
    }

    [Theory]
    [Trait("Rule", "CIBA-13")]
    [InlineData("W4SCT", true)]
    [InlineData("Kasse 7 – 4711 €", true)]
    [InlineData("支付 订单 4711", true)]
    [InlineData("أمر 4711", true)]
    [InlineData("Заказ <b>4711</b> & 'x'", true)]
    [InlineData("two\nlines", false)]
    [InlineData("tab\there", false)]
    [InlineData("bell\u0007", false)]
    [InlineData("right\u202Eto left", false)]
    [InlineData("zero\u200Bwidth", false)]
    [InlineData("no\u00A0break", false)]
    [InlineData("filler\u3164", false)]
    [InlineData("private\uE000", false)]
    [InlineData(" leading", false)]
    [InlineData("trailing ", false)]
    public async Task A_message_can_be_shown_as_it_is_or_is_refused(string message, bool isGood) =>
        await JudgeAsync((await world.GoodAsync()).With("binding_message", message), isGood ? null : "invalid_binding_message", isGood ? null : "CIBA-13");

    [Fact]
    [Trait("Rule", "CIBA-13")]
    public async Task A_message_has_up_to_140_characters()
    {
        var good = await world.GoodAsync();
        await JudgeAsync(good.With("binding_message", string.Concat(Enumerable.Repeat("😀", 141))), "invalid_binding_message", "CIBA-13");
        await JudgeAsync(good.With("binding_message", string.Concat(Enumerable.Repeat("😀", 140))), null, null);
    }

    [Theory]
    [Trait("Rule", "CIBA-15")]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("1.5", null)]
    [InlineData("five", null)]
    [InlineData("+60", null)]
    [InlineData("1", 10)]
    [InlineData("10", 10)]
    [InlineData("11", 11)]
    [InlineData("600", 600)]
    [InlineData("601", 600)]
    [InlineData("99999999999999999999", 600)]
    public async Task The_wanted_expiry_is_a_positive_number_and_honoured_within_bounds(string wanted, int? seconds)
    {
        var request = (await world.GoodAsync()).With("requested_expiry", wanted);
        if (seconds is null) await JudgeAsync(request, "invalid_request", "CIBA-15");
        else Assert.Equal(seconds, (await Tpp.BackchannelAsync(request)).Json.GetProperty("expires_in").GetInt32());
    }

    [Theory]
    [Trait("Rule", "CIBA-33")]
    [InlineData("""{"ip":"192.0.2.1"}""", true)]
    [InlineData("{}", true)]
    [InlineData("[]", false)]
    [InlineData("\"text\"", false)]
    [InlineData("{", false)]
    public async Task The_request_context_is_a_json_object(string context, bool isGood) =>
        await JudgeAsync((await world.GoodAsync()).With("request_context", context), isGood ? null : "invalid_request", isGood ? null : "CIBA-33");

    [Fact]
    [Trait("Rule", "CIBA-14")]
    [Trait("Rule", "OB-DCR-7")]
    public async Task User_codes_are_not_offered_and_one_that_is_sent_does_not_matter() =>
        await JudgeAsync((await world.GoodAsync()).With("user_code", "1234"), null, null);

    [Fact]
    [Trait("Rule", "OB-SEC-4")]
    [Trait("Rule", "OB-SEC-14")]
    [Trait("Rule", "CO-03")]
    [Trait("Rule", "CO-02")]
    public async Task The_request_names_one_consent_of_its_client()
    {
        var consent = await Tpp.CreateConsentAsync();
        var nameless = TestTpp.BackchannelRequest(consent, world.Customer).With("authorization_details", null);
        await JudgeAsync(nameless, "invalid_request", "OB-SEC-4");
        await JudgeAsync(nameless.With("openbanking_intent_id", consent).With("authorization_details", TestTpp.Details(await Tpp.CreateConsentAsync())), "invalid_request", "CO-03");
        await JudgeAsync(nameless.With("openbanking_intent_id", await world.Other.CreateConsentAsync()), "invalid_request", "CO-02");
        await JudgeAsync(nameless.With("openbanking_intent_id", consent), null, null);
        await JudgeAsync(nameless.With("openbanking-intent-id", await Tpp.CreateConsentAsync()), null, null);
    }

    [Fact]
    [Trait("Rule", "OB-SEC-14")]
    public async Task One_request_for_a_consent_waits_at_a_time()
    {
        var good = await world.GoodAsync();
        var first = await Tpp.AskAsync(good);
        await JudgeAsync(good, "invalid_request", "OB-SEC-14");
        await JudgeAsync(good.With("login_hint", null).With("login_hint_token", "x"), "invalid_request", "OB-SEC-14");
        await world.ApproveAsync(first);
        await JudgeAsync(good, null, null);
    }

    /// <summary>As through a browser; only the customer is known from the start, so another's grant is refused at once.</summary>
    [Fact]
    [Trait("Rule", "GM-01")]
    [Trait("Rule", "GM-02")]
    [Trait("Rule", "GM-03")]
    [Trait("Rule", "GM-04")]
    [Trait("Rule", "GM-10")]
    public async Task A_grant_is_made_and_changed_on_the_back_channel_too()
    {
        var good = await world.GoodAsync();
        await JudgeAsync(good.With("grant_management_action", "create").With("grant_id", "id"), "invalid_request", "GM-01");
        await JudgeAsync(good.With("grant_management_action", "merge"), "invalid_request", "GM-01");
        await JudgeAsync(good.With("grant_id", "id"), "invalid_request", "GM-02");
        await JudgeAsync(good.With("grant_management_action", "replace").With("grant_id", "no\0body"), "invalid_grant_id", "GM-03");

        var made = await TokensAsync(good.With("grant_management_action", "create"));
        var id = made.Text("grant_id")!;
        Assert.Equal(43, id.Length);
        Assert.Null((await TokensAsync(await world.GoodAsync())).Text("grant_id")); // Who does not ask gets none.

        var next = (await world.GoodAsync()).With("grant_management_action", "replace").With("grant_id", id);
        await world.RefusedAsync(world.Other.BackchannelAsync((await world.GoodAsync(world.Other)).With("grant_management_action", "replace").With("grant_id", id)), 400, "invalid_grant_id", "GM-03");
        await JudgeAsync(next.With("login_hint", world.SecondCustomer.Username), "invalid_grant_id", "GM-03");
        await JudgeAsync(next.With("grant_management_action", "merge"), "invalid_request", "GM-10");
        Assert.Equal(id, (await TokensAsync(next)).Text("grant_id"));
        await world.RefusedAsync(Tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", made.Text("refresh_token"))), 400, "invalid_grant", "OB-SEC-17");

        async Task<Answer> TokensAsync(Form request)
        {
            var asked = await Tpp.AskAsync(request);
            await world.ApproveAsync(asked);
            return await Tpp.PollAsync(asked);
        }
    }

    [Fact]
    [Trait("Rule", "CIBA-34")]
    [Trait("Rule", "OB-SEC-13")]
    [Trait("Rule", "CO-04")]
    public async Task What_the_customers_side_forbids_is_a_403()
    {
        var good = await world.GoodAsync();
        await world.DeclineAsync(await Tpp.AskAsync(good));
        await world.RefusedAsync(Tpp.BackchannelAsync(good), 403, "access_denied", "OB-SEC-13");

        var approved = await world.GoodAsync();
        await world.ApproveAsync(await Tpp.AskAsync(approved));
        await world.RefusedAsync(Tpp.BackchannelAsync(approved.With("login_hint", world.SecondCustomer.Username)), 403, "access_denied", "CO-04");
        Assert.Equal(200, (await Tpp.BackchannelAsync(approved)).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-16")]
    [Trait("Rule", "ID-09")]
    public async Task An_essential_context_that_cannot_be_reached_is_refused_at_once()
    {
        const string claims = """{"id_token":{"acr":{"essential":true,"value":"WISH"}}}""";
        var good = await world.GoodAsync();
        await JudgeAsync(good.With("claims", claims.Replace("WISH", "urn:other", StringComparison.Ordinal)), "unmet_authentication_requirements", "ID-09");
        await JudgeAsync(good.With("claims", claims.Replace("WISH", "urn:openbanking:psd2:sca", StringComparison.Ordinal)), null, null);
    }

    [Fact]
    [Trait("Rule", "RAR-04")]
    [Trait("Rule", "RAR-01")]
    [Trait("Rule", "ID-10")]
    public async Task Details_and_claims_are_judged_as_on_the_other_way()
    {
        var good = await world.GoodAsync();
        await JudgeAsync(good.With("authorization_details", "{}"), "invalid_authorization_details", "RAR-01");
        await JudgeAsync(good.With("claims", "[]"), "invalid_request", "ID-10");
        await JudgeAsync(good, null, null);
    }

    [Fact]
    [Trait("Rule", "CIBA-18")]
    [Trait("Rule", "CIBA-28")]
    [Trait("Rule", "CIBA-03")]
    [Trait("Rule", "CIBA-06")]
    [Trait("Rule", "OB-DCR-7")]
    [Trait("Rule", "PW-02")]
    public void What_a_client_registers_for_the_back_channel()
    {
        using var tpp = TestTpp.New(Reach.Nowhere, change: TestTpp.OnTheBackchannel(CibaWorld.Notifications));
        Assert.Equal((null, "ping"), Judged(tpp, _ => { }));
        Assert.Equal((null, "poll"), Judged(tpp, client => client.Remove("backchannel_token_delivery_mode")));
        Assert.Equal(("CIBA-18", null), Judged(tpp, client => client["backchannel_token_delivery_mode"] = "push"));
        Assert.Equal(("CIBA-28", null), Judged(tpp, client => client.Remove("backchannel_client_notification_endpoint")));
        Assert.Equal(("CIBA-28", null), Judged(tpp, client => client["backchannel_client_notification_endpoint"] = "http://tpp.example/ciba"));
        Assert.Equal(("CIBA-28", null), Judged(tpp, client => client["backchannel_client_notification_endpoint"] = "https://10.0.0.1/ciba"));
        Assert.Equal(("OB-DCR-7", null), Judged(tpp, client => client["backchannel_user_code_parameter"] = true));
        Assert.Equal((null, "ping"), Judged(tpp, client => client["backchannel_user_code_parameter"] = false));
        Assert.Equal(("OB-DCR-7", null), Judged(tpp, client => client["grant_types"] = new JsonArray("authorization_code")));
        Assert.Equal(("CIBA-06", null), Judged(tpp, client => client["backchannel_authentication_request_signing_alg"] = "RS256"));
        Assert.Equal((null, "ping"), Judged(tpp, client => client["backchannel_authentication_request_signing_alg"] = "PS256"));
        Assert.Equal(("CIBA-03", null), Judged(tpp, client =>
        {
            client["security_profile"] = "fapi1-advanced";
            client.Remove("dpop_bound_access_tokens");
        }));

        // Without a browser there is no redirect URI; the sector is where the keys are.
        Assert.Equal("keys.example", SectorOf(json => json.Remove("software_id")));

        // A directory keeps everybody's keys: there each software is a sector of its own, unless it names one.
        Assert.Equal("keys.example/one", SectorOf(json => json["software_id"] = "one"));
        Assert.Equal("keys.example/two", SectorOf(json => json["software_id"] = "two"));
        Assert.Equal("group.example", SectorOf(json =>
        {
            json["software_id"] = "two";
            json["sector_identifier_uri"] = "https://group.example/sector.json";
        }));
        Assert.Equal("tpp.example", SectorOf(json =>
        {
            json["software_id"] = "one";
            json["grant_types"] = new JsonArray("authorization_code", TestTpp.CibaGrant);
            json["redirect_uris"] = new JsonArray("https://tpp.example/callback");
        }));

        string? SectorOf(Action<JsonObject> change) => Client(tpp, json =>
        {
            json["grant_types"] = new JsonArray(TestTpp.CibaGrant);
            json.Remove("redirect_uris");
            json.Remove("jwks");
            json["jwks_uri"] = "https://keys.example/jwks";
            change(json);
        }).Client?.Sector;
    }

    private static (string? Rule, string? Delivery) Judged(TestTpp tpp, Action<JsonObject> change)
    {
        var (client, rule) = Client(tpp, change);
        return (rule, client?.BackchannelDelivery);
    }

    private static (Identity.Clients.Client? Client, string? Rule) Client(TestTpp tpp, Action<JsonObject> change)
    {
        var json = tpp.Registration!.DeepClone().AsObject();
        change(json);
        var policy = new Identity.Clients.MetadataPolicy(Kinds.Served, AllowLoopback: false, AllowLoopbackRedirects: false, Identity.Clients.MetadataPolicy.AllMethods);
        return Identity.Clients.ClientMetadata.Judge(tpp.ClientId, System.Text.Json.JsonElement.Parse(json.ToJsonString()), policy, DateTimeOffset.UnixEpoch).Failed(out var fault, out var judged)
            ? (null, fault.Rule)
            : (judged.Client, null);
    }

    private async Task JudgeAsync(Form request, string? error, string? rule, TestTpp? tpp = null)
    {
        if (rule is null)
        {
            var answer = await (tpp ?? Tpp).BackchannelAsync(request);
            Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
        }
        else
        {
            await world.RefusedAsync((tpp ?? Tpp).BackchannelAsync(request), 400, error!, rule);
        }
    }
}
