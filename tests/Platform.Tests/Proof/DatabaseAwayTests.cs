using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Host;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>The tests that use <see cref="PayingHost"/>, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OnPayingHost : ICollectionFixture<PayingHost>
{
    public const string Name = "a paying host";
}

/// <summary>A host with a PostgreSQL of its own, and a third party that has payments made.</summary>
public sealed class PayingHost : IAsyncLifetime
{
    private readonly string clients = Path.Combine(Path.GetTempPath(), $"openbanking-clients-{Guid.CreateVersion7():N}.json");
    private TestTpp registered = null!;

    public HostProcess Host { get; private set; } = null!;

    public TestTpp Tpp { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public ApprovedPayments Payments { get; private set; } = null!;

    /// <summary>The number of the server's process.</summary>
    public int Postmaster => int.Parse(File.ReadAllText(Path.Combine(Host.DataPath, "postgres.pid")), CultureInfo.InvariantCulture);

    /// <summary>The server and its children, it first.</summary>
    public IReadOnlyList<int> ServerProcesses
    {
        get
        {
            var server = Postmaster;
            var children = Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
                .Where(id => id > 0 && ParentOf(id) == server);
            return [server, .. children];
        }
    }

    public async ValueTask InitializeAsync()
    {
        registered = TestTpp.New(Reach.Nowhere, change: ApprovedPayments.Pays(), algorithm: "PS256");
        await File.WriteAllTextAsync(clients, new JsonArray(registered.Registration!.DeepClone()).ToJsonString());
        Host = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Identity__ClientsFile"] = clients,
            ["RateLimits__Requests"] = "1000000",
            ["Payments__SchemeDelay"] = "00:00:00.2",
        });
        Tpp = registered.At(Host.Reach);
        var sandbox = await Host.SandboxAsync();
        Database = NpgsqlDataSource.Create(sandbox.GetProperty("database").GetString()!);
        var customer = sandbox.GetProperty("customers")[0];
        using var browser = new PortalBrowser(Host.Reach);
        Assert.True((await browser.ActivateAsync(customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!)).IsSuccess);
        Payments = await ApprovedPayments.ApproveAsync(Tpp, browser, Database, "0.01");
    }

    public async ValueTask DisposeAsync()
    {
        registered.Dispose();
        Tpp?.Dispose();
        if (Database is not null) await Database.DisposeAsync();
        if (Host is not null) await Host.DisposeAsync();
        File.Delete(clients);
    }

    private static int ParentOf(int id)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // It ended meanwhile.
        }
    }
}

/// <summary>
/// The database is killed, started again, cut off, or stands still while payments are ordered. Whoever asks meanwhile is told to try again,
/// the host is not touched, and afterwards nothing is missing and nothing there twice.
/// </summary>
[Collection(OnPayingHost.Name)]
public sealed class DatabaseAwayTests(PayingHost bank)
{
    private const int Stop = 19;
    private const int Continue = 18;

    [Fact]
    [Trait("Reliability", "R2")]
    [Trait("Rule", "OP-23")]
    public async Task A_database_that_is_killed_loses_no_payment()
    {
        var rounds = ProofRun.Count(3, 50);
        var healed = await UnderLoadAsync(rounds, async journal =>
        {
            foreach (var process in bank.ServerProcesses) Unix.Signal(process, Unix.KillNow);
            await AwayAsync(journal);
        });
        if (ProofRun.IsLarge) Assert.True(healed.Longest <= 10, $"{healed.Longest} s");
        ProofRun.Passed("R2", $"{rounds} kills of PostgreSQL under load: {healed}");
    }

