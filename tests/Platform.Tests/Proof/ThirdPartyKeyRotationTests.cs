using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// A third party changes its key while its requests go on and strangers send assertions in its name with a thousand key ids that
/// nobody knows: it is asked for its keys once a minute at most, and a minute after it has published the new key it signs with that.
/// </summary>
[Trait("Reliability", "R18")]
public sealed class ThirdPartyKeyRotationTests
{
    private const string Keys = "https://keys.tpp.example/jwks";

    [Fact]
    [Trait("Rule", "JO-26")]
    [Trait("Rule", "KEY-17")]
    public async Task A_new_key_is_taken_a_minute_after_its_publication_whatever_strangers_send()
    {
        var rotations = ProofRun.Count(1, 20);
        var unknown = ProofRun.Count(250, 1_000);
        var honest = ProofRun.Count(40, 200);
        await using var host = await TestHost.StartAsync(options => options.Settings["RateLimits:Requests"] = "1000000");
        var current = SigningKey.Create("ES256");
        var published = Set(current);
        var fetches = new Queue<DateTimeOffset>();
        host.Outbound.Answer(Keys, (_, _) =>
        {
            lock (fetches) fetches.Enqueue(host.Clock.Now);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Volatile.Read(ref published), Encoding.UTF8, "application/json") });
        });
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata =>
        {
            metadata.Remove("jwks");
            metadata["jwks_uri"] = Keys;
        });
        var (taken, refused) = (0, 0);
        await HonestAsync(current);

        for (var rotation = 0; rotation < rotations; rotation++)
        {
            // Both keys are there while copies are out, as the standard has it.
            using var next = SigningKey.Create("ES256");
            Volatile.Write(ref published, Set(current, next));
            var publishedAt = host.Clock.Now;
            foreach (var second in new[] { 0, 20, 40, 60, 80, 100, 120 })
            {
                host.Clock.StopAt(publishedAt.AddSeconds(second));
                var strangers = Task.WhenAll(Enumerable.Range(0, 4).Select(async part =>
                {
                    using var stranger = SigningKey.Create("ES256");
                    for (var number = part; number < unknown / 7 + 1; number += 4)
                    {
                        var answer = await SendAsync(WithKeyId(stranger, TestTpp.NewId()));
                        Assert.Equal((401, "invalid_client"), (answer.Status, answer.Error));
                        Interlocked.Increment(ref refused);
                    }
                }));
                await HonestAsync(second < 60 ? current : next);
                await strangers;
            }

            current.Dispose();
            current = SigningKey.FromPkcs8("ES256", next.ToPkcs8());
            Volatile.Write(ref published, Set(current));
        }

        current.Dispose();
        var times = fetches.ToArray();
        for (var fetch = 1; fetch < times.Length; fetch++)
            Assert.True(times[fetch] - times[fetch - 1] >= TimeSpan.FromSeconds(60), $"fetched again after {times[fetch] - times[fetch - 1]}");
        Assert.True(refused >= rotations * unknown, $"only {refused} unknown keys");
        ProofRun.Passed("R18", $"{rotations} rotations: {taken} honest requests, 0 refused, the new key's from 60 s after its publication; {refused} assertions with unknown key ids, each refused; {times.Length} fetches, at least 60 s apart");

        async Task HonestAsync(SigningKey key)
        {
            for (var number = 0; number < honest / 7 + 1; number++)
            {
                var answer = await SendAsync(tpp.Assertion(key: key));
                Assert.True(answer.Status == 200, $"refused at {host.Clock.Now:O}: {answer.Body}");
                taken++;
            }
        }

        Task<Answer> SendAsync(string assertion) => tpp.PostAsync(
            "/token",
            Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts").With("client_id", tpp.ClientId)
                .With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", assertion),
            tpp.Proof("POST", tpp.Address("/token")));

        string WithKeyId(SigningKey key, string keyId)
        {
            var parts = tpp.Assertion(key: key).Split('.');
            var header = JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[0]))!;
            header["kid"] = keyId;
            var input = System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString())) + "." + parts[1];
            return input + "." + System.Buffers.Text.Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(input)));
        }
    }

    private static string Set(params SigningKey[] keys) => new JsonObject
    {
        ["keys"] = new JsonArray([.. keys.Select(key =>
        {
            var jwk = key.PublicKey.ToJson();
            jwk["kid"] = key.KeyId;
            return (JsonNode)jwk;
        })]),
    }.ToJsonString();
}
