using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// The server's signing keys are rotated by the command while third parties go on: at no moment does a signature reach one of them that
/// it cannot check with the key set it has, kept exactly as long as it was told it may. Time passes faster than outside, in steps that
/// are smaller than what clocks may differ.
/// </summary>
[Collection(OnHostsOfTheirOwn.Name)]
[Trait("Reliability", "R17")]
public sealed class SigningKeyRotationTests(TwoHosts hosts)
{
    private static readonly int PerSecond = ProofRun.Count(40, 100);
    private static readonly int Answers = ProofRun.Count(800, 60_000);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan IdTokenLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);
    private static readonly JwsPolicy Signatures = new(
        JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { null, "JWT", "token-introspection+jwt" });

    private readonly ConcurrentDictionary<string, SeenKey> keys = new(StringComparer.Ordinal);
    private volatile CachedKeySet[] parties = [];
    private readonly ConcurrentBag<string> failed = [];
    private int validated;
    private int unpublished;

    [Fact]
    [Trait("Rule", "KEY-16")]
    [Trait("Rule", "META-19")]
    [Trait("Rule", "JO-28")]
    public async Task Every_signature_can_be_checked_at_every_moment_of_a_rotation()
    {
        var rotations = ProofRun.Count(1, 20);
        var chance = new Random(ProofRun.Seed);
        using var first = hosts.TppAt(hosts.First);
        using var second = hosts.TppAt(hosts.Second);
        using var certifiedFirst = hosts.CertifiedAt(hosts.First, hosts.First);
        using var certifiedSecond = hosts.CertifiedAt(hosts.Second, hosts.First);
        TestTpp[] senders = [first, certifiedFirst, second, certifiedSecond];
        await LookAsync();
        var token = await first.ClientTokenAsync();
        var idTokens = 0;
        await using var load = new FixedRate(PerSecond, number => SignedAnswerAsync(senders[number % senders.Length], Volatile.Read(ref token)));

        for (var rotation = 0; rotation < rotations; rotation++)
        {
            var said = await hosts.CommandAsync("keys", "rotate");
            var made = said.Split('\n').Where(line => line.EndsWith(", new", StringComparison.Ordinal)).ToList();
            Assert.True(made.Count == 2, said);
            var signsFrom = made.Max(line => DateTimeOffset.Parse(line.Split(" signs from ")[1].Split(", ")[0], CultureInfo.InvariantCulture));
            await PassUntilAsync(signsFrom + TimeSpan.FromSeconds(2));
        }

        // Until what the last key before has signed is over, and its time with it.
        await PassUntilAsync(hosts.Clock.Now + IdTokenLifetime + Tolerance + TimeSpan.FromSeconds(30));
        for (var wait = 0; load.Sent < Answers && wait < 1_200; wait++)
        {
            await Task.Delay(500);
            if (wait % 20 == 0) await PassAsync();
        }

        var rate = load.Rate;
        await load.StopAsync();
        foreach (var party in parties) party.Dispose();
        Assert.Empty(load.Wrong.Distinct(StringComparer.Ordinal).Take(5));
        Assert.Empty(failed.Distinct(StringComparer.Ordinal).Take(5));
        Assert.Equal(0, unpublished);
        Assert.True(load.Sent >= Answers, $"only {load.Sent} tries");
        if (ProofRun.IsLarge) Assert.True(rate > PerSecond * 0.9, string.Create(CultureInfo.InvariantCulture, $"only {rate:F0} requests a second"));
        var (ahead, after) = JudgeTimes(2 * rotations);
        ProofRun.Passed("R17", $"{rotations} rotations of two keys on two hosts at {rate:F0} requests a second: {validated} validations of {load.Sent} signed answers and {idTokens} ID tokens, 0 failed; 0 signatures by a key not published yet; published ahead of the first signature at least {ahead.TotalMinutes:F1} min, gone after the last one within {after.TotalMinutes:F1} min");

        async Task PassUntilAsync(DateTimeOffset moment)
        {
            for (var step = 1; hosts.Clock.Now < moment; step++)
            {
                await PassAsync();
                if (step % 30 != 0) continue;

                // Between two steps, since a code lives for less than a real second here.
                Check((await first.RedeemAsync(await hosts.CodeAsync())).Text("id_token"));
                idTokens++;
            }
        }

        async Task PassAsync()
        {
            await hosts.PassAsync(Step);
            Volatile.Write(ref token, await first.ClientTokenAsync());
            await LookAsync();

            // Third parties come one after the other, so that their copies are of any age.
            foreach (var party in parties) await party.RefreshAsync();
            if (parties.Length >= 6 || chance.Next(3) > 0) return;
            var next = new CachedKeySet(hosts);
            await next.RefreshAsync();
            parties = [.. parties, next];
        }
    }

    /// <summary>What the hosts publish now; each is asked without any copy in between.</summary>
    private async Task LookAsync()
    {
        foreach (var host in new[] { hosts.First, hosts.Second })
        {
            using var http = host.CreateClient();
            var before = hosts.Clock.Now;
            var (set, _) = await CachedKeySet.FetchAsync(http);
            foreach (var key in set.Keys) keys.GetOrAdd(key.KeyId!, _ => new SeenKey(before)).Published(hosts.Clock.Now);
        }
    }

    private async Task<string?> SignedAnswerAsync(TestTpp tpp, string token)
    {
        var form = Form.Empty.With("token", token).With("client_id", tpp.ClientId);
        if (tpp.Kind == TppKind.Dpop) form = tpp.Authenticated().With("token", token);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/introspect") { Content = form.Content() };
        request.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");
        var answer = await tpp.SendAsync(request);
        if (answer.Status != 200) return $"{answer.Status} {answer.Body}";
        Check(answer.Body);
        return null;
    }

    private void Check(string? compact)
    {
        if (compact is null || Jws.Parse(compact).Failed(out _, out var jws))
        {
            failed.Add($"no signature: {compact}");
            return;
        }

        if (keys.TryGetValue(jws.KeyId!, out var seen)) seen.Signed(DateTimeOffset.FromUnixTimeSeconds(jws.Payload.GetProperty("iat").GetInt64()));
        else Interlocked.Increment(ref unpublished);
        foreach (var party in parties)
        {
            if (jws.Verify(party.Keys, Signatures) is { } fault) failed.Add($"{jws.KeyId} by a set of {hosts.Clock.Now - party.FetchedAt}: {fault}");
            Interlocked.Increment(ref validated);
        }
    }

    /// <summary>Each new key has been published longer than any copy is kept before it signs, and each old one goes in time and not too early.</summary>
    private (TimeSpan Ahead, TimeSpan After) JudgeTimes(int retired)
    {
        var start = keys.Values.Min(key => key.FirstPublished);
        var ahead = TimeSpan.MaxValue;
        var after = TimeSpan.Zero;
        var gone = 0;
        foreach (var key in keys.Values.Where(key => key.LastSigned > DateTimeOffset.MinValue))
        {
            if (key.FirstPublished > start + Step && key.FirstSigned - key.FirstPublished < ahead) ahead = key.FirstSigned - key.FirstPublished;
            if (key.LastPublished > hosts.Clock.Now - Step - Step) continue;
            gone++;
            var kept = key.LastPublished - key.LastSigned;
            Assert.True(kept >= IdTokenLifetime - Step, $"withdrawn {kept} after its last signature");
            if (kept > after) after = kept;
        }

        Assert.True(ahead >= TimeSpan.FromMinutes(15), $"a key signed {ahead} after its publication");
        Assert.True(gone >= retired, $"only {gone} keys are gone");
        Assert.True(after <= IdTokenLifetime + Tolerance + Step + Step, $"a key was still there {after} after its last signature");
        return (ahead, after);
    }

    private sealed class SeenKey(DateTimeOffset firstPublished)
    {
        private readonly Lock gate = new();

        public DateTimeOffset FirstPublished { get; } = firstPublished;

        public DateTimeOffset LastPublished { get; private set; } = firstPublished;

        public DateTimeOffset FirstSigned { get; private set; } = DateTimeOffset.MaxValue;

        public DateTimeOffset LastSigned { get; private set; } = DateTimeOffset.MinValue;

        public void Published(DateTimeOffset at)
        {
            lock (gate) LastPublished = at;
        }

        public void Signed(DateTimeOffset at)
        {
            lock (gate)
            {
                if (at < FirstSigned) FirstSigned = at;
                if (at > LastSigned) LastSigned = at;
            }
        }
    }

    /// <summary>A third party's copy of the key set: kept as long as the answer allowed, and fetched again for no other reason.</summary>
    private sealed class CachedKeySet(TwoHosts hosts) : IDisposable
    {
        private readonly HttpClient http = hosts.Both.Open(null, null);
        private TimeSpan life;

        public KeySet Keys { get; private set; } = null!;

        public DateTimeOffset FetchedAt { get; private set; } = DateTimeOffset.MinValue;

        public async Task RefreshAsync()
        {
            if (hosts.Clock.Now < FetchedAt + life) return;
            var now = hosts.Clock.Now;
            (Keys, life) = await FetchAsync(http);
            FetchedAt = now;
        }

        public static async Task<(KeySet Keys, TimeSpan Life)> FetchAsync(HttpClient http)
        {
            using var answer = await http.GetAsync(new Uri("/jwks", UriKind.Relative));
            answer.EnsureSuccessStatusCode();
            Assert.False(KeySet.Parse(Encoding.UTF8.GetBytes(await answer.Content.ReadAsStringAsync())).Failed(out _, out var set));
            return (set!, answer.Headers.CacheControl!.MaxAge!.Value);
        }

        public void Dispose() => http.Dispose();
    }
}
