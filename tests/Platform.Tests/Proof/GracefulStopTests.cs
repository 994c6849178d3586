using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// A host that is asked to stop finishes what it has begun, and says with each answer that its connection ends, so that whoever hears
/// it goes elsewhere in time. What was begun is counted in the database too, where each request left a row.
/// </summary>
[Trait("Reliability", "R22")]
public sealed class GracefulStopTests
{
    /// <summary>So many are answered before the host is asked to stop.</summary>
    private const int Before = 100;

    [Fact]
    public async Task Nothing_is_cut_when_a_host_under_load_is_asked_to_stop()
    {
        using var registered = TestTpp.New(Reach.Nowhere);
        var clients = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(clients, new JsonArray(registered.Registration!.DeepClone()).ToJsonString());
            await using var host = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Identity__ClientsFile"] = clients,
                ["RateLimits__Requests"] = "1000000",
                ["Stop__DrainSeconds"] = "3",
            });
            var told = 0;
            for (var round = 0; round < 3; round++)
            {
                var (answered, wrong, took) = await StopUnderLoadAsync(host, registered.At(host.Reach));
                TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{answered} answered, {wrong.Count} wrongly, stopped after {took.TotalSeconds:F1} s"));
                Assert.Empty(wrong);
                told += answered;
                Assert.True(took < TimeSpan.FromSeconds(30));
                Assert.False(File.Exists(Path.Combine(host.DataPath, "postgres.pid")));
                await host.StartAgainAsync();
                Assert.Equal(told, await TokensAsync(host, registered.ClientId));
            }
        }
        finally
        {
            File.Delete(clients);
        }
    }

    private static async Task<(int Answered, ConcurrentBag<string> Wrong, TimeSpan Took)> StopUnderLoadAsync(HostProcess host, TestTpp tpp)
    {
        var wrong = new ConcurrentBag<string>();
        var answered = 1;
        await tpp.ClientTokenAsync();
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                try
                {
                    var answer = await tpp.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"));
                    if (answer.Status == 200) Interlocked.Increment(ref answered);
                    else wrong.Add($"{answer.Status} {answer.Body}");
                    if (answer.Header("Connection") == "close") return;
                }
                catch (HttpRequestException problem)
                {
                    wrong.Add(problem.ToString());
                    return;
                }
            }
        })).ToList();
        await Eventually.HoldsAsync(() => Volatile.Read(ref answered) > Before, () => $"Only {answered} were answered.");
        var balancer = NotReadyAsync(host);
        var watch = Stopwatch.StartNew();
        var stopped = host.StopAsync();
        await balancer;
        Assert.Equal(0, await stopped);
        var took = watch.Elapsed;
        await Task.WhenAll(load);
        tpp.Dispose();
        return (answered, wrong, took);
    }

    /// <summary>Asks, as a balancer does, until the host says that it is not ready; a host that does not listen any more before it has said so fails.</summary>
    private static async Task NotReadyAsync(HostProcess host)
    {
        using var client = host.CreateClient();
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
            },
            () => "The host stays ready.");
    }

    private static async Task<long> TokensAsync(HostProcess host, string clientId)
    {
        await using var database = NpgsqlDataSource.Create((await host.SandboxAsync()).GetProperty("database").GetString()!);
        await using var count = database.CreateCommand("SELECT count(*) FROM identity.access_tokens WHERE \"ClientId\" = $1");
        count.Parameters.Add(new() { Value = clientId });
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
