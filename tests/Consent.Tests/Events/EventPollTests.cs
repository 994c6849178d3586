using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Events;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing;
using OpenBanking.Testing.OpenApi;
using OpenBanking.Testing.UkApi;
using static OpenBanking.Consent.Tests.Events.EventsBank;

namespace OpenBanking.Consent.Tests.Events;

public sealed class EventPollTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-EVT-4")]
    [Trait("Rule", "OB-EVT-6")]
    [Trait("Rule", "OB-GEN-3")]
    public async Task An_event_says_what_happened_to_what_and_to_whom()
    {
        var tpp = NewTpp();
        var before = api.Clock.Now.ToUnixTimeSeconds();
        await api.RaiseAsync(tpp, "pay-1");
        await api.PublishAsync(new ResourceChanged(
            EventType.AccountAccessLinkedAccountUpdate, tpp.ClientId, "account-access-consent", "aac-1", "aisp/account-access-consents/aac-1", "UK.OBIE.CASS"));
        var sets = (await api.PollAsync(tpp)).Sets();

        var update = sets[0];
        const string Link = "https://mtls.bank.example:9443/open-banking/v4.0/pisp/domestic-payments/pay-1";
        Assert.Equal((BankApi.Issuer, tpp.ClientId, Link), (update.GetProperty("iss").GetString(), update.GetProperty("aud").GetString(), update.GetProperty("sub").GetString()));
        Assert.InRange(update.GetProperty("toe").GetInt64(), before, api.Clock.Now.ToUnixTimeSeconds());
        Assert.InRange(update.GetProperty("iat").GetInt64(), update.GetProperty("toe").GetInt64(), api.Clock.Now.ToUnixTimeSeconds());
        Assert.Matches("^[0-9a-f]{32}$", update.GetProperty("txn").GetString());
        Assert.Equal(
            """{"urn:uk:org:openbanking:events:resource-update":{"subject":{"subject_type":"http://openbanking.org.uk/rid_http://openbanking.org.uk/rty","http://openbanking.org.uk/rid":"pay-1","http://openbanking.org.uk/rty":"domestic-payment","http://openbanking.org.uk/rlk":[{"version":"v4.0","link":"@@"}]}}}""".Replace("@@", Link, StringComparison.Ordinal),
            update.GetProperty("events").GetRawText());
        var official = await OfficialSchemas.EventNotificationsAsync();
        Assert.Empty(official.Validate("OBEventNotification1", update.GetRawText()));

        // Of the other types the file has no schema; their subject is the same.
        var linked = sets[1].GetProperty("events").GetProperty("urn:uk:org:openbanking:events:account-access-consent-linked-account-update");
        Assert.Equal("UK.OBIE.CASS", linked.GetProperty("reason").GetString());
        Assert.Empty(official.Validate("OBEventSubject1", linked.GetProperty("subject").GetRawText()));
    }

    [Fact]
    [Trait("Rule", "OB-EVT-9")]
    [Trait("Rule", "OB-EVT-10")]
    public async Task Events_come_oldest_first_until_they_are_acknowledged_and_no_more_than_asked_for()
    {
        var tpp = NewTpp();
        Assert.Equal("""{"moreAvailable":false,"sets":{}}""", (await api.PollAsync(tpp)).Body);
        await api.RaiseAsync(tpp, "1", "2", "3");

        // Nobody waits where there is something, also who would (OB-EVT-10).
        var two = await api.PollAsync(tpp, """{"maxEvents":2,"returnImmediately":false}""");
        Assert.Equal(["1", "2"], two.Resources());
        Assert.True(two.Json.GetProperty("moreAvailable").GetBoolean());
        Assert.Equal(["1", "2", "3"], (await api.PollAsync(tpp)).Resources());
        var exact = await api.PollAsync(tpp, """{"maxEvents":3}""");
        Assert.False(exact.Json.GetProperty("moreAvailable").GetBoolean());
        Assert.Equal(two.Sets()[0].GetProperty("jti").GetString(), exact.Sets()[0].GetProperty("jti").GetString());

        var only = await api.PollAsync(tpp, Acknowledge(two.Sets(), most: 0));
        Assert.Equal("""{"moreAvailable":true,"sets":{}}""", only.Body);
        var rest = await api.PollAsync(tpp);
        Assert.Equal(["3"], rest.Resources());
        Assert.Equal("""{"moreAvailable":false,"sets":{}}""", (await api.PollAsync(tpp, Acknowledge(rest.Sets()))).Body);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-10")]
    public async Task Who_wants_to_waits_for_what_has_not_happened_yet_and_not_for_ever()
    {
        const string Waiting = """{"returnImmediately":false}""";
        const string Nothing = """{"moreAvailable":false,"sets":{}}""";
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Consent:LongPoll"] = "00:00:25" });
        var waits = own.Services.GetRequiredService<EventWaits>();
        var (tpp, other) = (NewTpp(), NewTpp());
        var coming = own.PollAsync(tpp, Waiting);
        var never = own.PollAsync(other, Waiting);
        await UntilAsync(() => waits.Count == 2);

        // It holds nothing while it waits: no transaction, and no second place.
        await Eventually.HoldsAsync(
            async () => await own.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'") == 0,
            () => "A request that waits keeps a transaction open.");
        foreach (var atOnce in new[] { Waiting, """{"returnImmediately":true}""", "{}", """{"maxEvents":0,"returnImmediately":false}""", """{"returnImmediately":false,"ack":["x"]}""" })
            Assert.Equal(Nothing, (await own.PollAsync(tpp, atOnce)).Body);
        Assert.False(coming.IsCompleted);
        await own.RaiseAsync(tpp, "1");
        Assert.Equal(["1"], (await coming).Resources());
        await UntilAsync(() => waits.Count == 1);

        // A host that ends keeps nobody waiting.
        own.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();
        Assert.Equal(Nothing, (await never).Body);

        await using var brief = await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Consent:LongPoll"] = "00:00:00.200" });
        Assert.Equal(Nothing, (await brief.PollAsync(tpp, Waiting)).Body);
        await using var without = await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Consent:LongPoll"] = "00:00:00" });
        Assert.Equal(Nothing, (await without.PollAsync(tpp, Waiting)).Body);
        Assert.NotEmpty(new ConsentOptions { LongPoll = TimeSpan.FromSeconds(25.001) }.Problems());
        Assert.Empty(new ConsentOptions { LongPoll = TimeSpan.FromSeconds(25) }.Problems());

        static async Task UntilAsync(Func<bool> isSo)
        {
            for (var tries = 0; !isSo(); tries++)
            {
                Assert.True(tries < 600);
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
    }

    [Fact]
    [Trait("Rule", "OB-EVT-9")]
    public async Task A_flood_comes_in_portions()
    {
        var tpp = NewTpp();
        await api.RaiseAsync(tpp, [.. Enumerable.Range(0, EventPollEndpoint.Most + 1).Select(number => $"{number}")]);
        foreach (var body in new[] { "{}", """{"maxEvents":1000}""" })
        {
            var answer = await api.PollAsync(tpp, body);
            Assert.Equal(EventPollEndpoint.Most, answer.Json.GetProperty("sets").EnumerateObject().Count());
            Assert.True(answer.Json.GetProperty("moreAvailable").GetBoolean());
        }
    }

    [Fact]
    [Trait("Rule", "OB-EVT-9")]
    [Trait("Rule", "OB-EVT-11")]
    public async Task What_a_third_party_cannot_use_is_not_sent_again_but_kept_until_somebody_resends_it()
    {
        var tpp = NewTpp();
        await api.RaiseAsync(tpp, "1", "2");
        var ids = (await api.PollAsync(tpp)).Sets().Select(set => set.GetProperty("jti").GetString()!).ToList();
        var next = await api.PollAsync(tpp, """{"setErrs":{"@@":{"err":"jwtIss","description":"Issuer is invalid","more":1}}}""".Replace("@@", ids[0], StringComparison.Ordinal));
        Assert.Equal(["2"], next.Resources());
        var dead = Assert.Single(await api.AskAsync(new ListDeadEvents(1000)), one => one.ClientId == tpp.ClientId);
        Assert.Equal((ids[0], "1", "jwtIss: Issuer is invalid", 0), (dead.EventId, dead.ResourceId, dead.Why, dead.Tries));

        Assert.Equal(0, await api.AskAsync(new ResendEvents("00000000000000000000000000000000")));
        Assert.Equal(0, await api.AskAsync(new ResendEvents("x")));
        Assert.Equal(1, await api.AskAsync(new ResendEvents(ids[0])));
        Assert.Equal(["1", "2"], (await api.PollAsync(tpp)).Resources());
        Assert.DoesNotContain(await api.AskAsync(new ListDeadEvents(1000)), one => one.ClientId == tpp.ClientId);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-11")]
    [Trait("Rule", "OB-EVT-12")]
    public async Task Nobody_gets_or_touches_anybody_elses()
    {
        var (tpp, other) = (NewTpp(), NewTpp());
        await api.RaiseAsync(tpp, "1");
        var id = Assert.Single((await api.PollAsync(tpp)).Sets()).GetProperty("jti").GetString()!;
        var foreign = await api.PollAsync(other, """{"ack":["@@","unknown","00000000000000000000000000000000"],"setErrs":{"@@":{"err":"jwtAud","description":"x"},"unknown":{"err":"x","description":"y"}}}""".Replace("@@", id, StringComparison.Ordinal));
        Assert.Equal("""{"moreAvailable":false,"sets":{}}""", foreign.Body);
        Assert.Equal(["1"], (await api.PollAsync(tpp)).Resources());
    }

    [Theory]
    [Trait("Rule", "OB-EVT-9")]
    [Trait("Rule", "OB-GEN-5")]
    [Trait("Rule", "OB-GEN-16")]
    [InlineData("""[]""", "OB-GEN-4", "U010")]
    [InlineData("""{"maxEvents":"1"}""", "OB-GEN-5", "U010 maxEvents")]
    [InlineData("""{"maxEvents":1.5}""", "OB-GEN-5", "U010 maxEvents")]
    [InlineData("""{"maxEvents":-1}""", "OB-EVT-9", "U002 maxEvents")]
    [InlineData("""{"returnImmediately":"true"}""", "OB-GEN-5", "U010 returnImmediately")]
    [InlineData("""{"ack":"x"}""", "OB-GEN-5", "U010 ack")]
    [InlineData("""{"ack":["x",null]}""", "OB-GEN-5", "U010 ack[1]")]
    [InlineData("""{"ack":["x",""]}""", "OB-EVT-9", "U002 ack[1]")]
    [InlineData("""{"setErrs":[]}""", "OB-GEN-5", "U010 setErrs")]
    [InlineData("""{"setErrs":{"x":"y"}}""", "OB-GEN-5", "U010 setErrs.x")]
    [InlineData("""{"setErrs":{"x":{}}}""", "OB-EVT-9", "U004 setErrs.x.err|U004 setErrs.x.description")]
    [InlineData("""{"setErrs":{"x":{"err":"","description":1}}}""", "OB-EVT-9", "U002 setErrs.x.err|U010 setErrs.x.description")]
    [InlineData("""{"setErrs":{"00000000000000000000000000000000":{"err":"e","description":"a\u0000b"}}}""", "OB-EVT-9", "U002 setErrs.00000000000000000000000000000000.description")]
    [InlineData("""{"more":1}""", "OB-GEN-16", "U010 more")]
    public async Task Refuses_what_the_standard_does_not_allow(string body, string rule, string faults)
    {
        var answer = await api.PollAsync(NewTpp(), body);
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal(faults.Split('|'), answer.Faults);
    }

    [Theory]
    [Trait("Rule", "OB-EVT-9")]
    [InlineData(128, 40, 256, 200)]
    [InlineData(129, 40, 256, 400)]
    [InlineData(128, 41, 256, 400)]
    [InlineData(128, 40, 257, 400)]
    public async Task Takes_texts_up_to_their_length(int id, int error, int description, int status)
    {
        var body = new JsonObject
        {
            ["ack"] = new JsonArray(new string('i', id)),
            ["setErrs"] = new JsonObject { ["x"] = new JsonObject { ["err"] = new string('e', error), ["description"] = new string('d', description) } },
        };
        Assert.Equal(status, (await api.PollAsync(NewTpp(), body.ToJsonString())).Status);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-11")]
    public async Task What_nobody_fetches_is_kept_for_ninety_days_and_then_goes_by_an_index()
    {
        await using var own = await BankApi.StartAsync();
        var tpp = NewTpp();
        var start = own.Clock.Now;
        own.Clock.StopAt(start);
        await own.RaiseAsync(tpp, "1");
        var sweep = own.Services.GetRequiredService<Batches<EventRetention>>();
        own.Clock.StopAt(start.AddDays(90));
        Assert.Equal(0, await sweep.DoAllAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["1"], (await own.PollAsync(tpp)).Resources());
        own.Clock.StopAt(start.AddDays(90).AddSeconds(1));
        Assert.Equal(1, await sweep.DoAllAsync(TestContext.Current.CancellationToken));
        Assert.Empty((await own.PollAsync(tpp)).Resources());
        Assert.Equal(1L, await own.Database.ScalarAsync<long>("SELECT count(*) FROM pg_indexes WHERE schemaname = 'consent' AND tablename = 'events' AND indexdef LIKE '%(\"At\")'"));
        Assert.NotEmpty(new ConsentOptions { EventRetention = TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1) }.Problems());
        Assert.Empty(new ConsentOptions { EventRetention = TimeSpan.FromDays(90) }.Problems());
    }

    private static string Acknowledge(IEnumerable<JsonElement> sets, int? most = null)
    {
        var body = new JsonObject { ["ack"] = new JsonArray([.. sets.Select(set => (JsonNode)set.GetProperty("jti").GetString()!)]) };
        if (most is not null) body["maxEvents"] = most;
        return body.ToJsonString();
    }
}
