using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests;

/// <summary>What the dashboard knows of itself: how often an access is used, and what its customer has not been told yet.</summary>
public sealed class DashboardTests(Bank bank)
{
    private const string Amelia = "C-100001";
    private const string Thomas = "C-100002";
    private static readonly DecisionOrigin Browser = new("192.0.2.9", "Browser/2");
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "D-4")]
    public async Task Every_use_counts_and_what_is_refused_does_not()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        Assert.Empty((await DetailAsync(caller.ConsentId!)).Uses);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => api.GetAsync("/accounts", caller)));
        Assert.Equal(400, (await api.GetAsync("/accounts/none", caller)).Status);
        Assert.Equal(400, (await api.GetAsync("/transactions?fromBookingDateTime=never", caller)).Status);

        var today = DateOnly.FromDateTime(api.Clock.Now.UtcDateTime);
        Assert.Equal([new DayOfUse(today, 10)], (await DetailAsync(caller.ConsentId!)).Uses);
    }

    [Fact]
    [Trait("Rule", "D-4")]
    public async Task Uses_are_counted_by_day_and_forgotten_after_the_time_that_is_set()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["GB-1"]);
        var first = DateOnly.FromDateTime(own.Clock.Now.UtcDateTime);
        foreach (var days in new[] { 0, 1, 89 })
        {
            own.Clock.Advance(TimeSpan.FromDays(days));
            await own.GetAsync("/accounts", caller);
        }

        var sweeper = own.Services.GetRequiredService<Batches<ForgottenUses>>();
        Assert.Equal(0, await sweeper.DoAllAsync(CancellationToken.None));
        Assert.Equal([first, first.AddDays(1), first.AddDays(90)], await DaysAsync());

        own.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, await sweeper.DoAllAsync(CancellationToken.None));
        Assert.Equal([first.AddDays(1), first.AddDays(90)], await DaysAsync());

        async Task<IEnumerable<DateOnly>> DaysAsync() => (await own.AskAsync(new DescribeConnection(caller.ConsentId!, Amelia)))!.Uses.Select(use => use.Day);
    }

    [Fact]
    [Trait("Rule", "D-13")]
    public async Task A_new_access_is_news_until_it_is_dismissed_and_again_when_it_begins_again()
    {
        await using var own = await BankApi.StartAsync();
        var before = own.Clock.Now;
        var id = (await own.AccessAsync(["GB-1"])).ConsentId!;
        var granted = own.Clock.Now;
        own.Clock.Advance(TimeSpan.FromDays(60));
        Assert.InRange((await SummaryAsync(own, id)).NewSince!.Value, before, granted);

        Assert.True(await own.AskAsync(new DismissNotices(Amelia, AccessNotice.Granted, [id])));
        Assert.Null((await SummaryAsync(own, id)).NewSince);
        await own.ApproveAsync(id, []);
        Assert.Null((await SummaryAsync(own, id)).NewSince);

        own.Clock.Advance(TimeSpan.FromDays(1));
        await own.AskAsync(new CancelConnection(id, Amelia, Browser));
        Assert.Null((await SummaryAsync(own, id)).NewSince);
        var again = own.Clock.Now;
        await own.ApproveAsync(id, []);
        Assert.InRange((await SummaryAsync(own, id)).NewSince!.Value, again, own.Clock.Now);
    }

    [Fact]
    [Trait("Rule", "D-13")]
    public async Task An_end_is_announced_two_weeks_before_it_until_it_is_dismissed_or_has_come()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(own.Clock.Now);
        var ends = own.Clock.Now.AddDays(30);
        string[] ids = [(await own.AccessAsync(["GB-1"], expires: ends)).ConsentId!, (await own.AccessAsync(["GB-1"], expires: ends)).ConsentId!];
        own.Clock.Advance(TimeSpan.FromDays(16) - TimeSpan.FromSeconds(1));
        Assert.False((await SummaryAsync(own, ids[0])).EndsSoon);
        own.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await SummaryAsync(own, ids[0])).EndsSoon);

        await own.AskAsync(new DismissNotices(Amelia, AccessNotice.EndsSoon, [ids[0], ids[0]]));
        await own.AskAsync(new DismissNotices(Amelia, AccessNotice.EndsSoon, [ids[0]]));
        Assert.False((await SummaryAsync(own, ids[0])).EndsSoon);
        Assert.NotNull((await SummaryAsync(own, ids[0])).NewSince);
        Assert.True((await SummaryAsync(own, ids[1])).EndsSoon);

        own.Clock.Advance(TimeSpan.FromDays(14));
        Assert.False((await SummaryAsync(own, ids[1])).EndsSoon);
    }

    [Fact]
    [Trait("Rule", "D-11")]
    [Trait("Rule", "D-13")]
    [Trait("Rule", "CO-19")]
    public async Task Each_holder_of_a_joint_account_is_told_and_nobody_else_takes_a_notice_away()
    {
        var joint = (await api.AccessAsync(["JT-1"])).ConsentId!;
        var own = (await api.AccessAsync(["GB-1"])).ConsentId!;
        Assert.NotNull((await SummaryAsync(api, joint, Thomas)).NewSince);

        Assert.False(await api.AskAsync(new DismissNotices(Thomas, AccessNotice.Granted, [own, "aac-" + new string('0', 32), "\0", ""])));
        Assert.True(await api.AskAsync(new DismissNotices(Thomas, AccessNotice.Granted, [joint, own])));

        Assert.Null((await SummaryAsync(api, joint, Thomas)).NewSince);
        Assert.NotNull((await SummaryAsync(api, joint)).NewSince);
        Assert.Equal(0L, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.dismissed_notices WHERE "ConsentId" = $1""", own));
    }

    [Fact]
    [Trait("Rule", "D-11")]
    public async Task The_giver_sees_which_account_the_other_holder_has_taken_out()
    {
        var id = (await api.AccessAsync(["GB-1", "JT-1"])).ConsentId!;
        Assert.Empty((await DetailAsync(id)).StoppedAccountIds);
        await api.AskAsync(new CancelConnection(id, Thomas, Browser));
        var detail = await DetailAsync(id);
        Assert.Equal([api.Account("JT-1")], detail.StoppedAccountIds);
        Assert.Equal(["Everyday", "Household"], detail.Summary.AccountNames);
    }

    private async Task<ConnectionDetail> DetailAsync(string id) => (await api.AskAsync(new DescribeConnection(id, Amelia)))!;

    private static async Task<ConnectionSummary> SummaryAsync(BankApi of, string id, string customerId = Amelia) =>
        (await of.AskAsync(new ListConnections(customerId))).Single(connection => connection.ConsentId == id);
}
