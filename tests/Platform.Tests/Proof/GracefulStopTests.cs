using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// A host that is asked to stop finishes what it has begun. A connection that it closes while it waits for the next request is none of
/// that, also where the client was just about to send one; so what was begun is counted in the database, where each request left a row.
/// </summary>
[Trait("Reliability", "R22")]
public sealed class GracefulStopTests
{
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
            });
            var told = 0;
            for (var round = 0; round < 3; round++)
            {
                var (answered, wrong, unheard, took) = await StopUnderLoadAsync(host, registered.At(host.Reach));
                TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{answered} answered, {wrong.Count} wrongly, {unheard} never heard, stopped after {took.TotalSeconds:F1} s"));
                Assert.Empty(wrong);
                told += answered;
                Assert.True(answered > 50);
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

    private static async Task<(int Answered, ConcurrentBag<string> Wrong, int Unheard, TimeSpan Took)> StopUnderLoadAsync(HostProcess host, TestTpp tpp)
    {
        var wrong = new ConcurrentBag<string>();
        var (answered, unheard, isOver) = (1, 0, false);
        await tpp.ClientTokenAsync();
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref isOver))
            {
                try
                {
                    var answer = await tpp.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"));
                    if (answer.Status == 200) Interlocked.Increment(ref answered);
                    else wrong.Add($"{answer.Status} {answer.Body}");
                }
                catch (HttpRequestException problem) when (problem.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError)
                {
                    return; // Nobody listens any more.
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref unheard);
                }
            }
        })).ToList();
        await Task.Delay(TimeSpan.FromSeconds(2));
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, await host.StopAsync());
        var took = watch.Elapsed;
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(load);
        tpp.Dispose();
        return (answered, wrong, unheard, took);
    }

    private static async Task<long> TokensAsync(HostProcess host, string clientId)
    {
        await using var database = NpgsqlDataSource.Create((await host.SandboxAsync()).GetProperty("database").GetString()!);
        await using var count = database.CreateCommand("SELECT count(*) FROM identity.access_tokens WHERE \"ClientId\" = $1");
        count.Parameters.Add(new() { Value = clientId });
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
