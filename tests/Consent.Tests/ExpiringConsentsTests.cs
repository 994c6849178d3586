using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests;

public sealed class ExpiringConsentsTests
{
    private const string Path = "/account-access-consents/";
    private static readonly TestCaller Tpp = new(BankApi.Tpp);

    [Fact]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "OB-CON-9")]
    [Trait("Rule", "OB-SEC-17")]
    public async Task What_is_due_expires_unasked_and_what_is_not_stays()
    {
        await using var api = await BankApi.StartAsync();
        var sweeper = api.Services.GetRequiredService<Batches<ExpiringConsents>>();
        api.Clock.StopAt(api.Clock.Now);
        var end = api.Clock.Now.AddHours(1);
        var due = (await api.AccessAsync(["GB-1"], expires: end)).ConsentId!;
        var later = (await api.AccessAsync(["GB-1"], expires: end.AddSeconds(1))).ConsentId!;
        var endless = (await api.AccessAsync(["GB-1"])).ConsentId!;
        var waiting = await api.ConsentAsync(expires: end);

        api.Clock.StopAt(end.AddSeconds(-1));
        Assert.Equal(0, await sweeper.DoAllAsync(CancellationToken.None));
        api.Clock.StopAt(end);
        Assert.Equal(1, await sweeper.DoAllAsync(CancellationToken.None));

        var expired = Assert.Single(await api.AskAsync(new ListConsentChanges(due)) ?? [], change => change.To == "EXPD");
        Assert.Equal(("AUTH", end, "TKXP"), (expired.From, expired.At, expired.ReasonCode));
        Assert.Equal(1, api.Ended.Count(due));
        foreach (var (id, state) in new[] { (due, "EXPD"), (later, "AUTH"), (endless, "AUTH"), (waiting, "AWAU") })
            Assert.Equal(state, (await api.GetAsync(Path + id, Tpp)).Data.GetProperty("Status").GetString());
        Assert.IsType<AuthorisableConsent.InWrongState>(await api.AskAsync(new FindConsentForAuthorisation(waiting, BankApi.Tpp)));
    }

    [Fact]
    [Trait("Rule", "OB-CON-19")]
    public async Task Hosts_that_sweep_at_once_expire_each_consent_once_and_never_look_at_what_is_not_due()
    {
        await using var api = await BankApi.StartAsync();
        var due = (2 * ExpiringConsents.Batch) + 1;
        await InsertAsync(due, "aac-", "now() - interval '1 minute'");
        await InsertAsync(20_000, "fcc-", "now() + interval '1 year'");
        await api.Database.ExecuteAsync("ANALYZE consent.consents");
        var plan = await api.Database.ScalarAsync<string>(
            """EXPLAIN (FORMAT JSON) SELECT * FROM consent.consents WHERE "State" = 'AUTH' AND "ExpiresAt" IS NOT NULL AND "ExpiresAt" <= now() ORDER BY "ExpiresAt" LIMIT 50 FOR UPDATE SKIP LOCKED""");
        Assert.Contains("IX_consents_ExpiresAt", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);

        var sweeper = api.Services.GetRequiredService<Batches<ExpiringConsents>>();
        var expired = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => sweeper.DoAllAsync(CancellationToken.None)));
        Assert.Equal(due, expired.Sum() + await sweeper.DoAllAsync(CancellationToken.None));
        Assert.Equal((long)due, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.history WHERE "Event" = 'Expire'"""));
        Assert.Equal((long)due, await api.Database.ScalarAsync<long>("""SELECT count(DISTINCT "ConsentId") FROM consent.history"""));

        Task<int> InsertAsync(int count, string kind, string ends) => api.Database.ExecuteAsync(
            $$"""
            INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "ExpiresAt", "Permissions", "StoppedAccountIds")
            SELECT $2 || md5(n::text), 'tpp-1', 'AUTH', now() - interval '30 days', now(), {{ends}}, '{}', '{}' FROM generate_series(1, $1) n
            """,
            count,
            kind);
    }

    [Fact]
    [Trait("Rule", "OB-CON-3")]
    [Trait("Rule", "OB-CON-12")]
    public async Task What_the_bank_has_stopped_says_so_and_opens_again_when_its_customer_authenticates()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["GB-1"]);
        var id = caller.ConsentId!;
        Assert.Equal(SuspensionAnswer.Suspended, await api.AskAsync(new SuspendConsent(id, "operator", "Card data for sale.")));
        Assert.Equal(SuspensionAnswer.WasNotActive, await api.AskAsync(new SuspendConsent(id, "operator", "Again.")));
        Assert.Equal(SuspensionAnswer.NotFound, await api.AskAsync(new SuspendConsent("aac-" + new string('0', 32), "operator", "Nothing.")));
        Assert.Equal(1, api.Ended.Count(id));
        Assert.Equal(403, (await api.GetAsync("/accounts", caller)).Status);

        var answer = await api.GetAsync(Path + id, Tpp);
        Assert.Equal("CANC", answer.Data.GetProperty("Status").GetString());
        Assert.Equal(["TKSP", "U028"], answer.Data.GetProperty("StatusReason").EnumerateArray().Select(reason => reason.GetProperty("StatusReasonCode").GetString()));
        Assert.DoesNotContain("Card data", answer.Body, StringComparison.Ordinal);

        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(id, []));
        Assert.False((await api.GetAsync(Path + id, Tpp)).Data.TryGetProperty("StatusReason", out _));
        Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);
        Assert.Equal(
            [(null, "AWAU", "U036"), ("AWAU", "AUTH", "U038"), ("AUTH", "CANC", "TKSP"), ("CANC", "AUTH", null)],
            (await api.AskAsync(new ListConsentChanges(id)))!.Select(change => (change.From, change.To, change.ReasonCode)));
    }
}
