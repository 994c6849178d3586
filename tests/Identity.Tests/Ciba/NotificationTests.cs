using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Ciba;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>What a client hears that wants to be told.</summary>
[Collection(CibaTests.Name)]
public sealed class NotificationTests(CibaWorld world) : IAsyncLifetime
{
    private const string Token = "8d67dc78-7faa-4d41-aabd-67707b374255";

    private TestTpp Tpp => world.Pinged;

    public async ValueTask InitializeAsync()
    {
        world.PingAnswer = HttpStatusCode.NoContent;
        world.Pings.Clear();
        await world.BeSignedInAsync();
    }

    public ValueTask DisposeAsync()
    {
        world.PingAnswer = HttpStatusCode.NoContent;
        return ValueTask.CompletedTask;
    }

    [Theory]
    [Trait("Rule", "CIBA-26")]
    [InlineData("approve")]
    [InlineData("decline")]
    [InlineData("expire")]
    public async Task Whatever_the_end_the_client_is_told_that_there_is_one(string end)
    {
        var id = await AskAsync();
        Assert.False(HasPing(id));
        if (end == "approve") await world.ApproveAsync(id);
        else if (end == "decline") await world.DeclineAsync(id);
        else world.Host.Clock.Advance(TimeSpan.FromMinutes(5));

        var ping = await PingAsync(id);
        Assert.Equal(("Bearer " + Token, $$"""{"auth_req_id":"{{id}}"}""", "application/json"), ping);
        var answer = await Tpp.PollAsync(id);
        Assert.Equal(end switch { "approve" => null, "decline" => "access_denied", _ => "expired_token" }, answer.Error);
        await SettledAsync(id);
        Assert.False(HasPing(id));
        Assert.Null((await world.RowAsync(id)).Notification);
    }

    [Theory]
    [Trait("Rule", "CIBA-27")]
    [InlineData(HttpStatusCode.OK, 1)]
    [InlineData(HttpStatusCode.Accepted, 1)]
    [InlineData(HttpStatusCode.Unauthorized, 1)]
    [InlineData(HttpStatusCode.Forbidden, 1)]
    [InlineData(HttpStatusCode.Found, 3)]
    [InlineData(HttpStatusCode.InternalServerError, 3)]
    [InlineData(HttpStatusCode.TooManyRequests, 3)]
    public async Task What_does_not_arrive_is_tried_twice_more_and_no_is_no(HttpStatusCode status, int times)
    {
        world.PingAnswer = status;
        var id = await AskAsync();
        await world.ApproveAsync(id);
        for (var time = 1; time <= times; time++)
        {
            await PingAsync(id);
            if (time < times) await SettledAsync(id, isLast: false);
            world.Host.Clock.Advance(TimeSpan.FromSeconds(21));
        }

        await SettledAsync(id);
        Assert.False(HasPing(id));
        Assert.Null((await world.RowAsync(id)).Notification);
    }

    [Fact]
    [Trait("Rule", "CIBA-29")]
    public async Task Who_is_pinged_may_also_poll_whether_or_not_the_ping_arrived()
    {
        world.PingAnswer = HttpStatusCode.ServiceUnavailable;
        var id = await AskAsync();
        await world.RefusedAsync(Tpp.PollAsync(id), 400, "authorization_pending", "CIBA-20");
        await world.ApproveAsync(id);
        Assert.Equal(200, (await Tpp.PollAsync(id)).Status);
    }

    [Fact]
    [Trait("Rule", "CIBA-26")]
    public async Task However_many_hosts_send_each_ping_is_sent_once()
    {
        await using var second = await TestHost.StartAsync(options =>
        {
            (options.Database, options.Clock, options.Issuer, options.DataPath) = (world.Host.Database, world.Host.Clock, world.Host.Issuer, world.Host.DataPath);
        });
        second.Outbound.Answer(CibaWorld.Notifications, async (request, ct) =>
        {
            world.Pings.Enqueue((null, await request.Content!.ReadAsStringAsync(ct), null));
            return new HttpResponseMessage(HttpStatusCode.OK);
        });
        var ids = new List<string>();
        for (var i = 0; i < 8; i++) ids.Add(await AskAsync());
        foreach (var id in ids) await world.ApproveAsync(id);
        var workers = new[] { world.Host, second }.Select(host => host.Services.GetRequiredService<BackchannelWorker>()).ToList();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => workers[i % 2].NotifyAsync(CancellationToken.None)));
        foreach (var id in ids) await SettledAsync(id);
        Assert.All(ids, id => Assert.Single(world.Pings, ping => ping.Body.Contains(id, StringComparison.Ordinal)));
    }

    private async Task<string> AskAsync() => await Tpp.AskAsync((await world.GoodAsync(Tpp)).With("client_notification_token", Token));

    private bool HasPing(string id) => world.Pings.Any(ping => ping.Body.Contains(id, StringComparison.Ordinal));

    /// <summary>The next ping for this request; those of other tests' requests do not matter.</summary>
    private async Task<(string? Authorization, string Body, string? ContentType)> PingAsync(string id)
    {
        (string? Authorization, string Body, string? ContentType) heard = default;
        await Eventually.HoldsAsync(
            () =>
            {
                while (world.Pings.TryDequeue(out var ping))
                {
                    if (!ping.Body.Contains(id, StringComparison.Ordinal)) continue;
                    heard = ping;
                    return true;
                }

                return false;
            },
            () => "No ping came.");
        return heard;
    }

    /// <summary>Waits until a try has been written down: the last of them, or any.</summary>
    private Task SettledAsync(string id, bool isLast = true) => Eventually.HoldsAsync(
        async () =>
        {
            var row = await world.RowAsync(id);
            return isLast ? row.NotifyAt is null && row.DecidedAt is not null : row.NotifyAt < world.Host.Clock.Now.AddSeconds(25);
        },
        () => "The notification is not settled.");
}
