using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.AttackMessages;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>Which key and which algorithm a message may be verified with (JO-01 to JO-07): each attack beside a good message that is taken.</summary>
public sealed class JoseKeyAttackTests
{
    [Theory]
    [Trait("Rule", "JO-01")]
    [Trait("Rule", "KEY-03")]
    [InlineData("\"none\"", "KEY-03")]
    [InlineData("\"None\"", "KEY-03")]
    [InlineData("\"NONE\"", "KEY-03")]
    [InlineData("\"nOnE\"", "KEY-03")]
    [InlineData("\"\"", "KEY-07")]
    [InlineData("null", "KEY-07")]
    [InlineData("256", "KEY-07")]
    [InlineData("[\"ES256\"]", "KEY-07")]
    [InlineData(null, "KEY-07")]
    [InlineData("\"es256\"", "KEY-01")]
    [InlineData("\"ES256 \"", "KEY-01")]
    public void An_algorithm_that_is_none_or_no_text_is_refused(string? alg, string rule)
    {
        var header = alg is null ? "{}" : $$"""{"alg":{{alg}},"kid":"{{Es256.KeyId}}"}""";

        Refused(rule, Signed(Es256, header));
        Refused(rule, Signed(Es256, header)[..^86]); // with an empty signature, as "none" has it
    }

    [Theory]
    [Trait("Rule", "JO-02")]
    [MemberData(nameof(PublicKeyTexts))]
    public void A_MAC_with_the_public_key_as_its_secret_is_refused(byte[] secret)
    {
        var input = Input($$"""{"alg":"HS256","kid":"{{Ps256.KeyId}}"}""", Payload.ToJsonString());

        Refused("KEY-01", input + "." + Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input))));
    }

    public static TheoryData<byte[]> PublicKeyTexts()
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        return
        [
            Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem() + "\n"),
            rsa.ExportSubjectPublicKeyInfo(), rsa.ExportRSAPublicKey(), rsa.ExportParameters(false).Modulus!,
            Encoding.UTF8.GetBytes(Ps256.PublicKey.ToJson().ToJsonString()), Array.Empty<byte>(),
        ];
    }

    [Fact]
    [Trait("Rule", "JO-03")]
    [Trait("Rule", "KEY-10")]
    public void A_key_in_the_header_is_refused_even_where_it_is_the_clients_own()
    {
        foreach (var key in new[] { Stranger, Es256 })
        {
            Refused("KEY-10", Jws.SignWith(key, Header(Es256).With("jwk", key.PublicKey.ToJson()), Payload));
            Refused("KEY-10", Jws.SignWith(key, Header(Es256).With("JWK", key.PublicKey.ToJson()), Payload));
        }
    }

    [Theory]
    [Trait("Rule", "JO-04")]
    [Trait("Rule", "KEY-10")]
    [InlineData("jku")]
    [InlineData("x5u")]
    [InlineData("x5c")]
    public void A_place_to_get_a_key_from_is_refused(string name)
    {
        Refused("KEY-10", Jws.SignWith(Stranger, Header(Es256).With(name, "https://evil.test/jwks"), Payload));
        Refused("KEY-10", Jws.SignWith(Es256, Header(Es256).With(name, "https://evil.test/jwks"), Payload));
        // Of DPoP's way in only jwk comes through.
        Assert.Equal("DPOP-02", Fault(DpopJws.Parse(Jws.SignWith(Es256, ProofHeader(Es256).With(name, "https://evil.test/"), Payload))).Rule);
    }

    [Theory]
    [Trait("Rule", "JO-05")]
    [InlineData("../../../../dev/null")]
    [InlineData("' OR '1'='1")]
    [InlineData("https://evil.test/key")]
    [InlineData("\0")]
    [InlineData("")]
    [InlineData(null)]
    public void A_kid_is_compared_and_nothing_else(string? kid)
    {
        kid ??= new string('k', 10_000);
        Refused("KEY-14", Jws.SignWith(Es256, Header(Es256).With("kid", kid), Payload));
        Refused("KEY-14", Jws.SignWith(Es256, Header(Es256).With("kid", Es256.KeyId + kid + "\0"), Payload));
    }

    [Theory]
    [Trait("Rule", "JO-05")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    public void A_kid_that_is_no_text_is_refused(string kid) => Refused("JO-05", Signed(Es256, $$"""{"alg":"ES256","kid":{{kid}}}"""));

    [Fact]
    [Trait("Rule", "JO-06")]
    [Trait("Rule", "KEY-14")]
    public void A_real_signature_of_a_stranger_is_refused_under_his_name_and_under_ours()
    {
        Refused("KEY-14", Jws.Sign(Stranger, null, Payload));
        Refused("KEY-08", Jws.SignWith(Stranger, Header(Es256), Payload));
    }

    [Fact]
    [Trait("Rule", "JO-07")]
    public void Without_a_kid_the_choice_must_be_plain()
    {
        var message = Jws.SignWith(Es256, Header(Es256).Without("kid"), Payload);
        var two = Set(Es256.PublicKey.ToJson(), Stranger.PublicKey.ToJson());

        Assert.Null(Verify(message, Client)); // one key for each algorithm
        Assert.Equal("JO-07", Verify(message, two)?.Rule);
        Assert.Equal("JO-07", Verify(Jws.SignWith(Stranger, Header(Es256).Without("kid"), Payload), two)?.Rule);
        Assert.Equal("KEY-14", Verify(message, Set())?.Rule);
        Assert.Null(Verify(message, Client));
    }
}
