using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>
/// Good messages and keys, changed at random: nothing throws, and no message that differs in one byte from the one that was signed is taken.
/// The mutations are seeded; the message of a failure holds all that is needed to repeat it.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Rounds = 50_000;

    [Fact]
    public void No_changed_message_is_accepted()
    {
        var set = Set(Es256.PublicKey.ToJson(), Ps256.PublicKey.ToJson());
        var messages = All.SelectMany(key => Enumerable.Range(0, 3).Select(i => Jws.Sign(key, i == 0 ? null : "JWT", Payload.With("jti", $"{i}")))).ToList();
        Assert.All(messages, message => Assert.Null(Ok(Jws.Parse(message)).Verify(set, TestKeys.Policy)));

        Run(7515, messages, (mutator, message, other) => mutator.Message(message, other), mutant =>
            Jws.Parse(mutant).Failed(out var fault, out var jws) ? fault : jws.Verify(set, TestKeys.Policy));
    }

    [Fact]
    public void No_changed_proof_is_accepted()
    {
        var proofs = All.SelectMany(key => Enumerable.Range(0, 3).Select(i => DpopJws.Sign(key, Payload.With("jti", $"{i}")))).ToList();
        Assert.All(proofs, proof => Ok(DpopJws.Parse(proof)));

        Run(9449, proofs, (mutator, message, other) => mutator.Message(message, other), mutant => DpopJws.Parse(mutant).Failed(out var fault, out _) ? fault : null);
    }

    [Fact]
    public void A_changed_key_is_refused_or_is_another_key()
    {
        var signatures = All.ToDictionary(key => key.Algorithm, key => key.Sign("text"u8));
        var keys = All.Select(key => key.PublicKey.ToJson().ToJsonString()).ToList();
        var (accepted, other) = (0, 0);

        Run(7517, keys, (mutator, key, _) => mutator.Json(key), mutant =>
        {
            if (!StrictJson.TryParse(Encoding.UTF8.GetBytes(mutant), out var json)) return Unparsed;
            if (JsonWebKey.Parse(json).Failed(out var fault, out var key)) return fault;
            accepted++;
            var own = All.SingleOrDefault(own => own.PublicKey.Thumbprint == key.Thumbprint);
            if (own is null) other++;

            // A key that is taken is a public one, has one text, and checks only what its owner signed.
            Assert.Equal(key.Thumbprint, Ok(JsonWebKey.Parse(key.ToJson().Element())).Thumbprint);
            Assert.DoesNotContain(json.EnumerateObject(), member => member.Name is "d" or "p" or "q" or "k");
            Assert.True(key.KeyType == "RSA" || own is not null, "a changed point is on the curve");
            foreach (var (alg, signature) in signatures)
                Assert.True(!key.Verify(alg, "text"u8, signature) || own?.Algorithm == alg);
            return Taken;
        });

        output.WriteLine($"{accepted} taken, {other} of them with other numbers");
        Assert.InRange(accepted, 100, Rounds);
    }

    [Fact]
    public void A_changed_set_is_refused_or_holds_no_key_of_a_stranger()
    {
        var message = Ok(Jws.Parse(Jws.Sign(Stranger, null, Payload)));
        List<string> sets =
        [
            Encoding.UTF8.GetString(Json(Es256.PublicKey.ToJson(), Ps256.PublicKey.ToJson().With("use", "enc"))),
            Encoding.UTF8.GetString(Json(Ps256.PublicKey.ToJson(), Es256.PublicKey.ToJson().With("kid", "k"), new JsonObject { ["kty"] = "OKP", ["crv"] = "Ed25519", ["x"] = "AAAA" })),
        ];

        Run(7518, sets, (mutator, set, _) => mutator.Json(set), mutant =>
        {
            if (KeySet.Parse(Encoding.UTF8.GetBytes(mutant)).Failed(out var fault, out var set)) return fault;
            Assert.NotNull(message.Verify(set, TestKeys.Policy));
            foreach (var kid in new[] { null, "k", Es256.KeyId })
                Assert.All(set.Candidates(kid, "ES256"), key => Assert.True(key.Use is not "enc" && key.KeyType == "EC" && (kid is null || key.KeyId == kid)));
            return Taken;
        });
    }

    [Fact]
    public void A_changed_certificate_throws_nothing()
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(Es256.ToPkcs8(), out _);
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        var (from, to) = (DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        using var ec = new CertificateRequest("CN=a", ecdsa, HashAlgorithmName.SHA256).CreateSelfSigned(from, to);
        using var rs = new CertificateRequest("CN=b", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(from, to);
        var random = new Random(5280);

        for (var round = 0; round < Rounds / 5; round++)
        {
            var (key, certificate) = round % 2 == 0 ? (Es256, ec) : (Ps256, rs);
            var der = certificate.RawData;
            for (var times = random.Next(1, 4); times > 0; times--) der[random.Next(der.Length)] = (byte)random.Next(256);
            if (random.Next(8) == 0) der = der[..random.Next(der.Length)];
            if (random.Next(8) == 0) der = [.. der, 0];
            var text = Convert.ToBase64String(der);
            var thrown = Record.Exception(() => JsonWebKey.Parse(key.PublicKey.ToJson().With("x5c", new JsonArray(text)).Element()));
            Assert.True(thrown is null, $"round {round}: {text} {thrown}");
        }
    }

    private static readonly JoseFault Unparsed = new("KEY-09", "not JSON");
    private static readonly JoseFault Taken = new("-", "taken, and judged by the test");

    private void Run(int seed, List<string> seeds, Func<Mutator, string, string, string> mutate, Func<string, JoseFault?> judge)
    {
        var (mutator, random) = (new Mutator(seed), new Random(seed));
        var reasons = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var round = 0; round < Rounds; round++)
        {
            var mutant = mutate(mutator, seeds[random.Next(seeds.Count)], seeds[random.Next(seeds.Count)]);
            JoseFault? fault;
            try
            {
                fault = judge(mutant);
            }
            catch (Exception thrown)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}: {mutant}", thrown);
            }

            if (fault is null) Assert.True(seeds.Contains(mutant, StringComparer.Ordinal), $"seed {seed}, round {round}: accepted {mutant}");
            var reason = fault is null ? "unchanged" : $"{fault.Rule} {fault.Reason}";
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        foreach (var (reason, count) in reasons) output.WriteLine($"{count,6} {reason}");
    }
}
