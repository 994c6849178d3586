using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.AttackMessages;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>What is a signature and what only looks like one (JO-08 to JO-11): each attack beside a good message that is taken.</summary>
public sealed class JoseSignatureAttackTests
{
    [Theory]
    [Trait("Rule", "JO-08")]
    [InlineData("0", "0")]
    [InlineData("0", "1")]
    [InlineData("1", "0")]
    [InlineData("1", "1")]
    [InlineData("n", "1")]
    [InlineData("1", "n")]
    [InlineData("n", "n")]
    [InlineData("n-1", "n-1")]
    [InlineData("n+1", "n+1")]
    [InlineData("r", "0")]
    [InlineData("0", "s")]
    [InlineData("r", "n")]
    [InlineData("r+n", "s")]
    public void A_signature_of_borderline_numbers_is_refused(string r, string s) =>
        Altered("KEY-08", Es256, signature => [.. Number(r, signature), .. Number(s, signature)]);

    [Fact]
    [Trait("Rule", "JO-09")]
    [Trait("Rule", "KEY-08")]
    public void An_ES256_signature_has_64_bytes()
    {
        Altered("KEY-08", Es256, signature => Der(signature));
        Altered("KEY-08", Es256, signature => signature[..63]);
        Altered("KEY-08", Es256, signature => [.. signature, 0]);
        Altered("KEY-08", Es256, signature => [0, .. signature]);
        Altered("KEY-08", Es256, signature => [0, .. signature[..32], 0, .. signature[32..]]);
        Altered("KEY-08", Es256, signature => [.. signature, .. signature]);
        Altered("KEY-08", Es256, _ => []);
    }

    [Fact]
    [Trait("Rule", "KEY-08")]
    public void The_other_half_of_an_ES256_signature_verifies_so_no_text_of_a_message_may_stand_for_its_identity()
    {
        // Anyone can write n - s for s. The standard takes both, so what is used once is a jti, never the hash of a message.
        var message = Jws.Sign(Es256, "JWT", Payload);
        var (input, signature) = Split(message);
        var twin = input + "." + Base64Url.EncodeToString([.. signature[..32], .. Number("n-s", signature)]);

        Assert.NotEqual(message, twin);
        Assert.Null(Verify(twin, Client));
    }

    [Theory]
    [Trait("Rule", "JO-10")]
    [Trait("Rule", "KEY-08")]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(222)]
    public void A_PS256_salt_has_32_bytes(int saltLength)
    {
        Altered(null, Ps256, (_, input) => SignPss(input, 32, HashAlgorithmName.SHA256)); // our own encoder is right
        Altered("KEY-08", Ps256, (_, input) => SignPss(input, saltLength, HashAlgorithmName.SHA256));
    }

    [Fact]
    [Trait("Rule", "JO-10")]
    [Trait("Rule", "KEY-08")]
    public void PS256_is_not_another_mask_and_not_PKCS1()
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        Altered("KEY-08", Ps256, (_, input) => SignPss(input, 32, HashAlgorithmName.SHA1));
        Altered("KEY-08", Ps256, (_, input) => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Altered("KEY-08", Ps256, (_, input) => rsa.SignData(input, HashAlgorithmName.SHA384, RSASignaturePadding.Pss));
        Altered("KEY-08", Ps256, signature => [0, .. signature]);
        Altered("KEY-08", Ps256, signature => signature[1..]);
        Altered("KEY-08", Ps256, signature => // s + n, where it still has the length
        {
            var modulus = new BigInteger(rsa.ExportParameters(false).Modulus!, isUnsigned: true, isBigEndian: true);
            return (new BigInteger(signature, isUnsigned: true, isBigEndian: true) + modulus).ToByteArray(isUnsigned: true, isBigEndian: true);
        });
    }

    [Theory]
    [Trait("Rule", "JO-11")]
    [Trait("Rule", "KEY-01")]
    [Trait("Rule", "KEY-19")]
    [InlineData("RS256")]
    [InlineData("RS512")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("ES256K")]
    [InlineData("EdDSA")]
    [InlineData("HS256")]
    public void Another_algorithm_is_refused_whoever_names_it(string alg)
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        var input = Input(Header(Ps256).With("alg", alg).ToJsonString(), Payload.ToJsonString());
        var signature = rsa.SignData(
            Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, alg[0] == 'R' ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss);
        var message = input + "." + Base64Url.EncodeToString(signature);

        Refused("KEY-01", message);
        // Nor does a careless policy make a key do what it cannot do.
        var careless = new JwsPolicy(new HashSet<string> { alg }, new HashSet<string?> { null });
        Assert.Equal("KEY-07", Ok(Jws.Parse(message)).Verify(Ps256.PublicKey, careless)?.Rule);
        Assert.Equal("KEY-14", Ok(Jws.Parse(message)).Verify(Client, careless)?.Rule);
    }

    [Fact]
    [Trait("Rule", "JO-11")]
    [Trait("Rule", "KEY-07")]
    public void What_the_client_registered_narrows_the_policy_and_the_keys_own_alg_binds()
    {
        var ps256Only = new JwsPolicy(new HashSet<string> { "PS256" }, TestKeys.Policy.Types);
        var jws = Ok(Jws.Parse(Jws.Sign(Es256, "JWT", Payload)));

        Assert.Equal("KEY-01", jws.Verify(Client, ps256Only)?.Rule);
        Assert.Equal("KEY-07", jws.Verify(Ps256.PublicKey, TestKeys.Policy)?.Rule);
        Assert.Equal("KEY-14", jws.Verify(Set(Es256.PublicKey.ToJson().With("alg", "ES384")), TestKeys.Policy)?.Rule);
        Assert.Null(jws.Verify(Client, TestKeys.Policy));
    }
}
