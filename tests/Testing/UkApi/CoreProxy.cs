using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenBanking.Samples.CoreBank;

namespace OpenBanking.Testing.UkApi;

/// <summary>
/// A real core bank behind a real server that can be spoiled: what it says next passes through <see cref="Spoil"/>, or does not pass at all.
/// </summary>
public sealed class CoreProxy : IAsyncDisposable
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

    /// <summary>Hears what the core has been asked and has done.</summary>
    public Action<string, JsonNode>? Hears { get; set; }

    /// <summary>At which paths the core does what it is asked, and its answer gets lost.</summary>
    public Predicate<string>? Loses { get; set; }

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref asked);

    public Uri Address => new(front.Urls.First());

    /// <summary>The core itself.</summary>
    public Uri Core => new(core.Urls.First());

    /// <param name="tokenFile">With the secret that it wants to hear; null wants none.</param>
    /// <param name="time">Its clock; null is the real one.</param>
    public static async Task<CoreProxy> StartAsync(string? tokenFile = null, TimeProvider? time = null)
    {
        var sample = CoreServer.Build(new CoreOptions("http://127.0.0.1:0", TokenFile: tokenFile), time ?? TimeProvider.System);
        await sample.StartAsync();
        var proxy = new CoreProxy(sample);
        await proxy.front.StartAsync();
        return proxy;
    }

    /// <summary>Well again.</summary>
    public void Mend() => (Instead, Spoil, Loses) = (null, null, null);

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
        if (text.Length > 0 && answer.IsSuccessStatusCode) Hears?.Invoke(context.Request.Path.Value!, JsonNode.Parse(body.ToArray())!);
        if (Loses?.Invoke(context.Request.Path.Value!) == true)
        {
            context.Abort();
            return;
        }

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
