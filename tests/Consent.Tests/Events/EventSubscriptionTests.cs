using System.Net.Http.Headers;
using OpenBanking.Testing.UkApi;
using static OpenBanking.Consent.Tests.Events.EventsBank;

namespace OpenBanking.Consent.Tests.Events;

public sealed class EventSubscriptionTests(Bank bank)
{
    private const string ResourceUpdate = "urn:uk:org:openbanking:events:resource-update";
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-EVT-1")]
    [Trait("Rule", "OB-EVT-13")]
    [Trait("Rule", "OB-GEN-6")]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-GEN-13")]
    public async Task One_subscription_is_made_read_changed_and_deleted()
    {
        var tpp = NewTpp();
        Assert.Empty((await api.SendEventsAsync(HttpMethod.Get, Subscriptions, tpp)).Data.GetProperty("EventSubscription").EnumerateArray());

        var made = await api.SubscribeAsync(tpp, Body(Callback, types: [ResourceUpdate, "UK.OBIE.Consent-Authorization-Revoked"]));
        Assert.Equal(201, made.Status);
        var id = IdOf(made);
        Assert.Matches("^sub-[0-9a-f]{32}$", id);
        Assert.Equal((Callback, "4.0"), (made.Data.GetProperty("CallbackUrl").GetString(), made.Data.GetProperty("Version").GetString()));
        Assert.Equal($"""["{ResourceUpdate}","UK.OBIE.Consent-Authorization-Revoked"]""", made.Data.GetProperty("EventTypes").GetRawText());
        Assert.Equal($"{BankApi.Issuer}{BankApi.EventsRoot}{Subscriptions}/{id}", made.Link("Self"));
        var read = await api.SendEventsAsync(HttpMethod.Get, Subscriptions, tpp);
        Assert.Equal(made.Data.GetRawText(), Assert.Single(read.Data.GetProperty("EventSubscription").EnumerateArray()).GetRawText());
        Assert.Equal($"{BankApi.Issuer}{BankApi.EventsRoot}{Subscriptions}", read.Link("Self"));

        // A change replaces all of it; what an answer says beside its data may come along.
        var changed = await api.SendEventsAsync(HttpMethod.Put, $"{Subscriptions}/{id}", tpp, Body(id: id).Replace("}}", "},\"Links\":{\"Self\":\"x\"},\"Meta\":{}}", StringComparison.Ordinal));
        Assert.Equal(200, changed.Status);
        Assert.Equal($$"""{"EventSubscriptionId":"{{id}}","Version":"4.0"}""", changed.Data.GetRawText());

        Assert.Equal(204, (await api.SendEventsAsync(HttpMethod.Delete, $"{Subscriptions}/{id}", tpp)).Status);
        Assert.Empty((await api.SendEventsAsync(HttpMethod.Get, Subscriptions, tpp)).Data.GetProperty("EventSubscription").EnumerateArray());
        Assert.Equal("OB-HTTP-1", (await api.SendEventsAsync(HttpMethod.Delete, $"{Subscriptions}/{id}", tpp)).Rule);
        Assert.NotEqual(id, IdOf(await api.SubscribeAsync(tpp)));
    }

