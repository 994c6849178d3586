using System.Text;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Platform.Tests.Samples;

public sealed class ConnectionStoreTests : IDisposable
{
    private static readonly StandingClock Clock = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private readonly string data = Directory.CreateTempSubdirectory("tally-").FullName;
    private readonly IDataProtectionProvider protection = new EphemeralDataProtectionProvider();

    private static readonly Connection Access = new(
        "dpop", "c-1", "customer-1", "the-access-token", Clock.Now, "the-refresh-token", "accounts", Clock.Now, null);

    [Fact]
    public async Task A_restart_keeps_connections()
    {
        await PutAsync("cookie-1");
        using var restarted = Store();
        Assert.Equal(Access, (await restarted.ReadAsync("cookie-1", Ct)).Connection);
    }

    [Fact]
    public async Task Neither_tokens_nor_cookies_can_be_read_from_disk()
    {
        await PutAsync("cookie-1");
        var file = Assert.Single(Directory.GetFiles(Path.Combine(data, "connections")));
        Assert.DoesNotContain("cookie-1", file, StringComparison.Ordinal);
        var content = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Ct));
        Assert.DoesNotContain("the-access-token", content, StringComparison.Ordinal);
        Assert.DoesNotContain("the-refresh-token", content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_put_in_the_place_of_another_opens_nobodys_connection()
    {
        await PutAsync("cookie-1");
        var mine = Assert.Single(Directory.GetFiles(Path.Combine(data, "connections")));
        await PutAsync("cookie-2");
        var other = Directory.GetFiles(Path.Combine(data, "connections")).Single(file => file != mine);
        File.Copy(mine, other, overwrite: true);
        using var store = Store();
        Assert.Null((await store.ReadAsync("cookie-2", Ct)).Connection);
    }

    [Fact]
    public async Task A_journey_is_taken_once_even_by_many_at_once()
    {
        using var store = Store();
        await store.AddAsync("cookie-1", Journey("s"), Ct);
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => store.TakeAsync("cookie-1", "s", Ct)));
        Assert.Single(taken, journey => journey is not null);
    }

    [Fact]
    public async Task Another_browser_cannot_take_it_and_leaves_nothing_behind()
    {
        using var store = Store();
        await store.AddAsync("cookie-1", Journey("s"), Ct);
        Assert.Null(await store.TakeAsync("cookie-2", "s", Ct));
        Assert.Single(Directory.GetFiles(Path.Combine(data, "connections")));
    }

    [Fact]
    public async Task Only_the_last_five_journeys_are_kept()
    {
        using var store = Store();
        foreach (var number in Enumerable.Range(0, 6)) await store.AddAsync("cookie-1", Journey($"s-{number}"), Ct);
        Assert.Null(await store.TakeAsync("cookie-1", "s-0", Ct));
        Assert.NotNull(await store.TakeAsync("cookie-1", "s-1", Ct));
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static PendingJourney Journey(string state) => new(state, "n", "v", "dpop", "https://bank.test", "c-1", null, Clock.Now);

    private ConnectionStore Store() => new(data, protection, Clock);

    private async Task PutAsync(string cookie)
    {
        using var store = Store();
        await store.ChangeAsync(cookie, session => session.Connection = Access, Ct);
    }
}
