using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Events;
using OpenBanking.Testing;
using OpenBanking.Testing.UkApi;
using static OpenBanking.Consent.Tests.Events.EventsBank;

namespace OpenBanking.Consent.Tests.Events;

/// <summary>A bank whose time these tests move, and what its third parties hear.</summary>
public sealed class PushingBank : IAsyncLifetime
{
    public BankApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}

public sealed class EventPushTests(PushingBank bank) : IClassFixture<PushingBank>
{
    private static int addresses;
    private readonly BankApi api = bank.Api;
    private readonly ConcurrentQueue<string> heard = new();
    private readonly string callback = $"https://tpp.example/{Interlocked.Increment(ref addresses)}{SubscriptionRequestValidator.End}";

    [Fact]
    [Trait("Rule", "OB-EVT-7")]
    [Trait("Rule", "OB-EVT-14")]
    public async Task What_happens_under_a_subscription_is_pushed_in_its_order_and_then_gone()
    {
        var tpp = NewTpp();
        await api.RaiseAsync(tpp, "before");
        HttpRequestMessage? sent = null;
        Answer((request, _) =>
        {
            sent ??= request;
            return HttpStatusCode.Accepted;
        });
        await SubscribeAsync(tpp);
        await api.RaiseAsync(tpp, "1", "2", "3");
        await PushUntilAsync(() => heard.Count == 3);
        Assert.Equal(["1", "2", "3"], heard);
        Assert.Equal((HttpMethod.Post, "application/jwt"), (sent!.Method, sent.Content!.Headers.ContentType!.ToString()));
        Assert.True(Guid.TryParseExact(Assert.Single(sent.Headers.GetValues("x-fapi-interaction-id")), "D", out _));

        // What happened before is not pushed; it waits to be polled, and the others do not.
        await PushUntilAsync(async () => (await api.PollAsync(tpp)).Resources() is ["before"]);
        Assert.Equal(3, heard.Count);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-7")]
    [Trait("Rule", "OB-EVT-8")]
    public async Task What_does_not_arrive_is_tried_again_later_and_later_and_then_given_up()
    {
        var tpp = NewTpp();
        var start = api.Clock.Now;
        api.Clock.StopAt(start);
        try
        {
            Answer((_, _) => HttpStatusCode.ServiceUnavailable);
            await SubscribeAsync(tpp);
            await api.RaiseAsync(tpp, "1", "2");
            var at = TimeSpan.Zero;
            var tries = 0;
            foreach (var wait in new[] { 0, 1, 2, 4, 8, 16, 32, 64, 64, 64 })
            {
                at += TimeSpan.FromMinutes(wait);
                if (wait > 0)
                {
                    api.Clock.StopAt(start + at - TimeSpan.FromSeconds(1));
                    await PushAsync();
                    Assert.Equal(tries, heard.Count);
                    api.Clock.StopAt(start + at);
                }

                await PushUntilAsync(async () => await TriesAsync(tpp) > tries);
                Assert.Equal(++tries, heard.Count);
            }

            // The first is given up, and only now it is the second one's turn.
            Assert.All(heard, resource => Assert.Equal("1", resource));
            var dead = Assert.Single(await DeadAsync(tpp));
            Assert.Equal(("1", 10, "answered with 503"), (dead.ResourceId, dead.Tries, dead.Why));
            Assert.Equal(["1", "2"], (await api.PollAsync(tpp)).Resources());
            Answer((_, _) => HttpStatusCode.Accepted);
            api.Clock.StopAt(start + at + TimeSpan.FromMinutes(64));
            await PushUntilAsync(() => heard.Last() == "2");

            // An operator has it sent once more.
            Assert.Equal(1, await api.AskAsync(new ResendEvents(dead.EventId)));
            await PushUntilAsync(() => heard.Last() == "1");
            await PushUntilAsync(async () => (await api.PollAsync(tpp)).Resources() is []);
            Assert.Empty(await DeadAsync(tpp));
        }
        finally
        {
            api.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "OB-EVT-8")]
    public async Task After_a_day_nothing_is_tried_any_more_and_a_resent_event_waits_for_nobody()
    {
        var tpp = NewTpp();
        var start = api.Clock.Now;
        api.Clock.StopAt(start);
        try
        {
            Answer((_, _) => throw new HttpRequestException("refused"));
            await SubscribeAsync(tpp);
            await api.RaiseAsync(tpp, "1");
            await PushUntilAsync(async () => await TriesAsync(tpp) == 1);
            api.Clock.StopAt(start.AddHours(24));
            await PushUntilAsync(async () => (await DeadAsync(tpp)).Count == 1);
            Assert.Equal((2, "no connection"), (heard.Count, (await DeadAsync(tpp))[0].Why));

            Answer((_, _) => HttpStatusCode.Accepted);
            Assert.Equal(1, await api.AskAsync(new ResendEvents((await DeadAsync(tpp))[0].EventId)));
            await PushUntilAsync(() => heard.Count == 3);
        }
        finally
        {
            api.Clock.Run();
        }
    }

    [Theory]
    [Trait("Rule", "OB-EVT-8")]
    [Trait("Rule", "DC-12")]
    [InlineData(202, true, false)]
    [InlineData(200, false, true)]
    [InlineData(204, false, true)]
    [InlineData(302, false, true)]
    [InlineData(400, false, false)]
    [InlineData(401, false, false)]
    [InlineData(404, false, false)]
    [InlineData(408, false, true)]
    [InlineData(410, false, false)]
    [InlineData(429, false, true)]
    [InlineData(499, false, false)]
    [InlineData(500, false, true)]
    [InlineData(503, false, true)]
    public void Only_a_202_says_that_it_arrived_and_a_client_error_that_it_never_will(int status, bool arrived, bool again)
    {
        var outcome = EventPush.Outcome.Of((HttpStatusCode)status);
        Assert.Equal((arrived, again), (outcome.HasArrived, outcome.MayRetry));
    }

    [Fact]
    [Trait("Rule", "OB-EVT-8")]
    public async Task An_event_that_is_refused_does_not_keep_the_next_ones_waiting()
    {
        var tpp = NewTpp();
        Answer((_, resource) => resource == "2" ? HttpStatusCode.BadRequest : HttpStatusCode.Accepted);
        await SubscribeAsync(tpp);
        await api.RaiseAsync(tpp, "1", "2", "3");
        await PushUntilAsync(() => heard.Count == 3);
        Assert.Equal(["1", "2", "3"], heard);
        await PushUntilAsync(async () => (await api.PollAsync(tpp)).Resources() is ["2"]);
        Assert.Equal("answered with 400", Assert.Single(await DeadAsync(tpp)).Why);
        Assert.Contains(api.Log.Lines, line => line.Contains("is given up after 1 tries", StringComparison.Ordinal) && line.Contains(tpp.ClientId, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "OB-EVT-14")]
    public async Task Several_hosts_deliver_each_event_once_and_in_order()
    {
        var tpps = new[] { NewTpp(), NewTpp(), NewTpp() };
        Answer((_, _) => HttpStatusCode.Accepted);
        foreach (var tpp in tpps)
        {
            await SubscribeAsync(tpp);
            await api.RaiseAsync(tpp, [.. Enumerable.Range(10, 15).Select(number => $"{tpp.ClientId}/{number}")]);
        }

        EventPush Another() => new(
            api.Services.GetRequiredService<IServiceScopeFactory>(), api.Services.GetRequiredService<HttpMessageHandler>(), api.Clock, NullLogger<EventPush>.Instance);
        using var first = Another();
        using var second = Another();
        for (var turn = 0; turn < 200 && heard.Count < 45; turn++)
            await Task.WhenAll(first.PushAsync(TestContext.Current.CancellationToken), second.PushAsync(TestContext.Current.CancellationToken), PushAsync());
        foreach (var tpp in tpps)
            Assert.Equal(Enumerable.Range(10, 15).Select(number => $"{tpp.ClientId}/{number}"), heard.Where(resource => resource.StartsWith(tpp.ClientId, StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("Rule", "OB-EVT-14")]
    public async Task What_a_host_had_in_hand_when_it_died_is_sent_by_another_one()
    {
        var tpp = NewTpp();
        Answer((_, _) => HttpStatusCode.Accepted);
        var id = await SubscribeAsync(tpp);

        // Taken by a host that does not answer for it any more.
        await api.Database.ExecuteAsync("UPDATE consent.event_subscriptions SET \"PushAt\" = $1 WHERE \"Id\" = $2", api.Clock.Now.AddSeconds(5).UtcDateTime, id);
        await api.RaiseAsync(tpp, "1");
        await PushAsync();
        Assert.Empty(heard);
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        await PushUntilAsync(() => heard.Count == 1);
    }

    [Fact]
    public async Task A_clock_that_was_put_back_keeps_nothing_waiting()
    {
        var tpp = NewTpp();
        Answer((_, _) => HttpStatusCode.Accepted);
        var id = await SubscribeAsync(tpp);
        await api.Database.ExecuteAsync("UPDATE consent.event_subscriptions SET \"PushAt\" = $1 WHERE \"Id\" = $2", api.Clock.Now.AddDays(400).UtcDateTime, id);
        await api.RaiseAsync(tpp, "1");
        await PushUntilAsync(() => heard.Count == 1);
    }

    [Fact]
    [Trait("Rule", "DC-19")]
    [Trait("Rule", "OB-EVT-15")]
    public async Task Nothing_is_sent_to_a_third_party_that_is_out_of_service_or_to_what_is_not_its_own_any_more()
    {
        var (gone, moved, inside) = (new TestCaller("gone-" + Guid.CreateVersion7()), NewTpp(), NewTpp());
        var asked = api.Outbound.Asked.Count;
        await StoreAsync(gone, callback);
        await StoreAsync(moved, "https://another-tpp.example" + SubscriptionRequestValidator.End);
        await StoreAsync(inside, "https://127.0.0.1" + SubscriptionRequestValidator.End);
        foreach (var tpp in new[] { gone, moved, inside }) await api.RaiseAsync(tpp, "1");
        await PushUntilAsync(async () => await TriesAsync(gone) + await TriesAsync(moved) + await TriesAsync(inside) == 3);
        Assert.DoesNotContain(api.Outbound.Asked.Skip(asked), address => address.AbsoluteUri == callback || address.Host != "tpp.example");

        Task StoreAsync(TestCaller tpp, string address) => api.Database.ExecuteAsync(
            """INSERT INTO consent.event_subscriptions ("Id", "ClientId", "CallbackUrl", "Version", "PushAt", "Failures") VALUES ($1, $2, $3, '4.0', $4, 0)""",
            EventSubscription.NewId(), tpp.ClientId, address, api.Clock.Now.UtcDateTime);
    }

    [Fact]
    [Trait("Rule", "OB-EVT-9")]
    public async Task What_was_polled_or_unsubscribed_from_is_not_pushed()
    {
        var tpp = NewTpp();
        Answer((_, _) => HttpStatusCode.InternalServerError);
        var id = await SubscribeAsync(tpp);
        await api.RaiseAsync(tpp, "1", "2", "3");
        await PushUntilAsync(async () => await TriesAsync(tpp) == 1);
        var first = (await api.PollAsync(tpp)).Sets()[0].GetProperty("jti").GetString();
        await api.PollAsync(tpp, $$"""{"ack":["{{first}}"]}""");

        // A change of the address is a fresh start.
        heard.Clear();
        Answer((_, resource) => resource == "2" ? HttpStatusCode.Accepted : HttpStatusCode.InternalServerError);
        Assert.Equal(200, (await api.SendEventsAsync(HttpMethod.Put, $"{Subscriptions}/{id}", tpp, Body(callback, id))).Status);
        await PushUntilAsync(() => heard.Count == 2);
        Assert.Equal(["2", "3"], heard);

        Assert.Equal(204, (await api.SendEventsAsync(HttpMethod.Delete, $"{Subscriptions}/{id}", tpp)).Status);
        await SubscribeAsync(tpp);
        await api.RaiseAsync(tpp, "4");
        heard.Clear();
        Answer((_, _) => HttpStatusCode.Accepted);
        await PushUntilAsync(() => heard.Count == 1);
        await PushAsync();
        Assert.Equal(["4"], heard);
        Assert.Equal(["3"], (await api.PollAsync(tpp)).Resources());
    }

    private void Answer(Func<HttpRequestMessage, string, HttpStatusCode> answer) => api.Outbound.Answer(callback, async (request, ct) =>
    {
        var resource = ResourceOf(Verified(await request.Content!.ReadAsStringAsync(ct)));
        heard.Enqueue(resource);
        return new HttpResponseMessage(answer(request, resource));
    });

    private async Task<string> SubscribeAsync(TestCaller tpp)
    {
        var answer = await api.SubscribeAsync(tpp, Body(callback));
        Assert.Equal(201, answer.Status);
        return IdOf(answer);
    }

    private Task PushAsync() => api.Services.GetRequiredService<EventPush>().PushAsync(TestContext.Current.CancellationToken);

    private Task PushUntilAsync(Func<bool> done) => PushUntilAsync(() => Task.FromResult(done()));

    /// <summary>The bank's own job is at work too; who has a subscription in hand is not disturbed.</summary>
    private Task PushUntilAsync(Func<Task<bool>> done) => Eventually.HoldsAsync(
        async () =>
        {
            await PushAsync();
            return await done();
        },
        () => "It did not come to that: " + string.Join(", ", heard));

    private async Task<IReadOnlyList<DeadEvent>> DeadAsync(TestCaller tpp) => [.. (await api.AskAsync(new ListDeadEvents(1000))).Where(one => one.ClientId == tpp.ClientId)];

    private Task<long> TriesAsync(TestCaller tpp) => api.Database.ScalarAsync<long>("""SELECT coalesce(sum("Tries"), 0)::bigint FROM consent.events WHERE "ClientId" = $1""", tpp.ClientId);
}
