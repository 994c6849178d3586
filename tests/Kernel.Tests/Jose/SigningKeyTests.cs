using System.Security.Cryptography;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class SigningKeyTests
{
    [Theory]
    [Trait("Rule", "KEY-13")]
    [InlineData("ES256")]
    [InlineData("PS256")]
    public void A_key_is_stored_and_comes_back_the_same(string alg)
    {
        using var key = SigningKey.Create(alg, 2048);
        using var again = SigningKey.FromPkcs8(alg, key.ToPkcs8());

        Assert.Equal(key.PublicKey.Thumbprint, again.KeyId);
        Assert.Equal((alg, "sig", key.KeyId), (again.Algorithm, again.PublicKey.Use, again.PublicKey.KeyId));
        Assert.True(key.PublicKey.Verify(alg, "text"u8, again.Sign("text"u8)));
        Assert.Equal(["kty", "kid", "use", "alg"], key.PublicKey.ToJson().Select(member => member.Key).Where(name => name is not ("crv" or "x" or "y" or "n" or "e")));
        Ok(JsonWebKey.Parse(key.PublicKey.ToJson().Element())); // what we publish we would take
    }

    [Fact]
    [Trait("Rule", "KEY-05")]
    [Trait("Rule", "KEY-01")]
    public void A_key_that_we_may_not_use_is_not_made_and_not_loaded()
    {
        using var small = RSA.Create(1024);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var (smallRsa, otherCurve) = (small.ExportPkcs8PrivateKey(), curve.ExportPkcs8PrivateKey());

        Assert.Throws<ArgumentOutOfRangeException>(() => SigningKey.Create("PS256", 2047));
        Assert.Throws<ArgumentOutOfRangeException>(() => SigningKey.Create("RS256"));
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPkcs8("PS256", smallRsa));
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPkcs8("ES256", otherCurve));
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPkcs8("ES256", smallRsa));
        Assert.Throws<ArgumentOutOfRangeException>(() => SigningKey.FromPkcs8("none", []));
    }

    [Fact]
    public void A_key_that_was_put_away_signs_no_more()
    {
        var key = SigningKey.Create("ES256");
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Sign("text"u8));
        Assert.All(key.ToPkcs8(), value => Assert.Equal(0, value));
    }
}