    [Fact]
    [Trait("Reliability", "R3")]
    [Trait("Rule", "OP-23")]
    public async Task Restarts_and_cut_connections_lose_no_payment()
    {
        var (restarts, cuts) = (ProofRun.Count(3, 20), ProofRun.Count(20, 500));
        var restarted = await UnderLoadAsync(restarts, async journal =>
        {
            Unix.Signal(bank.Postmaster, Unix.Interrupt);
            await AwayAsync(journal);
        });
        var random = new Random(ProofRun.Seed);
        var cut = await UnderLoadAsync(cuts, async journal =>
        {
            await Task.Delay(random.Next(5, 60), TestContext.Current.CancellationToken);
            bank.Database.Clear();
            await using var terminate = bank.Database.CreateCommand(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'OpenBanking' AND pid <> pg_backend_pid() AND (state <> 'idle' OR random() < 0.3)");
            await terminate.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        });
        if (ProofRun.IsLarge) Assert.True(cut.Longest <= 5, $"{cut.Longest} s");
        ProofRun.Passed("R3", $"{restarts} restarts: {restarted}; {cuts} times connections cut: {cut}; 0 answers 500");
    }

    [Fact]
    [Trait("Reliability", "R4")]
    [Trait("Rule", "OP-23")]
    public async Task A_database_that_stands_still_keeps_nobody_waiting()
    {
        var rounds = ProofRun.Count(1, 20);
        var longest = 0.0;
        var asked = new List<ApprovedPayment>();
        var before = Threads();
        using var http = bank.Host.CreateClient();
        var healed = await UnderLoadAsync(rounds, async _ =>
        {
            var waiting = await bank.Payments.CopyAsync(8);
            asked.AddRange(waiting);
            var asleep = bank.ServerProcesses;
            foreach (var process in asleep) Unix.Signal(process, Stop);
            try
            {
                // In the small run it stands still until all who had asked are answered; else as long as the row says.
                var still = Stopwatch.StartNew();
                var answered = new ConcurrentBag<double>();
                var asking = Task.WhenAll(waiting.Select(async payment =>
                {
                    var answer = await ApprovedPayments.OrderAsync(bank.Tpp, payment);
                    Assert.True(answer.Status == 503 && answer.Header("Retry-After") is not null, $"{answer.Status} {answer.Body}");
                    answered.Add(still.Elapsed.TotalSeconds);
                }));
                foreach (var path in new[] { "/health/live", "/.well-known/openid-configuration" })
                {
                    using var alive = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
                    Assert.True(alive.IsSuccessStatusCode, $"{path}: {alive.StatusCode}");
                }

                await asking;
                longest = Math.Max(longest, answered.Max());
                if (ProofRun.IsLarge) await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, 15 - still.Elapsed.TotalSeconds)), TestContext.Current.CancellationToken);
            }
            finally
            {
                foreach (var process in asleep) Unix.Signal(process, Continue);
            }
        });
        if (ProofRun.IsLarge) Assert.True(longest <= 5, $"{longest} s");

        // Whoever was told to try again does so, and there is one payment, whether or not the first had come through.
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var payment in asked)
        {
            var answer = await ApprovedPayments.OrderAsync(bank.Tpp, payment);
            Assert.True(answer.Status == 201, answer.Body);
            Assert.True(ids.Add(ApprovedPayments.IdOf(answer)));
        }

        var after = Threads();
        Assert.True(after <= before * 1.1 + 8, $"{before} threads before, {after} after");
        ProofRun.Passed("R4", $"{rounds} times PostgreSQL stood still: answered 503 after {longest:F1} s at most, health and discovery meanwhile; {healed}; threads {before} before, {after} after");
    }

    /// <summary>Waits until the fault was felt.</summary>
    private static async Task AwayAsync(PaymentJournal journal)
    {
        var (watch, before) = (Stopwatch.StartNew(), journal.Away);
        while (journal.Away == before && watch.Elapsed < TimeSpan.FromSeconds(5)) await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    private int Threads() => Directory.GetDirectories($"/proc/{bank.Host.ProcessId.ToString(CultureInfo.InvariantCulture)}/task").Length;

    private async Task<Healed> UnderLoadAsync(int rounds, Func<PaymentJournal, Task> fault)
    {
        await using var journal = new PaymentJournal(bank.Database, bank.Payments, _ => bank.Tpp);
        await journal.PrepareAsync(ProofRun.Count(1_500, 20_000));
        var process = bank.Host.ProcessId;
        journal.Start(4, TimeSpan.FromMilliseconds(25));
        await journal.FlowsAsync();
        var longest = TimeSpan.Zero;
        for (var round = 0; round < rounds; round++)
        {
            await fault(journal);
            var took = await journal.FlowsAsync();
            if (took > longest) longest = took;
        }

        await journal.StopAsync();
        bank.Database.Clear();
        await journal.SettleAsync();
        Assert.Equal(process, bank.Host.ProcessId);
        var (exit, said, _) = await HostProcess.RunAsync(null, bank.Host.DataPath, "ledger", "verify");
        Assert.True(exit == 0, said);
        return new Healed(journal.Orders, journal.Away, longest.TotalSeconds);
    }

    private sealed record Healed(int Orders, int Away, double Longest)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Orders} orders, {Away} of them answered 503 with Retry-After and none otherwise, again after {Longest:F1} s at most, 0 lost, 0 doubled");
    }
}
