using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class DpopJwsTests
{
    [Theory]
    [InlineData("ES256")]
    [InlineData("PS256")]
    public void A_proof_is_verified_with_the_key_it_brings(string alg)
    {
        var key = All.Single(key => key.Algorithm == alg);
        for (var i = 0; i < 3; i++)
        {
            var proof = Ok(DpopJws.Parse(DpopJws.Sign(key, new JsonObject { ["jti"] = $"{i}" })));
            Assert.Equal(key.PublicKey.Thumbprint, proof.Key.Thumbprint);
            Assert.Equal($"{i}", Claims.Text(proof.Jws.Payload, "jti"));
        }
    }

    [Theory]
    [Trait("Rule", "DPOP-03")]
    [InlineData("jwt")]
    [InlineData("JWT")]
    [InlineData("DPOP+JWT")]
    [InlineData("application/dpop+jwt")]
    [InlineData("")]
    [InlineData(null)]
    public void A_proof_says_that_it_is_one(string? typ) =>
        Refused("DPOP-03", Es256, header => typ is null ? header.Without("typ") : header.With("typ", typ));

    [Theory]
    [Trait("Rule", "DPOP-04")]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("EdDSA")]
    [InlineData(null)]
    public void A_proof_is_signed_with_ES256_or_PS256(string? alg) => Refused("DPOP-04", Es256, header => header.With("alg", alg));

    [Theory]
    [Trait("Rule", "DPOP-05")]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("k")]
    public void A_proof_brings_a_public_key(string secret)
    {
        Refused("DPOP-05", Es256, header => { header["jwk"]![secret] = "AAAA"; return header; });
        Refused("DPOP-05", Es256, header => header.Without("jwk"));
        Refused("DPOP-05", Es256, header => header.With("jwk", "text"));
        Refused("DPOP-05", Es256, header => header.With("jwk", null));
        Refused("DPOP-05", Es256, header => header.With("jwk", new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" }));
    }

    [Fact]
    [Trait("Rule", "DPOP-06")]
    public void A_proof_verifies_with_the_key_it_brings()
    {
        Refused("DPOP-06", Es256, header => header.With("jwk", Jwk(Stranger)));
        Refused("DPOP-06", Es256, header => header.With("jwk", Jwk(Ps256)));
        Refused("DPOP-06", Es256, header => header.With("jwk", Jwk(Es256).With("use", "enc")));
        Refused("DPOP-06", Es256, header => header.With("jwk", Jwk(Es256).With("alg", "ES384")));
        Refused("DPOP-06", Es256, header => header.With("jwk", Jwk(Es256).With("y", (string)Jwk(Es256)["x"]!)));
        Refused("DPOP-06", Ps256, header => header.With("jwk", Jwk(Ps256).With("n", "AQAB")));
        // Also when the key is known from a good proof.
        var (good, other) = (DpopJws.Sign(Es256, Payload), DpopJws.Sign(Es256, Payload.With("jti", "2")));
        Ok(DpopJws.Parse(good));
        Assert.Equal("DPOP-06", Fault(DpopJws.Parse(good[..good.LastIndexOf('.')] + other[other.LastIndexOf('.')..])).Rule);
    }

    [Fact]
    [Trait("Rule", "DPOP-02")]
    public void A_proof_is_a_strict_compact_message()
    {
        var good = DpopJws.Sign(Es256, Payload);
        foreach (var bad in new[] { "", "a.b", good + ".", good + "=", good + "," + good, " " + good, "{}" })
            Assert.Equal("DPOP-02", Fault(DpopJws.Parse(bad)).Rule);
        Refused("DPOP-02", Es256, header => header.With("crit", new JsonArray("x")).With("x", 1));
        Refused("DPOP-02", Es256, header => header.With("b64", false));
        Ok(DpopJws.Parse(good));
    }

    [Fact]
    public void The_memory_of_keys_is_bounded_and_what_is_used_stays()
    {
        var keys = new RecentKeys(capacity: 8);
        keys.Keep("mine", Es256.PublicKey);
        for (var i = 0; i < 100; i++)
        {
            keys.Keep($"{i}", Stranger.PublicKey);
            Assert.Same(Es256.PublicKey, keys.Find("mine"));
            Assert.True(keys.Count <= 8);
        }

        for (var i = 0; i < 8; i++) keys.Keep($"flood {i}", Stranger.PublicKey);
        Assert.Null(keys.Find("mine"));
    }

    private static JsonObject Jwk(SigningKey key) => key.PublicKey.ToJson().Without("kid").Without("use").Without("alg");

    private static void Refused(string rule, SigningKey key, Func<JsonObject, JsonObject> change)
    {
        JsonObject Header() => new() { ["alg"] = key.Algorithm, ["typ"] = "dpop+jwt", ["jwk"] = Jwk(key) };
        Ok(DpopJws.Parse(Jws.SignWith(key, Header(), Payload)));
        Assert.Equal(rule, Fault(DpopJws.Parse(Jws.SignWith(key, change(Header()), Payload))).Rule);
        Ok(DpopJws.Parse(Jws.SignWith(key, Header(), Payload)));
    }
}
