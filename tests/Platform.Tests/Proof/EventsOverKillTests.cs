using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// A host dies with events in its hands. Each of them reaches the third party's own server once the host is there again, in the order in
/// which it happened; what had arrived without the host knowing comes once more.
/// </summary>
public sealed class EventsOverKillTests
{
    private const int Events = 12;
    private const int BeforeTheEnd = 4;
    private const string Path = "/open-banking/v4.0/event-subscriptions";
    private readonly TestClock clock = new();

    [Fact]
    [Trait("Rule", "OB-EVT-7")]
    [Trait("Rule", "OB-EVT-14")]
    [Trait("Rule", "OB-JWS-13")]
    [Trait("Rule", "TLS-09")]
    public async Task No_event_is_lost_when_the_host_is_killed()
    {
        using var registered = TestTpp.New(Reach.Nowhere, change: metadata => metadata["scope"] = "openid accounts", algorithm: "PS256");
        var clients = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"openbanking-clients-{Guid.CreateVersion7():N}.json");
        await File.WriteAllTextAsync(clients, new JsonArray(registered.Registration!.DeepClone()).ToJsonString(), TestContext.Current.CancellationToken);
        await using var host = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Identity__ClientsFile"] = clients });
        await using var server = await Receiver.StartAsync(host.DataPath);
        using var tpp = registered.At(host.Reach with { Time = clock });
        await ShareAsync(host, tpp);

        var body = """{"Data":{"Version":"4.0","CallbackUrl":"@@"}}""".Replace("@@", server.Address, StringComparison.Ordinal);
        var token = await tpp.ClientTokenAsync();
        var unsigned = await tpp.ApiAsync(HttpMethod.Post, Path, token, body);
        Assert.Equal((400, "U019"), (unsigned.Status, unsigned.Json.GetProperty("Errors")[0].GetProperty("ErrorCode").GetString()));
        var made = await tpp.ApiAsync(HttpMethod.Post, Path, token, body, signature: tpp.MessageSignature(body));
        Assert.True(made.Status == 201, made.Body);
        Assert.Matches(@"\A[\w-]+\.\.[\w-]+\z", made.Header("x-jws-signature"));

        // The server takes some and then falls silent, with more to come.
        server.TakesFirst(BeforeTheEnd);
        for (var number = 0; number < Events; number++)
            await ControlAsync(host, $$"""{"operation":"account","accountId":"GB-1","state":"{{(number % 2 == 0 ? "closed" : "open")}}"}""");
        await server.HeardAsync(BeforeTheEnd + 1);
        var waiting = await PollAsync(tpp);
        Assert.InRange(waiting.Count, Events - BeforeTheEnd, Events - 1);
        await host.KillAsync();

        server.TakesFirst(int.MaxValue);
        await host.StartAgainAsync();
        await PassAsync(host, TimeSpan.FromMinutes(2)); // What the dead host held, or put off, is due by then.
        var keys = await KeysAsync(host);
        await server.UntilAsync(() => server.Taken.Select(Id).Distinct().Count() == Events);
        var taken = server.Taken.Select(set => Verified(set, keys)).DistinctBy(claims => claims.GetProperty("jti").GetString()).ToList();
        Assert.Equal(Enumerable.Range(0, Events).Select(number => number % 2 == 0 ? "UK.OBIE.AccountClosure" : null), taken.Select(Reason));
        Assert.Equal(waiting, taken.TakeLast(waiting.Count).Select(claims => claims.GetProperty("jti").GetString()));

