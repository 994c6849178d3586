using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.AttackMessages;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>The one form that a message has (JO-14 to JO-25): each attack beside a good message that is taken.</summary>
public sealed class JoseFormAttackTests
{
    [Theory]
    [Trait("Rule", "JO-14")]
    [Trait("Rule", "KEY-09")]
    [InlineData("""{"alg":"ES256","alg":"ES256"}""", "{}")]
    [InlineData("""{"alg":"none","alg":"ES256"}""", "{}")]
    [InlineData("""{"alg":"ES256","\u0061lg":"none"}""", "{}")]
    [InlineData("""{"alg":"ES256","ALG":"none"}""", "{}")]
    [InlineData("""{"alg":"ES256","x":{"a":1,"a":2}}""", "{}")]
    [InlineData("""{"alg":"ES256"}""", """{"aud":"a","aud":"b"}""")]
    [InlineData("""{"alg":"ES256"}""", """{"sub":"a","\u0073ub":"b"}""")]
    [InlineData("""{"alg":"ES256"}""", """{"exp":1,"Exp":2}""")]
    [InlineData("""{"alg":"ES256"}""", """{"claims":[{"id_token":{"sub":1,"sub":2}}]}""")]
    public void A_member_that_is_there_twice_is_refused(string header, string payload) => Refused("KEY-09", Signed(Es256, header, payload));

    [Theory]
    [Trait("Rule", "JO-15")]
    [Trait("Rule", "KEY-09")]
    [InlineData("""["unknown"]""", "\"unknown\":1")]
    [InlineData("""["exp"]""", "\"exp\":1")]
    [InlineData("[]", "\"x\":1")]
    [InlineData("\"b64\"", "\"b64\":true")]
    [InlineData("null", "\"x\":1")]
    [InlineData("{}", "\"x\":1")]
    [InlineData("""["alg"]""", "\"x\":1")]
    [InlineData("""["absent"]""", "\"x\":1")]
    [InlineData("""["b64"]""", "\"b64\":true")]
    [InlineData("[1]", "\"x\":1")]
    public void Crit_is_refused_in_any_form(string crit, string member)
    {
        Refused("KEY-09", Signed(Es256, $$"""{"alg":"ES256","kid":"{{Es256.KeyId}}","crit":{{crit}},{{member}}}"""));
        Refused("KEY-09", Signed(Es256, $$"""{"alg":"ES256","kid":"{{Es256.KeyId}}","Crit":{{crit}},{{member}}}"""));
    }

    [Theory]
    [Trait("Rule", "JO-16")]
    [Trait("Rule", "KEY-09")]
    [InlineData("\"b64\":false")]
    [InlineData("\"b64\":true")]
    [InlineData("\"b64\":\"false\"")]
    [InlineData("\"B64\":false")]
    [InlineData("\"b64\":false,\"crit\":[\"b64\"]")]
    public void An_unencoded_payload_is_refused(string members) =>
        Refused("KEY-09", Signed(Es256, $$"""{"alg":"ES256","kid":"{{Es256.KeyId}}",{{members}}}"""));

