using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class KeySetTests
{
    private static JsonObject Good => Es256.PublicKey.ToJson();

    private static JsonObject WeakRsa => new() { ["kty"] = "RSA", ["n"] = "AQAB", ["e"] = "AQAB" };

    [Theory]
    [Trait("Rule", "JO-13")]
    [InlineData("""{"kty":"oct","k":"AAAA"}""")]
    [InlineData("""{"kty":"oct"}""")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"AAAA","d":"AAAA"}""")]
    [InlineData("""{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA","d":"AAAA","use":"enc"}""")]
    [InlineData("""{"kty":"XYZ","priv":"AAAA"}""")]
    [InlineData("""{"k":"AAAA"}""")]
    public void One_private_or_symmetric_key_refuses_the_whole_set(string secret)
    {
        Ok(KeySet.Parse(Json(Good)));
        Assert.Equal("JO-13", Fault(KeySet.Parse(Json(Good, JsonNode.Parse(secret)!.AsObject()))).Rule);
        Ok(KeySet.Parse(Json(Good)));
    }

    [Fact]
    [Trait("Rule", "JO-13")]
    [Trait("Rule", "KEY-14")]
    public void A_key_for_encryption_is_there_but_checks_nothing()
    {
        var set = Set(Good.With("use", "enc"), Ps256.PublicKey.ToJson());

        Assert.Equal(2, set.Keys.Count);
        Assert.Empty(set.Candidates(Es256.KeyId, "ES256"));
        Assert.Empty(set.Candidates(null, "ES256"));
        Assert.Single(set.Candidates(null, "PS256"));
    }

    [Theory]
    [Trait("Rule", "KEY-01")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""")]
    [InlineData("""{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"}""")]
    [InlineData("""{"kty":"EC","crv":"P-521","x":"AAAA","y":"AAAA"}""")]
    [InlineData("""{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}""")]
    [InlineData("""{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}""")]
    public void A_key_that_we_have_no_use_for_is_passed_over(string other) =>
        Assert.Equal([Es256.KeyId], Set(JsonNode.Parse(other)!.AsObject(), Good).Keys.Select(key => key.KeyId));

    [Fact]
    [Trait("Rule", "JO-12")]
    [Trait("Rule", "KEY-05")]
    [Trait("Rule", "KEY-06")]
    [Trait("Rule", "KEY-09")]
    public void A_weak_or_broken_key_refuses_the_set()
    {
        Assert.Equal("KEY-05", Fault(KeySet.Parse(Json(Good, WeakRsa))).Rule);
        Assert.Equal("KEY-06", Fault(KeySet.Parse(Json(Good, Good.With("crv", "P-192")))).Rule);
        Assert.Equal("KEY-06", Fault(KeySet.Parse(Json(Good, Good.With("crv", "secp256k1")))).Rule);
        Assert.Equal("JO-12", Fault(KeySet.Parse(Json(Good, Good.With("y", (string)Good["x"]!)))).Rule);
        Assert.Equal("KEY-09", Fault(KeySet.Parse(Json(Good, []))).Rule);
    }

    [Fact]
    [Trait("Rule", "KEY-14")]
    public void Under_a_kid_that_is_there_twice_each_key_that_fits_is_tried()
    {
        var set = Set(
            Ps256.PublicKey.ToJson().With("kid", "k"),
            Stranger.PublicKey.ToJson().With("kid", "k"),
            Good.With("kid", "k").With("use", "enc"),
            Good.With("kid", "k"));

        Assert.Equal([Stranger.PublicKey.Thumbprint, Es256.PublicKey.Thumbprint], set.Candidates("k", "ES256").Select(key => key.Thumbprint));
        foreach (var key in new[] { Es256, Stranger, Ps256 })
        {
            var header = new JsonObject { ["alg"] = key.Algorithm, ["kid"] = "k" };
            Assert.Null(Ok(Jws.Parse(Jws.SignWith(key, header, Payload))).Verify(set, TestKeys.Policy));
        }

        using var other = SigningKey.Create("ES256");
        var foreign = Jws.SignWith(other, new JsonObject { ["alg"] = "ES256", ["kid"] = "k" }, Payload);
        Assert.Equal("KEY-08", Ok(Jws.Parse(foreign)).Verify(set, TestKeys.Policy)?.Rule);
    }

    [Fact]
    [Trait("Rule", "JO-07")]
    public void Without_a_kid_there_is_one_candidate_or_none()
    {
        Assert.Single(Set(Good, Ps256.PublicKey.ToJson()).Candidates(null, "ES256"));
        Assert.Empty(Set(Good, Stranger.PublicKey.ToJson()).Candidates(null, "ES256"));
        Assert.Empty(Set(Good, Good).Candidates(null, "ES256"));
        // A kid names a key: one that has none is not meant.
        Assert.Empty(Set(Good.Without("kid")).Candidates("k", "ES256"));
        Assert.Empty(Set(Good).Candidates(Es256.KeyId.ToUpperInvariant(), "ES256"));
    }

    [Theory]
    [Trait("Rule", "KEY-09")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":null}""")]
    [InlineData("""{"keys":[1]}""")]
    [InlineData("""{"keys":[null]}""")]
    [InlineData("""{"keys":[[]]}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    [InlineData("""{"keys":[],"Keys":[]}""")]
    [InlineData("""{"keys":[]}{}""")]
    [InlineData("""{"Keys":[]}""")]
    public void A_set_is_strict_JSON_with_an_array_of_objects(string json) => Assert.Equal("KEY-09", Fault(KeySet.Parse(Encoding.UTF8.GetBytes(json))).Rule);

    [Fact]
    [Trait("Rule", "JO-22")]
    [Trait("Rule", "KEY-17")]
    public void A_set_has_at_most_50_keys_and_256_KB()
    {
        Assert.Equal(50, Set(Enumerable.Range(0, 50).Select(_ => Good)).Keys.Count);
        Assert.Equal("JO-22", Fault(KeySet.Parse(Json(Enumerable.Range(0, 51).Select(_ => Good)))).Rule);
        Assert.Empty(Set().Keys);
        Ok(KeySet.Parse([.. Json(Good), .. Enumerable.Repeat((byte)' ', (256 * 1024) - Json(Good).Length)]));
    }
}
