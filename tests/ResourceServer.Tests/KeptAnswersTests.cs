using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer.Introspection;
using OpenBanking.Testing;

namespace OpenBanking.ResourceServer.Tests;

/// <summary>What is believed of an answer on a token, and for how long.</summary>
public sealed class KeptAnswersTests
{
    private const string Issuer = "https://bank.example";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private static string Good { get; } =
        $$$"""{"active":true,"iss":"{{{Issuer}}}","client_id":"budget","exp":{{{Now.ToUnixTimeSeconds() + 1}}},"scope":"accounts","cnf":{"jkt":"key"},"aud":["a","b"]}""";

    [Theory]
    [Trait("Rule", "RS-06")]
    [Trait("Rule", "INT-02")]
    [InlineData(null, null, true)]
    [InlineData("active", "\"true\"", false)]
    [InlineData("active", "false", false)]
    [InlineData("iss", "\"https://other.example\"", false)]
    [InlineData("client_id", "5", false)]
    [InlineData("exp", "1800000000", false)]
    [InlineData("exp", "1800000001", true)]
    [InlineData("nbf", "1800000031", false)]
    [InlineData("nbf", "1800000030", true)]
    [InlineData("cnf", "{}", false)]
    [InlineData("cnf", "{\"jkt\":\"a\",\"x5t#S256\":\"b\"}", false)]
    [InlineData("cnf", "{\"x5t#S256\":\"b\"}", true)]
    public void An_answer_is_read_strictly(string? member, string? value, bool isToken)
    {
        var answer = JsonNode.Parse(Good)!.AsObject();
        if (member is not null) answer[member] = JsonNode.Parse(value!);
        Assert.Equal(isToken, TokenDescription.Of(JsonElement.Parse(answer.ToJsonString()), Issuer, Now) is not null);
    }

    [Theory]
    [Trait("Rule", "RS-17")]
    [Trait("Rule", "REV-08")]
    [InlineData(0, 60, 0, false)]
    [InlineData(30, 60, 29, true)]
    [InlineData(30, 60, 30, false)]
    [InlineData(30, 10, 9, true)]
    [InlineData(30, 10, 10, false)]
    public void An_answer_is_kept_as_long_as_said_and_never_beyond_the_tokens_end(int cache, int life, int after, bool kept)
    {
        var tokens = new TokenCache(Options.Create(new IntrospectionOptions { Cache = TimeSpan.FromSeconds(cache) }));
        tokens.Keep([1], new VerifiedToken { ClientId = "budget", Scopes = new HashSet<string>(StringComparer.Ordinal) }, Now.AddSeconds(life), Now);
        Assert.Equal(kept, tokens.Find([1], Now.AddSeconds(after)) is not null);
        Assert.Null(tokens.Find([2], Now));
    }

    [Theory]
    [Trait("Rule", "REV-08")]
    [InlineData(30, true)]
    [InlineData(31, false)]
    [InlineData(-1, false)]
    public void Nobody_keeps_answers_for_longer_than_half_a_minute(int seconds, bool allowed)
    {
        using var key = SigningKey.Create("ES256");
        var options = new IntrospectionOptions { Issuer = Issuer, ClientId = "savings", Key = key, Cache = TimeSpan.FromSeconds(seconds) };
        Assert.Equal(allowed, new IntrospectionOptions.Check().Validate(null, options).Succeeded);
    }

    [Theory]
    [Trait("Rule", "JIN-02")]
    [Trait("Rule", "JIN-03")]
    [Trait("Rule", "KEY-11")]
    [InlineData(null, null, "token-introspection+jwt", true)]
    [InlineData(null, null, "JWT", false)]
    [InlineData(null, null, null, false)]
    [InlineData("iss", "\"https://other.example\"", "token-introspection+jwt", false)]
    [InlineData("aud", "\"other\"", "token-introspection+jwt", false)]
    [InlineData("aud", "[\"other\",\"savings\"]", "token-introspection+jwt", true)]
    [InlineData("iat", "1799999940", "token-introspection+jwt", true)]
    [InlineData("iat", "1799999939", "token-introspection+jwt", false)]
    [InlineData("iat", "1800000030", "token-introspection+jwt", true)]
    [InlineData("iat", "1800000031", "token-introspection+jwt", false)]
    [InlineData("sub", "\"customer\"", "token-introspection+jwt", false)]
    [InlineData("exp", "1800000100", "token-introspection+jwt", false)]
    [InlineData("token_introspection", "true", "token-introspection+jwt", false)]
    public void A_signed_answer_is_the_servers_for_us_and_of_now(string? member, string? value, string? type, bool believed)
    {
        using var key = SigningKey.Create("ES256");
        using var another = SigningKey.Create("ES256");
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = "savings",
            ["iat"] = Now.ToUnixTimeSeconds(),
            ["token_introspection"] = new JsonObject { ["active"] = false },
        };
        if (member is not null) claims[member] = JsonNode.Parse(value!);
        var keys = Set(key);
        Assert.Equal(believed, IntrospectionClient.Verified(Jws.Sign(key, type, claims), keys, Issuer, "savings", Now) is not null);
        Assert.Null(IntrospectionClient.Verified(Jws.Sign(another, type, claims), keys, Issuer, "savings", Now));
    }

    [Fact]
    [Trait("Rule", "DPOP-12")]
    [Trait("Rule", "DP-17")]
    public async Task A_process_remembers_the_proofs_it_has_seen_until_they_do_not_count_any_more()
    {
        var clock = new TestClock();
        clock.StopAt(Now);
        var memory = new OwnProofMemory(clock);
        Assert.True(await FirstAsync("key", "address", "id"));
        Assert.False(await FirstAsync("key", "address", "id"));
        Assert.True(await FirstAsync("key", "address", "other"));
        Assert.True(await FirstAsync("other", "address", "id"));
        Assert.True(await FirstAsync("key", "elsewhere", "id"));
        clock.StopAt(Now.AddSeconds(90));
        Assert.True(await FirstAsync("key", "address", "id"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => FirstAsync("key", "address", "many"))));
        Assert.Single(answers, first => first);

        for (var number = 0; number < OwnProofMemory.Capacity; number++) await FirstAsync("flood", "address", $"{number}");
        Assert.False(await FirstAsync("key", "address", "one too many"));
        Assert.False(await FirstAsync("key", "address", "many"));
        clock.StopAt(Now.AddSeconds(180));
        Assert.True(await FirstAsync("key", "address", "one too many"));

        Task<bool> FirstAsync(string key, string address, string id) =>
            memory.IsFirstProofAsync(key, address, id, clock.GetUtcNow().AddSeconds(90), CancellationToken.None);
    }

    private static KeySet Set(SigningKey key) =>
        KeySet.Parse(System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray(key.PublicKey.ToJson()) }.ToJsonString())).Failed(out var fault, out var set)
            ? throw new InvalidOperationException(fault.Reason)
            : set;
}
