using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using FakeHttp = OpenBanking.Testing.OutboundHttp;

namespace OpenBanking.Identity.Tests.Clients;

public sealed class ClientKeySetsTests : IDisposable
{
    private const string Address = "https://keys.example/jwks";
    private readonly SigningKey first = SigningKey.Create("ES256");
    private readonly SigningKey second = SigningKey.Create("ES256");
    private readonly FakeHttp web = new();
    private readonly TestClock clock = new();
    private readonly ClientKeySets sets;
    private readonly Client client = ClientsFile.Parse(
        """[{"client_id":"tpp","security_profile":"fapi2-sp","redirect_uris":["https://tpp.example/"],"jwks_uri":"https://keys.example/jwks"}]""",
        Kinds.Served,
        allowLoopback: false,
        DateTimeOffset.UnixEpoch).Clients[0];

    public ClientKeySetsTests()
    {
        clock.StopAt(clock.Now);
        sets = new ClientKeySets(web, Options.Create(new AuthorizationServerOptions()), clock, NullLogger<ClientKeySets>.Instance);
        Publish(first);
    }

    [Fact]
    [Trait("Rule", "KEY-17")]
    public async Task A_set_is_fetched_once_and_kept()
    {
        Assert.NotNull(await AskAsync(first));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.NotNull(await AskAsync(first));
        Assert.Single(web.Asked);
    }

    [Fact]
    [Trait("Rule", "JO-27")]
    public async Task A_key_that_was_taken_out_stops_counting_within_the_cache_life_and_a_minute()
    {
        Assert.NotNull(await AskAsync(first));
        Publish(second);
        clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));
        Assert.Null(await AskAsync(first));
        Assert.NotNull(await AskAsync(second));
    }

    [Fact]
    [Trait("Rule", "KEY-17")]
    public async Task A_server_that_is_down_does_not_end_a_set_before_its_time()
    {
        Assert.NotNull(await AskAsync(first));
        web.Answer(Address, (_, _) => throw new HttpRequestException("down"));
        clock.Advance(TimeSpan.FromMinutes(15));
        Assert.NotNull(await AskAsync(first));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await AskAsync(first));
    }

    [Fact]
    [Trait("Rule", "JO-26")]
    public async Task An_unknown_key_id_has_the_set_fetched_once_a_minute_and_no_more()
    {
        Assert.NotNull(await AskAsync(first));
        for (var attempt = 0; attempt < 1000; attempt++) Assert.Null(await AskAsync(second));
        Assert.Single(web.Asked);

        Publish(first, second);
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Null(await AskAsync(second));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await AskAsync(second));
        Assert.Equal(2, web.Asked.Count);
    }

    [Fact]
    [Trait("Rule", "JO-26")]
    public async Task Many_at_one_moment_wait_for_one_fetch()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => AskAsync(first))));
        Assert.All(answers, Assert.NotNull);
        Assert.Single(web.Asked);
    }

    [Theory]
    [Trait("Rule", "DC-12")]
    [Trait("Rule", "DC-14")]
    [InlineData("redirect")]
    [InlineData("too long")]
    [InlineData("51 keys")]
    [InlineData("html")]
    [InlineData("gzip")]
    [InlineData("not json")]
    [InlineData("not found")]
    public async Task An_answer_that_is_no_key_set_is_not_taken(string what)
    {
        web.Answer(Address, (_, _) => Task.FromResult(what switch
        {
            "redirect" => With(new HttpResponseMessage(HttpStatusCode.Found) { Content = Json(Set(first)), Headers = { Location = new Uri("https://10.0.0.1/") } }),
            "too long" => Ok(Json(Set(first).TrimEnd('}') + new string(' ', 64 * 1024) + "}")),
            "51 keys" => Ok(Json(Set([.. Enumerable.Repeat(first, 51)]))),
            "html" => Ok(new StringContent(Set(first), MediaTypeHeaderValue.Parse("text/html"))),
            "gzip" => Ok(Encoded(Json(Set(first)))),
            "not json" => Ok(Json("keys")),
            _ => With(new HttpResponseMessage(HttpStatusCode.NotFound) { Content = Json(Set(first)) }),
        }));
        Assert.Null(await AskAsync(first));
        Assert.Single(web.Asked);

        static HttpResponseMessage With(HttpResponseMessage response) => response;
        static HttpResponseMessage Ok(HttpContent content) => new(HttpStatusCode.OK) { Content = content };
        static HttpContent Json(string text) => new StringContent(text, MediaTypeHeaderValue.Parse("application/json"));
        static HttpContent Encoded(HttpContent content)
        {
            content.Headers.ContentEncoding.Add("gzip");
            return content;
        }
    }

    [Fact]
    [Trait("Rule", "DC-14")]
    public async Task A_server_that_does_not_come_to_an_end_is_given_up_after_three_seconds()
    {
        web.Answer(Address, async (_, ct) =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), ct);
            return new HttpResponseMessage();
        });
        var start = TimeProvider.System.GetTimestamp();
        Assert.Null(await AskAsync(first));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 2.5, 30);
    }

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
        web.Dispose();
    }

    private async Task<RegisteredKeys?> AskAsync(SigningKey key)
    {
        bool Suffices(RegisteredKeys keys) => keys.Set.Candidates(key.KeyId, "ES256").Count > 0;
        var known = sets.Fetched(client, Suffices, out var fetching);
        if (fetching is not null)
        {
            await fetching;
            known = sets.Fetched(client, _ => true, out _);
        }

        return known is not null && Suffices(known) ? known : null;
    }

    private void Publish(params SigningKey[] keys) => web.Answer(Address, Set(keys));

    private static string Set(params SigningKey[] keys) =>
        new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => (JsonNode)key.PublicKey.ToJson())]) }.ToJsonString();
}
