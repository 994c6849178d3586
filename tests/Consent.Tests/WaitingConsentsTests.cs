using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests;

public sealed class WaitingConsentsTests
{
    private const string Amelia = "C-100001";
    private const string Thomas = "C-100002";

    [Fact]
    [Trait("Rule", "CO-22")]
    [Trait("Rule", "OB-CON-5")]
    public async Task What_has_waited_too_long_is_removed_with_its_history_and_what_was_decided_on_stays()
    {
        await using var api = await BankApi.StartAsync();
        var sweeper = api.Services.GetRequiredService<Batches<WaitingConsents>>();
        var authorised = (await api.AccessAsync(["GB-1"])).ConsentId!;
        var rejected = await api.ConsentAsync();
        await api.AskAsync(new RejectConsent(rejected, BankApi.Tpp, RejectionCause.Declined, Amelia, null));
        var waiting = await api.ConsentAsync();
        api.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1));
        var young = await api.ConsentAsync();
        Assert.Equal(0, await sweeper.DoAllAsync(CancellationToken.None));
        api.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await sweeper.DoAllAsync(CancellationToken.None));

        Assert.Equal("OB-HTTP-1", (await ReadAsync(waiting)).Rule);
        Assert.Equal(0L, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.history WHERE "ConsentId" = $1""", waiting));
        foreach (var (id, state) in new[] { (young, "AWAU"), (authorised, "AUTH"), (rejected, "RJCT") })
            Assert.Equal(state, (await ReadAsync(id)).Data.GetProperty("Status").GetString());

        Task<ApiAnswer> ReadAsync(string id) => api.GetAsync("/account-access-consents/" + id, new TestCaller(BankApi.Tpp));
    }

    /// <summary>Only what has ended, only after its time; what is active stays whole, however old it is.</summary>
    [Fact]
    [Trait("Rule", "R42")]
    public async Task What_ended_long_ago_is_removed_with_all_that_was_kept_of_it_and_what_is_active_stays()
    {
        await using var api = await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Consent:EndedLifetime"] = "396.00:00:00" });
        var sweeper = api.Services.GetRequiredService<Batches<EndedConsents>>();
        var active = (await api.AccessAsync(["GB-1"])).ConsentId!;
        var cancelled = (await api.AccessAsync(["GB-1"])).ConsentId!;
        await api.AskAsync(new CancelConnection(cancelled, Amelia, new DecisionOrigin(null, null)));
        var rejected = await api.ConsentAsync();
        await api.AskAsync(new RejectConsent(rejected, BankApi.Tpp, RejectionCause.Declined, Amelia, null));
        Assert.Equal(0, await sweeper.DoAllAsync(CancellationToken.None));
        api.Clock.Advance(TimeSpan.FromDays(396) - TimeSpan.FromMinutes(5));
        Assert.Equal(0, await sweeper.DoAllAsync(CancellationToken.None));
        api.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2, await sweeper.DoAllAsync(CancellationToken.None));

        foreach (var (id, left) in new[] { (active, true), (cancelled, false), (rejected, false) })
        {
            foreach (var table in new[] { "history", "evidence" })
            {
                var rows = await api.Database.ScalarAsync<long>($"""SELECT count(*) FROM consent.{table} WHERE "ConsentId" = $1""", id);
                Assert.Equal(left, rows > 0);
            }

            Assert.Equal(left ? 1L : 0L, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.consents WHERE "Id" = $1""", id));
        }
    }

    /// <summary>Most of what a bank has is not to be removed, and is not looked at either.</summary>
    [Fact]
    [Trait("Rule", "R42")]
    public async Task What_ended_long_ago_is_found_by_an_index()
    {
        await using var api = await BankApi.StartAsync();
        await api.Database.ExecuteAsync(
            """
            INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "Permissions", "StoppedAccountIds")
            SELECT CASE n % 3 WHEN 0 THEN 'dpc-' ELSE 'aac-' END || md5(n::text), 'tpp-1', CASE n % 2 WHEN 0 THEN 'CANC' ELSE 'AUTH' END, now(), now(), '{}', '{}' FROM generate_series(1, 20000) n
            """);
        await api.Database.ExecuteAsync("ANALYZE consent.consents");
        var plan = await api.Database.ScalarAsync<string>(
            $"""EXPLAIN (FORMAT JSON) SELECT "Id" FROM consent.consents WHERE {EndedConsents.Filter} AND "StateChangedAt" < now() - interval '1 year' ORDER BY "StateChangedAt" LIMIT 500 FOR UPDATE SKIP LOCKED""");
        Assert.Contains("IX_consents_StateChangedAt", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "CO-22")]
    public async Task Hosts_that_sweep_at_once_remove_each_consent_once()
    {
        await using var api = await BankApi.StartAsync();
        await api.ConsentAsync();
        await api.Database.ExecuteAsync(
            """
            INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "Permissions", "StoppedAccountIds")
            SELECT 'aac-' || md5(n::text), 'tpp-1', 'AWAU', now() - interval '30 days', now(), '{}', '{}' FROM generate_series(1, $1) n
            """,
            (2 * WaitingConsents.Batch) + 1);
        var sweeper = api.Services.GetRequiredService<Batches<WaitingConsents>>();
        var removed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => sweeper.DoAllAsync(CancellationToken.None)));
        Assert.Equal((2 * WaitingConsents.Batch) + 1, removed.Sum() + await sweeper.DoAllAsync(CancellationToken.None));
        Assert.Equal(1L, await api.Database.ScalarAsync<long>("SELECT count(*) FROM consent.consents"));
    }

    /// <summary>One joint account is all that is shared; its two holders stop it at the same moment, and both are told that it is stopped.</summary>
    [Fact]
    [Trait("Rule", "D-11")]
    public async Task Two_holders_who_stop_at_one_moment_both_have_stopped_it()
    {
        await using var api = await BankApi.StartAsync();
        for (var round = 0; round < 5; round++)
        {
            var id = (await api.AccessAsync(["GB-1", "JT-1"])).ConsentId!;
            var from = new DecisionOrigin(null, null);
            var answers = await Task.WhenAll(api.AskAsync(new CancelConnection(id, Thomas, from)), api.AskAsync(new CancelConnection(id, Amelia, from)));
            Assert.Equal(CancellationAnswer.Cancelled, answers[1]);
            var state = await api.Database.ScalarAsync<string>("""SELECT "State" FROM consent.consents WHERE "Id" = $1""", id);
            Assert.Equal("CANC", state);
        }
    }

    [Fact]
    [Trait("Rule", "OB-CON-6")]
    [Trait("Rule", "GM-10")]
    public async Task A_third_party_gives_up_its_own_consent_and_no_other()
    {
        await using var api = await BankApi.StartAsync();
        var id = (await api.AccessAsync(["GB-1"])).ConsentId!;
        Assert.False(await api.AskAsync(new GiveUpConsent(id, BankApi.OtherTpp)));
        Assert.True(await api.AskAsync(new GiveUpConsent(id, BankApi.Tpp)));
        Assert.False(await api.AskAsync(new GiveUpConsent(id, BankApi.Tpp)));
        Assert.Equal(1, api.Ended.Count(id));
        Assert.Null(States.Next(States.Of(ConsentKind.DomesticPayment), ConsentState.AUTH, ConsentEvent.Delete));
    }

    /// <summary>One payment is no access that could be stopped; it has a list of its own.</summary>
    [Fact]
    [Trait("Rule", "D-10")]
    public async Task A_single_payment_is_no_connection()
    {
        await using var api = await BankApi.StartAsync();
        var access = (await api.AccessAsync(["GB-1"])).ConsentId!;
        await api.Database.ExecuteAsync(
            """
            INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "GrantedAt", "Permissions", "StoppedAccountIds", "CustomerId", "AccountIds")
            VALUES ('dpc-' || md5('1'), 'tpp-1', 'AUTH', now(), now(), now(), '{}', '{}', $1, ARRAY[$2])
            """,
            Amelia,
            api.Account("GB-1"));
        Assert.Equal([access], (await api.AskAsync(new ListConnections(Amelia))).Select(connection => connection.ConsentId));
    }
}
