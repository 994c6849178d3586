using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenBanking.Samples.CoreBank;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.CoreBank;

/// <summary>
/// A real core bank behind a real server that can be spoiled: what it says next passes through <see cref="Spoil"/>, or does not pass at all.
/// </summary>
internal sealed class CoreProxy : IAsyncDisposable
{
    private readonly WebApplication core;
    private readonly WebApplication front;
    private readonly HttpClient http = new();
    private int asked;

    private CoreProxy(WebApplication core)
    {
        this.core = core;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        front = builder.Build();
        front.Run(AnswerAsync);
    }

    /// <summary>What is done instead of answering; null where the core's answer goes on.</summary>
    public Func<HttpContext, Task>? Instead { get; set; }

    /// <summary>What is made of the answer to a question at a path.</summary>
    public Action<string, JsonNode, JsonNode>? Spoil { get; set; }

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref asked);

    public Uri Address => new(front.Urls.First());

    /// <summary>The core itself.</summary>
    public Uri Core => new(core.Urls.First());

    public static async Task<CoreProxy> StartAsync(CoreOptions? options = null)
    {
        var sample = CoreServer.Build(options ?? new CoreOptions("http://127.0.0.1:0"), TimeProvider.System);
        await sample.StartAsync();
        var proxy = new CoreProxy(sample);
        await proxy.front.StartAsync();
        return proxy;
    }

    /// <summary>Well again.</summary>
    public void Mend() => (Instead, Spoil) = (null, null);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await front.DisposeAsync();
        await core.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref asked);
        if (Instead is { } instead)
        {
            await instead(context);
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(Core, context.Request.Path.Value));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        request.Content = new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (context.Request.Headers.Authorization.Count > 0) request.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        context.Response.StatusCode = (int)answer.StatusCode;
        if (text.Length == 0) return;
        if (answer.IsSuccessStatusCode && Spoil is { } spoil)
        {
            var json = JsonNode.Parse(text)!;
            spoil(context.Request.Path.Value!, JsonNode.Parse(body.ToArray())!, json);
            text = json.ToJsonString();
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(text);
    }
}

/// <summary>The data plane over the connector and a core that can be spoiled.</summary>
public sealed class ConnectedBank : IAsyncLifetime
{
    internal const int RestSeconds = 10;

    internal CoreProxy Core { get; private set; } = null!;

    public BankApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Core = await CoreProxy.StartAsync();
        Api = await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Accounts:Core:Address"] = Core.Address.OriginalString,
            ["Accounts:Core:TimeoutMilliseconds"] = "400",
            ["Accounts:Core:PatienceMilliseconds"] = "1500",
            ["Accounts:Core:RestSeconds"] = RestSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });
    }

    /// <summary>A core that is well, and of which nothing bad is remembered.</summary>
    public async Task MendAsync(TestCaller caller)
    {
        Core.Mend();
        Api.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await Api.GetAsync("/accounts", caller)).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Core.DisposeAsync();
    }
}