    [Theory]
    [Trait("Rule", "JO-17")]
    [Trait("Rule", "KEY-04")]
    [Trait("Rule", "JO-18")]
    [Trait("Rule", "JO-19")]
    [Trait("Rule", "JO-20")]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256GCM"}""")]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}""")]
    [InlineData("""{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA"}""")]
    [InlineData("""{"alg":"RSA1_5","enc":"A256GCM"}""")]
    [InlineData("""{"alg":"dir","enc":"A256GCM"}""")]
    [InlineData("""{"alg":"ES256","kid":"k"}""")]
    public void An_encrypted_message_is_refused_unread(string header)
    {
        var watch = Stopwatch.StartNew();
        Refused("JO-17", Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + ".AAAA.AAAA.AAAA.AAAA");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20)); // a loaded machine may be slow; two billion rounds would take minutes
    }

    [Fact]
    [Trait("Rule", "JO-21")]
    public void A_message_in_JSON_form_is_refused()
    {
        var parts = Jws.Sign(Es256, "JWT", Payload).Split('.');
        Refused("JO-21", $$"""{"payload":"{{parts[1]}}","protected":"{{parts[0]}}","signature":"{{parts[2]}}"}""");
        Refused("JO-21", $$"""{"payload":"{{parts[1]}}","signatures":[]}""");
        Refused("JO-21", $$"""{"payload":"{{parts[1]}}","signatures":[{"protected":"{{parts[0]}}","signature":"{{parts[2]}}"},{"protected":"{{parts[0]}}","signature":"AAAA"}]}""");
        Refused("KEY-09", $$""" {"payload":"{{parts[1]}}","protected":"{{parts[0]}}","signature":"{{parts[2]}}"}""");
    }

    [Fact]
    [Trait("Rule", "JO-22")]
    public void Size_is_judged_before_work()
    {
        var watch = Stopwatch.StartNew();
        Refused("JO-22", new string('a', 1_000_000));
        Refused("JO-22", new string('.', 100_000));
        Refused("KEY-09", new string('.', 10_000));
        Refused("KEY-09", ".");
        Refused("KEY-09", string.Empty);
        Refused("KEY-09", Signed(Es256, $$"""{"alg":"ES256","x":{{new string('[', 5000)}}{{new string(']', 5000)}}}"""));
        Refused("KEY-09", Signed(Es256, """{"alg":"ES256"}""", new string('[', 5000) + new string(']', 5000)));
        Refused("JO-22", Signed(Es256, """{"alg":"ES256"}""", $"{{{string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"m{i}\":0"))}}}"));
        Assert.Equal("JO-22", Fault(KeySet.Parse(new byte[(256 * 1024) + 1])).Rule);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }

    [Fact]
    [Trait("Rule", "JO-22")]
    public void Each_limit_holds_at_its_edge()
    {
        var message = Jws.Sign(Es256, "JWT", Payload);
        Ok(Jws.Parse(message, message.Length));
        Assert.Equal("JO-22", Fault(Jws.Parse(message, message.Length - 1)).Rule);
        var proof = DpopJws.Sign(Es256, Payload);
        Ok(DpopJws.Parse(proof, proof.Length));
        Assert.Equal("DPOP-02", Fault(DpopJws.Parse(proof, proof.Length - 1)).Rule);

        // The object around is a level of its own.
        Ok(Jws.Parse(Signed(Es256, """{"alg":"ES256"}""", $$"""{"x":{{new string('[', 31)}}{{new string(']', 31)}}}""")));
        Refused("KEY-09", Signed(Es256, """{"alg":"ES256"}""", $$"""{"x":{{new string('[', 32)}}{{new string(']', 32)}}}"""));
    }

    [Theory]
    [Trait("Rule", "JO-23")]
    [Trait("Rule", "KEY-09")]
    [InlineData("=")]
    [InlineData("==")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\t")]
    [InlineData("+")]
    [InlineData("/")]
    [InlineData("?")]
    [InlineData("%3D")]
    [InlineData("\0")]
    [InlineData("é")]
    [InlineData("Ａ")]
    public void A_character_outside_of_base64url_is_refused_wherever_it_stands(string character)
    {
        var good = Jws.Sign(Es256, "JWT", Payload);
        Assert.Null(Verify(good, Client));
        for (var at = 0; at <= good.Length; at++) Refused("KEY-09", good.Insert(at, character), control: false);
        Assert.Null(Verify(good, Client));
    }

    [Fact]
    [Trait("Rule", "JO-23")]
    [Trait("Rule", "KEY-09")]
    public void Bits_that_mean_nothing_must_be_zero()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        foreach (var length in new[] { 1, 2 })
        {
            var text = Base64Url.EncodeToString(new byte[length]);
            var taken = alphabet.Where(last => StrictBase64Url.TryDecode(text[..^1] + last, out _)).ToList();
            Assert.Equal(length == 1 ? "AQgw" : "AEIMQUYcgkosw048", new string([.. taken]));
            Assert.All(taken, last => Assert.Equal(text[..^1] + last, Reencoded(text[..^1] + last)));
        }

        Assert.False(StrictBase64Url.TryDecode("A", out _));
        Assert.False(StrictBase64Url.TryDecode("AAAAA", out _));
        Assert.True(StrictBase64Url.TryDecode("", out _));

        // ES256: 64 bytes leave four bits of the last character.
        var good = Jws.Sign(Es256, "JWT", Payload);
        foreach (var last in alphabet.Where(last => last != good[^1] && "AQgw".Contains(last, StringComparison.Ordinal) is false))
            Refused("KEY-09", good[..^1] + last, control: false);

        static string Reencoded(string text)
        {
            Assert.True(StrictBase64Url.TryDecode(text, out var bytes));
            return Base64Url.EncodeToString(bytes);
        }
    }

    [Fact]
    [Trait("Rule", "JO-25")]
    [Trait("Rule", "KEY-11")]
    public void One_kind_of_message_does_not_pass_for_another()
    {
        var assertion = Jws.Sign(Es256, "JWT", Payload);
        var proof = DpopJws.Sign(Es256, Payload);
        var request = Jws.Sign(Es256, "oauth-authz-req+jwt", Payload);
        var requests = new JwsPolicy(JwsPolicy.FapiAlgorithms, new HashSet<string?> { "oauth-authz-req+jwt" });

        Refused("KEY-10", proof);
        Refused("KEY-11", request);
        Refused("KEY-11", Jws.Sign(Es256, "at+jwt", Payload));
        Refused("KEY-11", Jws.Sign(Es256, "dpop+jwt", Payload));
        Assert.Equal("KEY-11", Ok(Jws.Parse(assertion)).Verify(Client, requests)?.Rule);
        Assert.Equal("KEY-11", Ok(Jws.Parse(Jws.Sign(Es256, null, Payload))).Verify(Client, requests)?.Rule);
        Assert.Null(Ok(Jws.Parse(request)).Verify(Client, requests));
        Assert.Equal("DPOP-03", Fault(DpopJws.Parse(assertion)).Rule);
        Ok(DpopJws.Parse(proof));
    }

    [Theory]
    [Trait("Rule", "KEY-11")]
    [InlineData("JWT", true)]
    [InlineData("jwt", true)]
    [InlineData("application/jwt", true)]
    [InlineData("APPLICATION/JWT", true)]
    [InlineData(null, true)]
    [InlineData("", false)]
    [InlineData("JWT ", false)]
    [InlineData("application/", false)]
    [InlineData("text/jwt", false)]
    [InlineData("application/application/jwt", false)]
    public void A_typ_is_a_media_type(string? typ, bool taken) => Assert.Equal(taken ? null : "KEY-11", Verify(Jws.Sign(Es256, typ, Payload), Client)?.Rule);

    [Theory]
    [Trait("Rule", "KEY-11")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("[\"JWT\"]")]
    public void A_typ_that_is_no_text_is_refused(string typ) => Refused("KEY-09", Signed(Es256, $$"""{"alg":"ES256","typ":{{typ}}}"""));

    [Theory]
    [Trait("Rule", "KEY-09")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("foo")]
    [InlineData("{}{}")]
    [InlineData("{},")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{/**/}")]
    [InlineData("\uFEFF{}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"\\uDC00\":1}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{'a':1}")]
    public void Header_and_payload_are_one_strict_JSON_object(string json)
    {
        Refused("KEY-09", Signed(Es256, """{"alg":"ES256"}""", json));
        Refused("KEY-09", Signed(Es256, """{"alg":"ES256","x":{}}""".Replace("{}", json, StringComparison.Ordinal) + json));
        Ok(Jws.Parse(Signed(Es256, """ { "alg" : "ES256" } """, " {} "))); // white space around is JSON
    }

    [Fact]
    [Trait("Rule", "KEY-09")]
    public void Text_that_is_not_UTF_8_is_refused()
    {
        var input = Base64Url.EncodeToString("{\"alg\":\"ES256\"}"u8) + "." + Base64Url.EncodeToString([.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        Refused("KEY-09", input + "." + Base64Url.EncodeToString(Es256.Sign(Encoding.ASCII.GetBytes(input))));
    }
}
