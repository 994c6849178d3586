using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.WycheproofFile;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>All 7,134 vectors, each of them through our verifier and, where the framework has the algorithm, against the framework.</summary>
public sealed class WycheproofTests(ITestOutputHelper output)
{
    private const int AllVectors = 7134;

    /// <summary>Compact messages of the vectors have no <c>typ</c>.</summary>
    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?> { null });

    private static readonly Dictionary<string, Entry> Table = new(StringComparer.Ordinal)
    {
        ["json_web_signature"] = new("JsonWebSignature", 401, 46, 355, 0, Message, [18, 272, 273, 274, 275, 287, 288, 378]),
        ["json_web_key"] = new("JsonWebKey", 26, 5, 21, 0, Message, []),
        ["json_web_crypto"] = new("JsonWebCrypto", 83, 6, 77, 0, Message, [18]),
        ["json_web_encryption"] = new("JsonWebEncryption", 139, 65, 74, 0, Message, []),
        ["ecdsa_secp256r1_sha256_p1363"] = new("EcdsaP1363Verify", 262, 173, 89, 0, Es256, null, WycheproofPrimitives.EcdsaP1363),
        ["ecdsa_secp256r1_sha256"] = new("EcdsaVerify", 484, 174, 310, 0, Es256, [], WycheproofPrimitives.EcdsaDer, Loose: [6]),
        ["ecdsa_secp384r1_sha384_p1363"] = new("EcdsaP1363Verify", 280, 193, 87, 0, Es256, [], WycheproofPrimitives.EcdsaP1363),
        ["ecdsa_secp384r1_sha384"] = new("EcdsaVerify", 504, 194, 310, 0, Es256, [], WycheproofPrimitives.EcdsaDer, Loose: [6]),
        ["ecdsa_secp521r1_sha512_p1363"] = new("EcdsaP1363Verify", 318, 231, 87, 0, Es256, [], WycheproofPrimitives.EcdsaP1363),
        ["ed25519"] = new("EddsaVerify", 151, 88, 63, 0, Es256, []),
        ["rsa_pss_2048_sha256_mgf1_32"] = new("RsassaPssVerify", 108, 63, 45, 0, Ps256, null, WycheproofPrimitives.RsaPss),
        ["rsa_pss_3072_sha256_mgf1_32"] = new("RsassaPssVerify", 108, 63, 45, 0, Ps256, null, WycheproofPrimitives.RsaPss),
        ["rsa_pss_4096_sha256_mgf1_32"] = new("RsassaPssVerify", 108, 63, 45, 0, Ps256, null, WycheproofPrimitives.RsaPss),
        ["rsa_pss_2048_sha256_mgf1_0"] = new("RsassaPssVerify", 103, 61, 42, 0, Ps256, [69]), // invalid there for its salt of 32 bytes, so PS256
        ["rsa_pss_2048_sha256_mgf1sha1_20"] = new("RsassaPssVerify", 108, 63, 45, 0, Ps256, []),
        ["rsa_pss_2048_sha384_mgf1_48"] = new("RsassaPssVerify", 141, 95, 46, 0, Ps256, []),
        ["rsa_pss_misc"] = new("RsassaPssVerify", 150, 150, 0, 0, Ps256, [76]), // the one mix that is PS256
        ["rsa_signature_2048_sha256"] = new("RsassaPkcs1Verify", 259, 9, 249, 1, Ps256, [], WycheproofPrimitives.RsaPkcs1),
        ["rsa_signature_3072_sha256"] = new("RsassaPkcs1Verify", 259, 8, 250, 1, Ps256, [], WycheproofPrimitives.RsaPkcs1),
        ["rsa_signature_4096_sha256"] = new("RsassaPkcs1Verify", 258, 7, 250, 1, Ps256, [], WycheproofPrimitives.RsaPkcs1),
        ["rsa_oaep_2048_sha256_mgf1sha256"] = Oaep(37, 18, 19),
        ["rsa_oaep_3072_sha256_mgf1sha256"] = Oaep(37, 18, 19),
        ["rsa_oaep_4096_sha256_mgf1sha256"] = Oaep(37, 18, 19),
        ["rsa_oaep_2048_sha1_mgf1sha1"] = Oaep(36, 17, 19),
        ["ecdh_secp256r1_webcrypto"] = new("EcdhWebcryptoTest", 353, 330, 23, 0, PeerKey, null, WycheproofPrimitives.EcdhWebcrypto),
        ["ecdh_secp256r1_ecpoint"] = new("EcdhEcpointTest", 355, 330, 24, 1, Foreign("public", "shared"), [], WycheproofPrimitives.EcdhPoint),
        ["ecdh_secp256r1"] = new("EcdhTest", 612, 330, 52, 230, Foreign("public", "shared"), [], WycheproofPrimitives.EcdhSpki),
        ["aes_gcm"] = new("AeadTest", 316, 229, 87, 0, Foreign("ct", "tag"), [], WycheproofPrimitives.AesGcm, WycheproofPrimitives.AesGcmMayAccept),
        ["aes_wrap"] = new("KeywrapTest", 165, 36, 126, 3, Foreign("ct", "msg"), []),
        ["aes_kwp"] = new("KeywrapTest", 254, 77, 177, 0, Foreign("ct", "msg"), [], WycheproofPrimitives.AesKeyWrapPadded),
        ["a128cbc_hs256"] = new("AeadTest", 94, 67, 27, 0, Foreign("ct", "tag"), []),
        ["a256cbc_hs512"] = new("AeadTest", 94, 67, 27, 0, Foreign("ct", "tag"), []),
        ["hmac_sha256"] = new("MacTest", 174, 66, 108, 0, Foreign("msg", "tag"), [], WycheproofPrimitives.HmacSha256),
        ["hmac_sha512"] = new("MacTest", 174, 66, 108, 0, Foreign("msg", "tag"), [], WycheproofPrimitives.HmacSha512),
        ["hkdf_sha256"] = new("HkdfTest", 86, 83, 3, 0, Foreign("ikm", "okm"), [], WycheproofPrimitives.Hkdf),
        ["pbkdf2_hmacsha256"] = new("PbkdfTest", 60, 60, 0, 0, Foreign("password", "dk"), [], WycheproofPrimitives.Pbkdf2),
    };

    public static TheoryData<string> Files => [.. Table.Keys];

    public static TheoryData<string> FilesWithPrimitive => [.. Table.Where(row => row.Value.Primitive is not null).Select(row => row.Key)];

    [Fact]
    public void Every_file_that_is_there_is_run_and_all_vectors_are_counted()
    {
        var found = Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

        Assert.Equal(Table.Keys.Select(name => name + "_test.json").Order(StringComparer.Ordinal), found);
        Assert.Equal(AllVectors, Table.Values.Sum(entry => entry.Count));
    }

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Rule", "KEY-07")]
    [Trait("Rule", "KEY-08")]
    public void Our_verifier_accepts_exactly_what_it_should(string name)
    {
        var (file, entry) = Read(name);

        var accepted = file.Vectors.Where(vector => entry.Verifier(vector, file)).Select(vector => vector.Id).ToList();

        output.WriteLine($"{file.Vectors.Count} vectors through the verifier, {accepted.Count} accepted");
        Assert.Equal(entry.Accepted ?? file.Vectors.Where(vector => vector.Result == "valid").Select(vector => vector.Id), accepted);
    }

    [Theory]
    [MemberData(nameof(FilesWithPrimitive))]
    public void The_framework_accepts_exactly_what_it_should(string name)
    {
        var (file, entry) = Read(name);
        var (accepted, either) = (0, 0);
        foreach (var vector in file.Vectors)
        {
            var answer = entry.Primitive!(vector);
            if (answer) accepted++;
            if (vector.Result == "acceptable")
            {
                either++;
                continue;
            }

            var expected = (vector.Result == "valid" && entry.MayAccept?.Invoke(vector) is not false) || entry.Loose?.Contains(vector.Id) is true;
            Assert.True(expected == answer, $"{name} tcId {vector.Id}: {vector.Result}, answered {answer}");
        }

        output.WriteLine($"{file.Vectors.Count} vectors against the framework, {accepted} accepted, {either} of them free to choose");
    }

    private static (WycheproofFile File, Entry Entry) Read(string name)
    {
        var entry = Table[name];
        var file = WycheproofFile.Read(name, entry.GroupType);
        Assert.Equal(entry.Count, file.Vectors.Count);
        Assert.Equal((entry.Valid, entry.Invalid, entry.Acceptable), (Count("valid"), Count("invalid"), Count("acceptable")));
        return (file, entry);

        int Count(string result) => file.Vectors.Count(vector => vector.Result == result);
    }

    private static Entry Oaep(int count, int valid, int invalid) => new(
        "RsaesOaepDecrypt", count, valid, invalid, 0, Foreign("ct", "msg"), [], WycheproofPrimitives.RsaOaep, WycheproofPrimitives.RsaOaepMayAccept);

    /// <summary>A JOSE message with the key of its group, as a set; a message in JSON form is offered as its text.</summary>
    private static bool Message(Vector vector, WycheproofFile file)
    {
        var message = vector.Test.TryGetProperty("jws", out var jws) ? jws : vector.Test.GetProperty("jwe");
        var text = message.ValueKind == JsonValueKind.String ? message.GetString()! : message.GetRawText();
        var key = vector.Group.TryGetProperty("public", out var found) ? found : vector.Group.GetProperty("private");
        var set = key.TryGetProperty("keys", out _) ? key.GetRawText() : $$"""{"keys":[{{key.GetRawText()}}]}""";
        return !KeySet.Parse(Encoding.UTF8.GetBytes(set)).Failed(out _, out var keys)
            && !CompactJws.Parse(text, 16384).Failed(out _, out var parsed)
            && parsed.Verify(keys, Policy) is null;
    }

    private static bool Es256(Vector vector, WycheproofFile file) => Signature(vector, "ES256");

    private static bool Ps256(Vector vector, WycheproofFile file) => Signature(vector, "PS256");

    /// <summary>A bare signature over bytes, with its own key. The message is no JWS, so this asks where every JWS ends up.</summary>
    private static bool Signature(Vector vector, string alg)
    {
        var jwk = new JsonObject();
        var key = vector.Group.GetProperty("publicKey");
        if (vector.Group.TryGetProperty("publicKeyJwk", out var given) || vector.Group.TryGetProperty("keyJwk", out given)) jwk = JsonNode.Parse(given.GetRawText())!.AsObject();
        else if (key.TryGetProperty("modulus", out var modulus))
            (jwk["kty"], jwk["n"], jwk["e"]) = ("RSA", Number(modulus), Number(key.GetProperty("publicExponent")));
        else
            (jwk["kty"], jwk["crv"], jwk["x"], jwk["y"]) = ("EC", "P-256", Number(key.GetProperty("wx")), Number(key.GetProperty("wy")));
        return !JsonWebKey.Parse(JsonElement.Parse(jwk.ToJsonString())).Failed(out _, out var parsed)
            && parsed.Verify(alg, vector.Bytes("msg"), vector.Bytes("sig"));

        static string Number(JsonElement hex)
        {
            var bytes = Convert.FromHexString(hex.GetString()!);
            return Base64Url.EncodeToString(bytes[0] == 0 ? bytes[1..] : bytes);
        }
    }

    /// <summary>The peer's key of an agreement, imported as any JWK.</summary>
    private static bool PeerKey(Vector vector, WycheproofFile file) => !JsonWebKey.Parse(vector.Test.GetProperty("public")).Failed(out _, out _);

    /// <summary>What we do not offer, made up as a JWS and as a JWE in the name of its algorithm, against keys that are good.</summary>
    private static Func<Vector, WycheproofFile, bool> Foreign(string first, string second) => (vector, file) =>
    {
        var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new JsonObject { ["alg"] = file.Algorithm, ["enc"] = file.Algorithm }.ToJsonString()));
        var (one, two) = (Base64Url.EncodeToString(vector.Bytes(first)), Base64Url.EncodeToString(vector.Bytes(second)));
        return new[] { $"{header}.{one}.{two}", $"{header}.{one}.AAAAAAAAAAAAAAAA.{one}.{two}" }.Any(message =>
            !CompactJws.Parse(message, 1 << 20).Failed(out _, out var parsed) && TestKeys.All.Any(key => parsed.Verify(key.PublicKey, Policy) is null));
    };

    /// <param name="Accepted">What the verifier must accept; null means all that are valid.</param>
    /// <param name="MayAccept">Valid vectors that the framework has no way to take.</param>
    /// <param name="Loose">Invalid vectors that the framework is known to take.</param>
    private sealed record Entry(
        string GroupType,
        int Count,
        int Valid,
        int Invalid,
        int Acceptable,
        Func<Vector, WycheproofFile, bool> Verifier,
        int[]? Accepted,
        Func<Vector, bool>? Primitive = null,
        Func<Vector, bool>? MayAccept = null,
        int[]? Loose = null);
}
