using System.Buffers.Text;
using System.Security.Cryptography;
using static OpenBanking.Kernel.Tests.Jose.WycheproofFile;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>The framework's answer to a vector. An exception that says so is a refusal; any other is a failure of the test.</summary>
internal static class WycheproofPrimitives
{
    public static bool EcdsaP1363(Vector vector) => Refusing(() =>
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(vector.GroupBytes("publicKeyDer"), out _);
        return key.VerifyData(vector.Bytes("msg"), vector.Bytes("sig"), Hash(vector), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    });

    public static bool EcdsaDer(Vector vector) => Refusing(() =>
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(vector.GroupBytes("publicKeyDer"), out _);
        return key.VerifyData(vector.Bytes("msg"), vector.Bytes("sig"), Hash(vector), DSASignatureFormat.Rfc3279DerSequence);
    });

    public static bool RsaPss(Vector vector) => Rsa(vector, RSASignaturePadding.Pss);

    public static bool RsaPkcs1(Vector vector) => Rsa(vector, RSASignaturePadding.Pkcs1);

    // A vector with a label asks for what the framework does not offer and JWE never uses: it is decrypted without, which must fail.
    public static bool RsaOaep(Vector vector) => Refusing(() =>
    {
        using var key = RSA.Create();
        key.ImportPkcs8PrivateKey(vector.GroupBytes("privateKeyPkcs8"), out _);
        var padding = vector.GroupText("sha") == "SHA-1" ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        return key.Decrypt(vector.Bytes("ct"), padding).AsSpan().SequenceEqual(vector.Bytes("msg"));
    });

    public static bool RsaOaepMayAccept(Vector vector) => vector.Bytes("label").Length == 0;

    public static bool EcdhWebcrypto(Vector vector) => Refusing(() =>
    {
        var (mine, peer) = (vector.Test.GetProperty("private"), vector.Test.GetProperty("public"));
        if (peer.GetProperty("crv").GetString() != "P-256") return false;
        using var own = ECDiffieHellman.Create(Point(mine, Base64Url.DecodeFromChars(mine.GetProperty("d").GetString())));
        using var other = ECDiffieHellman.Create(Point(peer, null));
        return own.DeriveRawSecretAgreement(other.PublicKey).AsSpan().SequenceEqual(vector.Bytes("shared"));

        static ECParameters Point(System.Text.Json.JsonElement jwk, byte[]? d) => new()
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = d,
            Q = { X = Base64Url.DecodeFromChars(jwk.GetProperty("x").GetString()), Y = Base64Url.DecodeFromChars(jwk.GetProperty("y").GetString()) },
        };
    });

    public static bool EcdhPoint(Vector vector) => Refusing(() =>
    {
        var point = vector.Bytes("public");
        if (point.Length != 65 || point[0] != 4) return false; // The framework reads no compressed points.
        using var other = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = { X = point[1..33], Y = point[33..] } });
        return AgreesWith(vector, other);
    });

    public static bool EcdhSpki(Vector vector) => Refusing(() =>
    {
        using var other = ECDiffieHellman.Create();
        other.ImportSubjectPublicKeyInfo(vector.Bytes("public"), out var read);
        return read == vector.Bytes("public").Length
            && other.ExportParameters(includePrivateParameters: false).Curve is { IsNamed: true } // A curve of the sender's own making is not P-256.
            && AgreesWith(vector, other);
    });

    public static bool AesGcm(Vector vector) => AesGcmMayAccept(vector) && Refusing(() =>
    {
        using var aes = new AesGcm(vector.Bytes("key"), tagSizeInBytes: 16);
        var plain = new byte[vector.Bytes("ct").Length];
        aes.Decrypt(vector.Bytes("iv"), vector.Bytes("ct"), vector.Bytes("tag"), plain, vector.Bytes("aad"));
        return plain.AsSpan().SequenceEqual(vector.Bytes("msg"));
    });

    /// <summary>The framework takes only the sizes that JWE allows.</summary>
    public static bool AesGcmMayAccept(Vector vector) => vector.Number("ivSize") == 96 && vector.Number("tagSize") == 128;

    public static bool AesKeyWrapPadded(Vector vector) => Refusing(() =>
    {
        using var aes = Aes.Create();
        aes.Key = vector.Bytes("key");
        return aes.DecryptKeyWrapPadded(vector.Bytes("ct")).AsSpan().SequenceEqual(vector.Bytes("msg"));
    });

    public static bool HmacSha256(Vector vector) => TagIs(vector, HMACSHA256.HashData(vector.Bytes("key"), vector.Bytes("msg")));

    public static bool HmacSha512(Vector vector) => TagIs(vector, HMACSHA512.HashData(vector.Bytes("key"), vector.Bytes("msg")));

    public static bool Hkdf(Vector vector) => Refusing(() =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, vector.Bytes("ikm"), vector.Number("size"), vector.Bytes("salt"), vector.Bytes("info"))
            .AsSpan().SequenceEqual(vector.Bytes("okm")));

    public static bool Pbkdf2(Vector vector) => Refusing(() =>
        Rfc2898DeriveBytes.Pbkdf2(
                vector.Bytes("password"), vector.Bytes("salt"), vector.Number("iterationCount"), HashAlgorithmName.SHA256, vector.Number("dkLen"))
            .AsSpan().SequenceEqual(vector.Bytes("dk")));

    private static bool TagIs(Vector vector, byte[] full) =>
        CryptographicOperations.FixedTimeEquals(full.AsSpan(0, vector.Number("tagSize") / 8), vector.Bytes("tag"));

    private static bool Rsa(Vector vector, RSASignaturePadding padding) => Refusing(() =>
    {
        using var key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(vector.GroupBytes("publicKeyDer"), out _);
        return key.VerifyData(vector.Bytes("msg"), vector.Bytes("sig"), Hash(vector), padding);
    });

    private static bool AgreesWith(Vector vector, ECDiffieHellman other)
    {
        using var own = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Scalar(vector.Bytes("private")) });
        return own.DeriveRawSecretAgreement(other.PublicKey).AsSpan().SequenceEqual(vector.Bytes("shared"));
    }

    // A number of 256 bits, written with a sign byte or without its leading zeros.
    private static byte[] Scalar(byte[] number)
    {
        var scalar = new byte[32];
        var significant = number.AsSpan().TrimStart((byte)0);
        significant.CopyTo(scalar.AsSpan(32 - significant.Length));
        return scalar;
    }

    private static HashAlgorithmName Hash(Vector vector) => vector.GroupText("sha") switch
    {
        "SHA-1" => HashAlgorithmName.SHA1,
        "SHA-256" => HashAlgorithmName.SHA256,
        "SHA-384" => HashAlgorithmName.SHA384,
        "SHA-512" => HashAlgorithmName.SHA512,
        var other => throw new InvalidOperationException("unknown hash " + other),
    };

    private static bool Refusing(Func<bool> accepts)
    {
        try
        {
            return accepts();
        }
        catch (Exception refusal) when (refusal is CryptographicException or ArgumentException or PlatformNotSupportedException)
        {
            return false;
        }
    }
}
