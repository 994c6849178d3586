using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class JwsTests
{
    private static readonly JwsPolicy AnyType = new(JwsPolicy.FapiAlgorithms, new HashSet<string?> { null, "JWT" });

    [Theory]
    [InlineData("ES256")]
    [InlineData("PS256")]
    public void A_message_signed_here_is_verified_by_key_and_by_set(string alg)
    {
        using var key = SigningKey.Create(alg, 2048);
        var set = Ok(KeySet.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray(key.PublicKey.ToJson()) }.ToJsonString())));
        var jws = Ok(Jws.Parse(Jws.Sign(key, "JWT", new JsonObject { ["sub"] = "a" })));

        Assert.Null(jws.Verify(set, AnyType));
        Assert.Null(jws.Verify(key.PublicKey, AnyType));
        Assert.Equal("a", Claims.Text(jws.Payload, "sub"));

        var proof = Ok(DpopJws.Parse(DpopJws.Sign(key, new JsonObject { ["jti"] = "1" })));
        Assert.Equal(key.PublicKey.Thumbprint, proof.Key.Thumbprint);
        using var again = SigningKey.FromPkcs8(alg, key.ToPkcs8());
        Assert.Equal(key.KeyId, again.KeyId);
    }

    private static T Ok<T>(Outcome<T, JoseFault> outcome)
        where T : class
    {
        Assert.False(outcome.Failed(out var fault, out var value), fault?.ToString());
        return value!;
    }
}
