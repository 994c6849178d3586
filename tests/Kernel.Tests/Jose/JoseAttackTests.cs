using System.Buffers.Text;
using System.Diagnostics;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>The JO rows of the attack catalogue, as far as parser and verifier keep them: each beside a good message that is taken.</summary>
public sealed class JoseAttackTests
{
    private static readonly KeySet Client = Set(Es256.PublicKey.ToJson(), Ps256.PublicKey.ToJson());

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
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5)); // a loaded machine may be slow; two billion rounds would take minutes
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
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
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

    /// <summary>Refused for this reason, and a good message is taken before and after.</summary>
    private static void Refused(string rule, string message, bool control = true)
    {
        if (control) Assert.Null(Verify(Jws.Sign(Es256, "JWT", Payload), Client));
        Assert.Equal(rule, Verify(message, Client)?.Rule);
        if (control) Assert.Null(Verify(Jws.Sign(Ps256, null, Payload), Client));
    }

    private static void Altered(string? rule, SigningKey key, Func<byte[], byte[]> alter) => Altered(rule, key, (signature, _) => alter(signature));

    /// <summary>A good message, and the same with another signature.</summary>
    private static void Altered(string? rule, SigningKey key, Func<byte[], byte[], byte[]> alter)
    {
        var message = Jws.Sign(key, "JWT", Payload);
        var (input, signature) = Split(message);
        Assert.Null(Verify(message, Client));
        Assert.Equal(rule, Verify(input + "." + Base64Url.EncodeToString(alter(signature, Encoding.ASCII.GetBytes(input))), Client)?.Rule);
        Assert.Null(Verify(message, Client));
    }

    private static JoseFault? Verify(string message, KeySet keys) =>
        Jws.Parse(message).Failed(out var fault, out var jws) ? fault : jws.Verify(keys, TestKeys.Policy);

    private static JsonObject Header(SigningKey key) => new() { ["alg"] = key.Algorithm, ["kid"] = key.KeyId };

    private static JsonObject ProofHeader(SigningKey key) =>
        new() { ["alg"] = key.Algorithm, ["typ"] = "dpop+jwt", ["jwk"] = key.PublicKey.ToJson() };

    private static string Signed(SigningKey key, string header, string? payload = null)
    {
        var input = Input(header, payload ?? Payload.ToJsonString());
        return input + "." + Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(input)));
    }

    private static string Input(string header, string payload) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));

    private static (string Input, byte[] Signature) Split(string message)
    {
        var dot = message.LastIndexOf('.');
        return (message[..dot], Base64Url.DecodeFromChars(message.AsSpan(dot + 1)));
    }

    private static byte[] Number(string name, byte[] signature)
    {
        var n = BigInteger.Parse("115792089210356248762697446949407573529996955224135760342422259061068512044369");
        var (r, s) = (new BigInteger(signature.AsSpan(0, 32), true, true), new BigInteger(signature.AsSpan(32), true, true));
        var number = name switch
        {
            "r" => r,
            "s" => s,
            "n" => n,
            "n-1" => n - 1,
            "n+1" => n + 1,
            "n-s" => n - s,
            "r+n" => (r + n) % BigInteger.Pow(2, 256),
            _ => BigInteger.Parse(name),
        };
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static byte[] Der(byte[] signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(signature.AsSpan(0, 32).TrimStart((byte)0));
            writer.WriteIntegerUnsigned(signature.AsSpan(32).TrimStart((byte)0));
        }

        return writer.Encode();
    }

    /// <summary>RFC 8017 section 9.1.1 with SHA-256, a salt of any length and any hash in the mask.</summary>
    private static byte[] SignPss(byte[] input, int saltLength, HashAlgorithmName maskHash)
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        var key = rsa.ExportParameters(includePrivateParameters: true);
        var salt = RandomNumberGenerator.GetBytes(saltLength);
        byte[] hash = SHA256.HashData([.. new byte[8], .. SHA256.HashData(input), .. salt]);
        var block = new byte[key.Modulus!.Length - hash.Length - 1];
        block[^(saltLength + 1)] = 1;
        salt.CopyTo(block, block.Length - saltLength);
        for (var (i, counter) = (0, 0); i < block.Length; counter++)
        {
            foreach (var mask in CryptographicOperations.HashData(maskHash, [.. hash, 0, 0, 0, (byte)counter]))
            {
                if (i < block.Length) block[i++] ^= mask;
            }
        }

        block[0] &= 0x7F;
        var encoded = new BigInteger([.. block, .. hash, 0xBC], isUnsigned: true, isBigEndian: true);
        var signature = BigInteger.ModPow(encoded, new BigInteger(key.D!, true, true), new BigInteger(key.Modulus, true, true))
            .ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[key.Modulus.Length - signature.Length], .. signature];
    }
}
