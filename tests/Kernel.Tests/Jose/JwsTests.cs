using System.Text.Json;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class JwsTests
{
    [Theory]
    [Trait("Rule", "KEY-01")]
    [InlineData("ES256")]
    [InlineData("PS256")]
    public void A_message_signed_here_is_verified_by_key_and_by_set(string alg)
    {
        var key = All.Single(key => key.Algorithm == alg);
        var jws = Ok(Jws.Parse(Jws.Sign(key, "JWT", Payload)));

        Assert.Null(jws.Verify(Set(key.PublicKey.ToJson(), Stranger.PublicKey.ToJson()), TestKeys.Policy));
        Assert.Null(jws.Verify(key.PublicKey, TestKeys.Policy));
        Assert.Equal((alg, "JWT", key.KeyId), (jws.Algorithm, jws.Type, jws.KeyId));
        Assert.Equal(["alg", "kid", "typ"], jws.Header.EnumerateObject().Select(member => member.Name));
        Assert.Equal("https://bank.test", Claims.Text(jws.Payload, "aud"));
        Assert.Equal(1_700_000_000, Claims.Seconds(jws.Payload, "exp"));
    }

    [Fact]
    public void Without_a_typ_there_is_none()
    {
        var jws = Ok(Jws.Parse(Jws.Sign(Es256, null, Payload)));

        Assert.Null(jws.Type);
        Assert.False(Claims.Has(jws.Header, "typ"));
    }

    [Fact]
    public void The_example_of_RFC_7515_appendix_A_3_is_verified()
    {
        var key = Ok(JsonWebKey.Parse(JsonElement.Parse(
            """{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""")));
        var jws = Ok(Jws.Parse(
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
            + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"));

        Assert.Null(jws.Verify(key, TestKeys.Policy));
        Assert.Equal("joe", Claims.Text(jws.Payload, "iss"));
    }

    [Fact]
    public void A_refusal_says_nothing_of_what_was_sent()
    {
        const string marker = "secret-marker";
        var messages = new[]
        {
            marker, $"{marker}.{marker}.{marker}", Jws.SignWith(Es256, new() { ["alg"] = marker }, Payload), Jws.SignWith(Es256, new() { ["alg"] = "ES256", ["kid"] = marker }, Payload),
            Jws.SignWith(Es256, new() { ["alg"] = "ES256", ["typ"] = marker }, Payload), Jws.SignWith(Es256, new() { ["alg"] = "ES256", ["crit"] = marker }, Payload),
        };

        foreach (var message in messages)
        {
            var fault = Jws.Parse(message).Failed(out var malformed, out var jws) ? malformed : jws.Verify(Set(Es256.PublicKey.ToJson()), TestKeys.Policy);
            Assert.DoesNotContain(marker, fault!.ToString(), StringComparison.Ordinal);
        }
    }
}