    [Fact]
    [Trait("Rule", "OB-EVT-1")]
    public async Task A_second_subscription_is_a_conflict_also_at_the_same_moment()
    {
        var tpp = NewTpp();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.SubscribeAsync(tpp)));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((409, "OB-EVT-1", "U029"), (answer.Status, answer.Rule, answer.Faults[0])));
        Assert.Equal(201, (await api.SubscribeAsync(NewTpp())).Status);
    }

    [Theory]
    [Trait("Rule", "OB-EVT-2")]
    [Trait("Rule", "OB-EVT-15")]
    [Trait("Rule", "OB-ERR-5")]
    [Trait("Rule", "OB-GEN-5")]
    [Trait("Rule", "OB-GEN-16")]
    [InlineData("""{}""", "OB-EVT-2", "U004 Data")]
    [InlineData("""{"Data":{}}""", "OB-EVT-2", "U004 Data.Version")]
    [InlineData("""{"Data":[]}""", "OB-GEN-5", "U010 Data")]
    [InlineData("""{"Data":{"Version":4.0}}""", "OB-GEN-5", "U010 Data.Version")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":null}}""", "OB-GEN-5", "U010 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"4.0","EventTypes":"urn:uk:org:openbanking:events:resource-update"}}""", "OB-GEN-5", "U010 Data.EventTypes")]
    [InlineData("""{"Data":{"Version":"4.0","EventTypes":[1]}}""", "OB-GEN-5", "U010 Data.EventTypes[0]")]
    [InlineData("""{"Data":{"Version":"4.0"},"Links":{}}""", "OB-GEN-16", "U010 Links")]
    [InlineData("""{"Data":{"Version":"3.1"}}""", "OB-EVT-2", "U002 Data.Version")]
    [InlineData("""{"Data":{"Version":"5"}}""", "OB-EVT-2", "U002 Data.Version")]
    [InlineData("""{"Data":{"Version":""}}""", "OB-EVT-2", "U002 Data.Version")]
    [InlineData("""{"Data":{"Version":"4.0","EventTypes":["urn:uk:org:openbanking:events:resource-update","urn:uk:org:openbanking:events:weather"]}}""", "OB-EVT-2", "U024 Data.EventTypes[1]")]
    [InlineData("""{"Data":{"Version":"4.0","EventTypes":["resource-update"]}}""", "OB-EVT-2", "U024 Data.EventTypes[0]")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":"https://tpp.example/event-notifications"}}""", "OB-EVT-2", "U002 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":"https://tpp.example/open-banking/v3.1/event-notifications"}}""", "OB-EVT-2", "U002 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":"https://tpp.example/?x=/open-banking/v4.0/event-notifications"}}""", "OB-EVT-2", "U002 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":"https://tpp.example/open-banking/v4.0/event-notifications/"}}""", "OB-EVT-2", "U002 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":"https://tpp.example/\u0000/open-banking/v4.0/event-notifications"}}""", "OB-EVT-15", "U002 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"4.0","CallbackUrl":" https://tpp.example/open-banking/v4.0/event-notifications"}}""", "OB-EVT-15", "U002 Data.CallbackUrl")]
    [InlineData("""{"Data":{"Version":"9","CallbackUrl":"nowhere","EventTypes":["x"]}}""", "OB-EVT-15", "U002 Data.CallbackUrl|U002 Data.Version|U024 Data.EventTypes[0]")]
    public async Task Refuses_what_the_standard_does_not_allow_all_faults_at_once(string body, string rule, string faults)
    {
        var answer = await api.SubscribeAsync(NewTpp(), body);
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal(faults.Split('|'), answer.Faults);
    }

    [Theory]
    [Trait("Rule", "OB-EVT-15")]
    [Trait("Rule", "DC-15")]
    [Trait("Rule", "DC-19")]
    [InlineData("http://tpp.example", "OB-EVT-15")]
    [InlineData("ftp://tpp.example", "OB-EVT-15")]
    [InlineData("https://127.0.0.1", "OB-EVT-15")]
    [InlineData("https://[::1]", "OB-EVT-15")]
    [InlineData("https://[::ffff:127.0.0.1]", "OB-EVT-15")]
    [InlineData("https://0.0.0.0", "OB-EVT-15")]
    [InlineData("https://10.0.0.1", "OB-EVT-15")]
    [InlineData("https://172.16.0.1", "OB-EVT-15")]
    [InlineData("https://192.168.1.1", "OB-EVT-15")]
    [InlineData("https://169.254.169.254", "OB-EVT-15")]
    [InlineData("https://[fd00::1]", "OB-EVT-15")]
    [InlineData("https://2130706433", "OB-EVT-15")]
    [InlineData("https://0x7f000001", "OB-EVT-15")]
    [InlineData("https://localhost", "OB-EVT-15")]
    [InlineData("https://tpp.example:22", "OB-EVT-15")]
    [InlineData("https://tpp.example:5432", "OB-EVT-15")]
    [InlineData("https://a:b@tpp.example", "OB-EVT-15")]
    [InlineData("https://another-tpp.example", "DC-19")]
    [InlineData("https://sub.tpp.example", "DC-19")]
    [InlineData("https://tpp.example.evil.test", "DC-19")]
    [InlineData("https://tpp.example", null)]
    [InlineData("https://TPP.example:8443", null)]
    public async Task Takes_callback_addresses_that_are_public_and_the_third_partys_own(string origin, string? rule)
    {
        var tpp = NewTpp();
        var asked = api.Outbound.Asked.Count;
        var made = await api.SubscribeAsync(tpp, Body(origin + "/open-banking/v4.0/event-notifications"));
        Assert.Equal((rule is null ? 201 : 400, rule), (made.Status, made.Rule));
        if (rule is not null) Assert.Equal(["U002 Data.CallbackUrl"], made.Faults);

        // What cannot be made cannot be changed into either (DC-08).
        var id = rule is null ? IdOf(made) : IdOf(await api.SubscribeAsync(tpp));
        var changed = await api.SendEventsAsync(HttpMethod.Put, $"{Subscriptions}/{id}", tpp, Body(origin + "/open-banking/v4.0/event-notifications", id));
        Assert.Equal((rule is null ? 200 : 400, rule), (changed.Status, changed.Rule));
        Assert.Equal(asked, api.Outbound.Asked.Count);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-2")]
    [Trait("Rule", "OB-DEC-7")]
    public async Task Takes_types_in_either_spelling_and_no_types_as_all()
    {
        var (some, all) = (NewTpp(), NewTpp());
        Assert.Equal(201, (await api.SubscribeAsync(some, Body(types: ["UK.OBIE.Account-Access-Consent-Linked-Account-Update", "urn:uk:org:openbanking:events:domestic-vrp-consent-linked-account-update"]))).Status);
        Assert.Equal("[]", (await api.SubscribeAsync(all, Body(types: []))).Data.GetProperty("EventTypes").GetRawText());
        foreach (var type in Contracts.EventType.All)
        {
            foreach (var tpp in new[] { some, all })
                await api.PublishAsync(new Contracts.ResourceChanged(type, tpp.ClientId, "account-access-consent", type.Code, "aisp/account-access-consents/" + type.Code));
        }

        Assert.Equal(["UK.OBIE.Account-Access-Consent-Linked-Account-Update", "UK.OBIE.Domestic-VRP-Consent-Linked-Account-Update"], (await api.PollAsync(some)).Resources());
        Assert.Equal(Contracts.EventType.All.Select(type => type.Code), (await api.PollAsync(all)).Resources());
    }

    [Fact]
    [Trait("Rule", "OB-EVT-13")]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "OB-HTTP-2")]
    public async Task Only_its_owner_changes_or_deletes_it_and_only_under_its_own_id()
    {
        var (tpp, other) = (NewTpp(), NewTpp());
        var id = IdOf(await api.SubscribeAsync(tpp));
        foreach (var (method, body) in new[] { (HttpMethod.Put, Body(id: id)), (HttpMethod.Delete, null) })
        {
            var foreign = await api.SendEventsAsync(method, $"{Subscriptions}/{id}", other, body);
            Assert.Equal((403, "OB-HTTP-2", "U011"), (foreign.Status, foreign.Rule, foreign.Faults[0]));
            foreach (var nobodys in new[] { "sub-" + new string('0', 32), "sub-1", "1", "..%2F.." })
            {
                var unknown = await api.SendEventsAsync(method, $"{Subscriptions}/{nobodys}", tpp, body);
                Assert.Equal((400, "OB-HTTP-1", "U011"), (unknown.Status, unknown.Rule, unknown.Faults[0]));
            }
        }

        var without = await api.SendEventsAsync(HttpMethod.Put, $"{Subscriptions}/{id}", tpp, Body());
        Assert.Equal((400, "OB-EVT-13", "U004 Data.EventSubscriptionId"), (without.Status, without.Rule, without.Faults[0]));
        var otherId = await api.SendEventsAsync(HttpMethod.Put, $"{Subscriptions}/{id}", tpp, Body(id: id[..^1] + (id[^1] == '0' ? '1' : '0')));
        Assert.Equal((400, "OB-EVT-13", "U002 Data.EventSubscriptionId"), (otherId.Status, otherId.Rule, otherId.Faults[0]));
        Assert.Single((await api.SendEventsAsync(HttpMethod.Get, Subscriptions, tpp)).Data.GetProperty("EventSubscription").EnumerateArray());
    }

    [Fact]
    [Trait("Rule", "OB-JWS-13")]
    [Trait("Rule", "OB-JWS-16")]
    public async Task Subscriptions_are_signed_both_ways_and_polls_are_not()
    {
        var tpp = NewTpp();
        var unsigned = await api.SendEventsAsync(HttpMethod.Post, Subscriptions, tpp, Body(), isSigned: false);
        Assert.Equal((400, "OB-JWS-12", "U019 x-jws-signature"), (unsigned.Status, unsigned.Rule, unsigned.Faults[0]));
        var made = await api.SubscribeAsync(tpp);
        var path = $"{Subscriptions}/{IdOf(made)}";
        Assert.Equal("OB-JWS-12", (await api.SendEventsAsync(HttpMethod.Put, path, tpp, Body(id: IdOf(made)), isSigned: false)).Rule);
        var conflict = await api.SubscribeAsync(tpp);
        Assert.Equal(409, conflict.Status);
        ApiAnswer[] signed = [unsigned, made, conflict, await api.SendEventsAsync(HttpMethod.Get, Subscriptions, tpp)];
        Assert.All(signed, answer => Assert.True(answer.Headers.Contains("x-jws-signature")));
        ApiAnswer[] plain = [await api.PollAsync(tpp), await api.SendEventsAsync(HttpMethod.Delete, path, tpp)];
        Assert.Equal([200, 204], plain.Select(answer => answer.Status));
        Assert.All(plain, answer => Assert.False(answer.Headers.Contains("x-jws-signature")));
    }

    [Theory]
    [Trait("Rule", "OB-EVT-3")]
    [Trait("Rule", "OB-GEN-10")]
    [Trait("Rule", "OB-GEN-11")]
    [Trait("Rule", "OB-GEN-15")]
    [Trait("Rule", "OB-HDR-6")]
    [Trait("Rule", "OB-HDR-7")]
    [InlineData("POST", "/callback-urls", 404)]
    [InlineData("GET", "/callback-urls", 404)]
    [InlineData("POST", "/event-subscriptions/x/y", 404)]
    [InlineData("GET", "/event-subscriptions/", 200)]
    [InlineData("GET", "/event-subscriptions/x", 405)]
    [InlineData("GET", "/events", 405)]
    [InlineData("DELETE", "/events", 405)]
    [InlineData("POST", "/events", 415)]
    [InlineData("POST", "/event-subscriptions", 415)]
    [InlineData("GET", "/event-subscriptions", 406)]
    public async Task Is_where_the_standard_says_and_speaks_as_it_says(string method, string path, int status)
    {
        var answer = await api.SendAsync(
            new HttpMethod(method),
            path,
            NewTpp(),
            method == "POST" ? "{}" : null,
            request =>
            {
                if (status == 415) request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/jose+jwe");
                if (status == 406) request.Headers.Add("Accept", "application/jose+jwe");
            },
            BankApi.EventsRoot);
        Assert.Equal(status, answer.Status);
    }
}
