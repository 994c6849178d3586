using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class JsonWebKeyTests
{
    /// <summary>The example of RFC 7638 section 3.1.</summary>
    private const string RfcKey = """
        {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs
        tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS
        D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
        """;

    /// <summary>The example key of RFC 7517 appendix A.1.</summary>
    private static JsonObject Ec => new()
    {
        ["kty"] = "EC",
        ["crv"] = "P-256",
        ["x"] = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        ["y"] = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    };

    private static JsonObject Rsa => Ps256.PublicKey.ToJson();

    [Fact]
    public void A_thumbprint_is_that_of_RFC_7638()
    {
        var key = Ok(JsonWebKey.Parse(JsonElement.Parse(RfcKey.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal))));

        Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", key.Thumbprint);
        Assert.Equal(("RSA", "2011-04-29", "RS256", null), (key.KeyType, key.KeyId, key.Algorithm, key.Use));
        Assert.False(key.Fits("RS256") || key.Fits("PS256"));
        Assert.Equal("cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s", Ok(JsonWebKey.Parse(Ec.Element())).Thumbprint);
        // Names, order and white space do not count.
        var shuffled = JsonElement.Parse($$"""{ "y":"{{Ec["y"]}}", "kid":"k", "x":"{{Ec["x"]}}", "use":"sig", "crv":"P-256", "kty":"EC" }""");
        Assert.Equal("cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s", Ok(JsonWebKey.Parse(shuffled)).Thumbprint);
    }

    [Fact]
    public void What_was_read_is_written_again()
    {
        var json = Ec.With("kid", "k").With("use", "sig").With("alg", "ES256").With("key_ops", new JsonArray("verify")).With("unknown", 1);
        var written = Ok(JsonWebKey.Parse(json.Element())).ToJson();

        Assert.True(JsonNode.DeepEquals(json.Without("unknown"), written));
        Assert.True(JsonNode.DeepEquals(written, Ok(JsonWebKey.Parse(written.Element())).ToJson()));
    }

    [Theory]
    [Trait("Rule", "KEY-05")]
    [InlineData(1024, false)]
    [InlineData(2040, false)]
    [InlineData(2047, false)]
    [InlineData(2048, true)]
    [InlineData(3072, true)]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    [InlineData(16384, false)]
    public void An_RSA_key_has_2048_to_8192_bits(int bits, bool taken)
    {
        var outcome = JsonWebKey.Parse(RsaOf(Modulus(bits)).Element());

        if (taken) Assert.True(Ok(outcome).Fits("PS256"));
        else Assert.Equal("KEY-05", Fault(outcome).Rule);
    }

    [Theory]
    [Trait("Rule", "JO-12")]
    [InlineData("AQ", false)] // 1
    [InlineData("Aw", false)] // 3
    [InlineData("Ag", false)] // 2
    [InlineData("__8", false)] // 65535
    [InlineData("AQAA", false)] // 65536
    [InlineData("AQAB", true)] // 65537
    [InlineData("AQAC", false)] // 65538
    [InlineData("AQAD", true)] // 65539
    [InlineData("__________8", true)] // 64 bits
    [InlineData("AQAAAAAAAAAB", false)] // 65 bits
    public void An_RSA_exponent_is_odd_and_65537_to_64_bits(string e, bool taken)
    {
        var outcome = JsonWebKey.Parse(Rsa.With("e", e).Element());

        if (taken) Ok(outcome);
        else Assert.Equal("JO-12", Fault(outcome).Rule);
    }

    [Fact]
    [Trait("Rule", "JO-12")]
    public void A_modulus_with_a_small_factor_is_refused()
    {
        foreach (var factor in new[] { 2, 3, 5, 7, 163, 167 })
        {
            var modulus = BigInteger.Pow(2, 2048) - 1;
            while (modulus % factor != 0) modulus--;
            Assert.Equal("JO-12", Fault(JsonWebKey.Parse(RsaOf(modulus).Element())).Rule);
        }
    }

    [Fact]
    [Trait("Rule", "JO-12")]
    public void A_key_with_the_weakness_named_ROCA_is_refused_and_no_other()
    {
        var group = WycheproofFile.Read("json_web_key", "JsonWebKey").Vectors.Single(vector => vector.Id == 7).Group;
        var weak = JsonNode.Parse(group.GetProperty("public").GetProperty("keys")[0].GetRawText())!.AsObject();
        var fault = Fault(JsonWebKey.Parse(weak.Element()));
        Assert.Equal(("JO-12", true), (fault.Rule, fault.Reason.Contains("ROCA", StringComparison.Ordinal)));

        // A modulus that is a product of powers of 65537 under all the primes but one is not of that make.
        for (var i = 0; i < 2000; i++) Assert.Null(RsaPublicKeyRules.FirstBroken(Bytes(Modulus(2048)), [1, 0, 1]));
    }

    [Theory]
    [Trait("Rule", "KEY-06")]
    [InlineData("P-192")]
    [InlineData("P-224")]
    [InlineData("secp256k1")]
    [InlineData("P-384")]
    [InlineData("p-256")]
    [InlineData("Ed25519")]
    public void A_curve_other_than_P_256_is_refused(string curve) => Assert.Equal("KEY-06", Fault(JsonWebKey.Parse(Ec.With("crv", curve).Element())).Rule);

    [Fact]
    [Trait("Rule", "JO-12")]
    public void A_point_is_on_its_curve()
    {
        var (x, y) = (Base64Url.DecodeFromChars((string)Ec["x"]!), Base64Url.DecodeFromChars((string)Ec["y"]!));
        var prime = BigInteger.Pow(2, 256) - BigInteger.Pow(2, 224) + BigInteger.Pow(2, 192) + BigInteger.Pow(2, 96) - 1;
        var zero = new byte[32];
        Assert.True(P256.IsOnCurve(x, y));
        Assert.True(P256.IsOnCurve(x, Bytes(prime - new BigInteger(y, true, true)))); // the same point, negated
        for (var bit = 0; bit < 256; bit++)
        {
            var other = (byte[])y.Clone();
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(P256.IsOnCurve(x, other));
        }

        Assert.Equal("JO-12", Fault(JsonWebKey.Parse(Ec.With("y", Base64Url.EncodeToString(zero)).Element())).Rule);
        Assert.Equal("JO-12", Fault(JsonWebKey.Parse(Ec.With("x", Base64Url.EncodeToString(zero)).With("y", Base64Url.EncodeToString(zero)).Element())).Rule);
        Assert.False(P256.IsOnCurve(Bytes(prime), y));
        // x = 0 is on the curve, and so would be x = p, if it were taken.
        var root = BigInteger.ModPow(BigInteger.Parse("41058363725152142129326129780047268409114441015993725554835256314039467401291"), (prime + 1) / 4, prime);
        Assert.True(P256.IsOnCurve(zero, Bytes(root)));
        Assert.False(P256.IsOnCurve(Bytes(prime), Bytes(root)));
    }

    [Theory]
    [Trait("Rule", "KEY-09")]
    [InlineData("x", "AA")]
    [InlineData("x", "")]
    [InlineData("x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4=")]
    [InlineData("x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D5")]
    [InlineData("x", "ADCgQkzSHClEg4otdckrN-duog2fAIk6O07uijwKr-w-")]
    [InlineData("y", null)]
    [InlineData("kty", null)]
    [InlineData("kid", 1)]
    [InlineData("use", 1)]
    [InlineData("alg", false)]
    [InlineData("key_ops", "verify")]
    [InlineData("x5c", "MIIB")]
    public void A_malformed_member_is_refused(string name, object? value) =>
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Ec.With(name, JsonSerializer.SerializeToNode(value)).Element())).Rule);

    [Fact]
    [Trait("Rule", "KEY-09")]
    public void One_key_has_one_text()
    {
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Rsa.With("n", "AA" + (string)Rsa["n"]!).Element())).Rule);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Rsa.With("e", "AAEAAQ").Element())).Rule);
        foreach (var text in new[] { "{\"kty\":\"EC\",\"kty\":\"RSA\"}", "{\"kty\":\"EC\",\"Kty\":\"RSA\"}", "{\"kty\":\"\\udc00\"}", "[]", "null", "1" })
            Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(JsonElement.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = true }))).Rule);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(default)).Rule);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Ec.With("key_ops", new JsonArray("verify", "verify")).Element())).Rule);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Ec.With("key_ops", new JsonArray(1)).Element())).Rule);
    }

    [Theory]
    [Trait("Rule", "JO-13")]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("dp")]
    [InlineData("dq")]
    [InlineData("qi")]
    [InlineData("oth")]
    [InlineData("k")]
    [InlineData("priv")]
    [InlineData("D")]
    public void A_private_member_is_refused_whatever_it_holds(string name)
    {
        foreach (var value in new JsonNode?[] { "AAAA", null, 0 })
        {
            Assert.Equal("JO-13", Fault(JsonWebKey.Parse(Ec.With(name, value?.DeepClone()).Element())).Rule);
            Assert.Equal("JO-13", Fault(JsonWebKey.Parse(Rsa.With(name, value?.DeepClone()).Element())).Rule);
        }
    }

    [Theory]
    [Trait("Rule", "KEY-07")]
    [InlineData(null, null, null, true)]
    [InlineData("ES256", "sig", "verify", true)]
    [InlineData("ES256", null, "sign,verify", true)]
    [InlineData("PS256", null, null, false)]
    [InlineData("ES384", null, null, false)]
    [InlineData("es256", null, null, false)]
    [InlineData("", null, null, false)]
    [InlineData(null, "enc", null, false)]
    [InlineData(null, "SIG", null, false)]
    [InlineData(null, "", null, false)]
    [InlineData(null, null, "encrypt", false)]
    [InlineData(null, null, "sign", false)]
    [InlineData(null, "sig", "", false)]
    public void A_key_serves_only_for_what_it_says(string? alg, string? use, string? operations, bool fits)
    {
        var json = Es256.PublicKey.ToJson().Without("alg").Without("use");
        if (alg is not null) json["alg"] = alg;
        if (use is not null) json["use"] = use;
        if (operations is not null) json["key_ops"] = new JsonArray([.. operations.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => (JsonNode)name)]);
        var key = Ok(JsonWebKey.Parse(json.Element()));
        var signature = Es256.Sign("text"u8);

        Assert.Equal(fits, key.Fits("ES256"));
        Assert.Equal(fits, key.Verify("ES256", "text"u8, signature));
        Assert.False(key.Fits("PS256") || key.Fits("RS256") || key.Fits("none") || key.Fits("HS256") || key.Verify("PS256", "text"u8, signature));
    }

    [Theory]
    [Trait("Rule", "KEY-07")]
    [InlineData("OKP")]
    [InlineData("rsa")]
    [InlineData("AKP")]
    public void A_key_of_another_type_is_refused(string kty) => Assert.Equal("KEY-07", Fault(JsonWebKey.Parse(Ec.With("kty", kty).Element())).Rule);

    [Fact]
    [Trait("Rule", "KEY-09")]
    public void The_first_certificate_is_for_the_key()
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(Es256.ToPkcs8(), out _);
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        var validity = (From: DateTimeOffset.UnixEpoch, To: DateTimeOffset.UnixEpoch.AddYears(1));
        using var ec = new CertificateRequest("CN=a", ecdsa, HashAlgorithmName.SHA256).CreateSelfSigned(validity.From, validity.To);
        using var rs = new CertificateRequest("CN=b", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(validity.From, validity.To);

        Assert.Equal([ec.RawData, rs.RawData], Ok(Parse(Es256, ec, rs)).Certificates);
        Assert.Equal([rs.RawData], Ok(Parse(Ps256, rs)).Certificates);
        Assert.Equal(2, Ok(Parse(Es256, ec, rs)).ToJson()["x5c"]!.AsArray().Count);
        Assert.Equal("KEY-09", Fault(Parse(Es256, rs)).Rule);
        Assert.Equal("KEY-09", Fault(Parse(Ps256, ec)).Rule);
        Assert.Equal("KEY-09", Fault(Parse(Stranger, ec)).Rule);
        Assert.Equal("KEY-09", Fault(Parse(Es256)).Rule);
        Assert.Equal("KEY-09", Fault(Parse(Es256, [.. Enumerable.Repeat(ec, 11)])).Rule);
        Assert.Equal(10, Ok(Parse(Es256, [.. Enumerable.Repeat(ec, 10)])).Certificates.Count);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Ec.With("x5c", new JsonArray("AAAA")).Element())).Rule);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Es256.PublicKey.ToJson().With("x5c", new JsonArray(Convert.ToBase64String([.. ec.RawData, 0]))).Element())).Rule);
        // A certificate on a curve that this machine does not know: the framework throws another kind of exception for it.
        var other = Convert.ToHexString(ec.RawData).Replace("06082A8648CE3D030107", "06082A8648CE3D030105", StringComparison.Ordinal);
        Assert.Equal("KEY-09", Fault(JsonWebKey.Parse(Es256.PublicKey.ToJson().With("x5c", new JsonArray(Convert.ToBase64String(Convert.FromHexString(other)))).Element())).Rule);

        static Outcome<JsonWebKey, JoseFault> Parse(SigningKey key, params X509Certificate2[] chain) => JsonWebKey.Parse(
            key.PublicKey.ToJson().With("x5c", new JsonArray([.. chain.Select(item => (JsonNode)Convert.ToBase64String(item.RawData))])).Element());
    }

    [Fact]
    public void One_key_is_used_by_many_at_once()
    {
        var wrong = 0;
        foreach (var key in All)
        {
            var (good, bad) = (key.Sign("text"u8), key.Sign("other"u8));
            Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
            {
                if (key.PublicKey.Verify(key.Algorithm, "text"u8, i % 2 == 0 ? good : bad) != (i % 2 == 0)) Interlocked.Increment(ref wrong);
                if (i % 40 == 0 && !key.PublicKey.Verify(key.Algorithm, "text"u8, key.Sign("text"u8))) Interlocked.Increment(ref wrong);
            });
        }

        Assert.Equal(0, wrong);
    }

    private static JsonObject RsaOf(BigInteger modulus) => new() { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(Bytes(modulus)), ["e"] = "AQAB" };

    /// <summary>A number of exactly so many bits that no small prime divides. Nobody can sign with it; the import does not ask for that.</summary>
    private static BigInteger Modulus(int bits)
    {
        int[] primes = [.. Enumerable.Range(2, 200).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0))];
        while (true)
        {
            var number = new BigInteger(RandomNumberGenerator.GetBytes((bits / 8) + 1), isUnsigned: true) % BigInteger.Pow(2, bits - 1);
            number += BigInteger.Pow(2, bits - 1);
            if (primes.All(prime => number % prime != 0)) return number;
        }
    }

    private static byte[] Bytes(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return bytes.Length >= 32 ? bytes : [.. new byte[32 - bytes.Length], .. bytes];
    }
}
