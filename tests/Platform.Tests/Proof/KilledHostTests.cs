using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Hosts are killed at moments that nobody chose, with payments in their hands, and start again; the database stays. Two take turns, so that
/// there is load at every kill.
/// </summary>
public sealed class KilledHostTests
{
    [Fact]
    [Trait("Reliability", "R1")]
    [Trait("Reliability", "R11")]
    [Trait("Rule", "PY-24")]
    [Trait("Rule", "PY-26")]
    public async Task No_payment_is_lost_or_made_twice_when_hosts_are_killed()
    {
        var (random, kills) = (new Random(ProofRun.Seed), ProofRun.Count(8, 300));
        var clients = Path.Combine(Path.GetTempPath(), $"openbanking-clients-{Guid.CreateVersion7():N}.json");
        using var registered = TestTpp.New(Reach.Nowhere, change: ApprovedPayments.Pays(), algorithm: "PS256");
        await File.WriteAllTextAsync(clients, new JsonArray(registered.Registration!.DeepClone()).ToJsonString(), TestContext.Current.CancellationToken);
        await using var store = await TestDatabase.CreateAsync();
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__OpenBanking"] = store.ConnectionString,
            ["Identity__ClientsFile"] = clients,
            ["RateLimits__Requests"] = "1000000",
            ["Payments__SchemeDelay"] = "00:00:00.2",
        };
        await using var first = await HostProcess.StartAsync(settings);
        settings["Identity__Issuer"] = first.Main.OriginalString.TrimEnd('/');
        settings["Identity__MtlsIssuer"] = first.Mtls.OriginalString.TrimEnd('/');
        await using var second = await HostProcess.StartAsync(settings);
        HostProcess[] hosts = [first, second];
        var tpps = hosts.Select(host => registered.At(host.Reach with { Issuer = first.Reach.Issuer })).ToArray();
        await using var database = NpgsqlDataSource.Create(store.ConnectionString);
        var customer = (await first.SandboxAsync()).GetProperty("customers")[0];
        using var browser = new PortalBrowser(first.Reach);
        Assert.True((await browser.ActivateAsync(customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!)).IsSuccess);

        await using var journal = new PaymentJournal(database, await ApprovedPayments.ApproveAsync(tpps[0], browser, database, "0.01"), number => tpps[number % 2]) { MayBeCut = true };
        await journal.PrepareAsync(500);
        await using var watch = new BooksWatch(database);
        journal.Start(8, TimeSpan.FromMilliseconds(ProofRun.Count(120, 40)));
        await journal.FlowsAsync();
        var recoveries = new List<double>();
        for (var kill = 0; kill < kills; kill++)
        {
            await Task.Delay(random.Next(100, ProofRun.Count(1000, 3000)), TestContext.Current.CancellationToken);
            await hosts[kill % 2].KillAsync();
            var down = Stopwatch.StartNew();
            await hosts[kill % 2].StartAgainAsync();
            await journal.FlowsAsync();
            recoveries.Add(down.Elapsed.TotalSeconds);
        }

        await journal.StopAsync();
        var settled = await journal.SettleAsync();
        var (exit, said, _) = await HostProcess.RunAsync(settings, null, "ledger", "verify");
        Assert.True(exit == 0, said);
        (exit, said, _) = await HostProcess.RunAsync(settings, first.DataPath, "audit", "verify");
        Assert.True(exit == 0, said);
        Assert.Empty(watch.Wrong);
        Assert.True(watch.Looks > kills, "The books were not looked at.");
        recoveries.Sort();
        if (ProofRun.IsLarge) Assert.True(recoveries[recoveries.Count / 2] <= 5, $"median {recoveries[recoveries.Count / 2]} s");
        ProofRun.Passed(
            "R1",
            $"{kills} kills under the load of 8 workers: {journal.Accepted} of {journal.Orders} orders acknowledged, all asked for again; 0 lost, 0 doubled, sum 0, last done {settled.TotalSeconds:F1} s after; kill to answers again {recoveries[recoveries.Count / 2]:F1} s (median)");
        ProofRun.Passed("R11", $"{watch.Looks} looks at the books, each at one moment, during all that: 0 sums other than 0, 0 balances other than their legs");
        foreach (var tpp in tpps) tpp.Dispose();
        File.Delete(clients);
    }
}