        await server.UntilAsync(async () => (await PollAsync(tpp)).Count == 0);
        var (exit, output, _) = await HostProcess.RunAsync(null, host.DataPath, "events", "dead");
        Assert.Equal((0, "Every event has arrived or is on its way."), (exit, output.Trim()));
        File.Delete(clients);
    }

    private static string? Id(string set) => Jws.Parse(set).Failed(out _, out var jws) ? null : jws.Payload.GetProperty("jti").GetString();

    private static string? Reason(JsonElement claims) =>
        claims.GetProperty("events").EnumerateObject().Single().Value.TryGetProperty("reason", out var reason) ? reason.GetString() : null;

    private static JsonElement Verified(string set, KeySet keys)
    {
        Assert.False(Jws.Parse(set).Failed(out _, out var jws));
        var policy = new JwsPolicy(new HashSet<string>(StringComparer.Ordinal) { "PS256" }, new HashSet<string?>(StringComparer.Ordinal) { "secevent+jwt" });
        Assert.Null(jws!.Verify(keys, policy));
        return jws.Payload;
    }

    private static async Task<KeySet> KeysAsync(HostProcess host)
    {
        using var http = host.CreateClient();
        Assert.False(KeySet.Parse(await http.GetByteArrayAsync(new Uri("/jwks", UriKind.Relative))).Failed(out _, out var keys));
        return keys!;
    }

    /// <summary>A customer of the sandbox shares her accounts with the third party, by the portal's pages.</summary>
    private async Task ShareAsync(HostProcess host, TestTpp tpp)
    {
        var customer = (await host.SandboxAsync()).GetProperty("customers")[0];
        using var browser = new PortalBrowser(host.Reach with { Time = clock });
        Assert.True((await browser.ActivateAsync(customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!)).IsSuccess);
        var pushed = await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(tpp.AuthorizePath(pushed))));
        Assert.NotNull(decision.Code);
    }

    /// <summary>The <c>jti</c> of what can be polled.</summary>
    private static async Task<IReadOnlyList<string>> PollAsync(TestTpp tpp)
    {
        var answer = await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/events", await tpp.ClientTokenAsync(), "{}");
        Assert.True(answer.Status == 200, answer.Body);
        return [.. answer.Json.GetProperty("sets").EnumerateObject().Select(set => set.Name)];
    }

    private async Task PassAsync(HostProcess host, TimeSpan time)
    {
        clock.Advance(time);
        await ControlAsync(host, string.Create(CultureInfo.InvariantCulture, $$"""{"operation":"clock","offsetMilliseconds":{{(long)clock.Offset.TotalMilliseconds}}}"""));
    }

    private static async Task ControlAsync(HostProcess host, string operation)
    {
        using var http = host.CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Sandbox", (await host.SandboxAsync()).GetProperty("controlSecret").GetString());
        using var body = TestHttp.Json(operation);
        using var answer = await http.PostAsync(new Uri("/sandbox/control", UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A third party's server, with a certificate that the bank trusts.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly ConcurrentQueue<string> taken = new();
        private int takes = int.MaxValue;
        private int heard;

        private Receiver(WebApplication app, string address) => (this.app, Address) = (app, address);

        public string Address { get; }

        /// <summary>What it has answered with 202, in order.</summary>
        public IReadOnlyList<string> Taken => [.. taken];

        public static async Task<Receiver> StartAsync(string dataPath)
        {
            var certificate = X509Certificate2.CreateFromPemFile(System.IO.Path.Combine(dataPath, "tls", "server.crt"), System.IO.Path.Combine(dataPath, "tls", "server.key"));
            var port = FreePort.Next();
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(certificate)));
            var web = builder.Build();
            var receiver = new Receiver(web, string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}/open-banking/v4.0/event-notifications"));
            web.MapPost("/open-banking/v4.0/event-notifications", receiver.ReceiveAsync);
            await web.StartAsync();
            return receiver;
        }

        /// <summary>Beyond so many it does not answer any more.</summary>
        public void TakesFirst(int count) => Volatile.Write(ref takes, count);

        public Task HeardAsync(int count) => UntilAsync(() => Volatile.Read(ref heard) >= count);

        public Task UntilAsync(Func<bool> done) => UntilAsync(() => Task.FromResult(done()));

        public Task UntilAsync(Func<Task<bool>> done) => Eventually.HoldsAsync(done, () => $"It did not come to that: heard {heard}, took {taken.Count}.");

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task ReceiveAsync(HttpContext http)
        {
            using var reader = new StreamReader(http.Request.Body);
            var set = await reader.ReadToEndAsync(http.RequestAborted);
            if (Interlocked.Increment(ref heard) > Volatile.Read(ref takes)) await Task.Delay(Timeout.Infinite, http.RequestAborted);
            Assert.Equal("application/jwt", http.Request.ContentType);
            taken.Enqueue(set);
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            http.Response.Headers["x-fapi-interaction-id"] = http.Request.Headers["x-fapi-interaction-id"];
        }
    }
}
