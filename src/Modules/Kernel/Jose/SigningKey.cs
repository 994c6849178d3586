using System.Security.Cryptography;

namespace OpenBanking.Kernel.Jose;

/// <summary>A private key that makes signatures; may be used by any number of callers at once.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly byte[] pkcs8;
    private readonly KeyPool<RSA>? rsa;
    private readonly KeyPool<ECDsa>? ecdsa;

    private SigningKey(byte[] pkcs8, KeyPool<RSA>? rsa, KeyPool<ECDsa>? ecdsa, JsonWebKey publicKey)
    {
        this.pkcs8 = pkcs8;
        this.rsa = rsa;
        this.ecdsa = ecdsa;
        PublicKey = publicKey;
    }

    public string Algorithm => PublicKey.Algorithm!;

    /// <summary>The thumbprint, so that no two keys can share it (KEY-13).</summary>
    public string KeyId => PublicKey.Thumbprint;

    public JsonWebKey PublicKey { get; }

    /// <summary>A new key.</summary>
    /// <param name="alg">ES256 or PS256.</param>
    /// <param name="rsaBits">For PS256; 3072 is what we use for our own.</param>
    public static SigningKey Create(string alg, int rsaBits = 3072)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rsaBits, RsaPublicKeyRules.MinBits);
        if (alg == "ES256")
        {
            using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return FromPkcs8(alg, curve.ExportPkcs8PrivateKey());
        }

        using var key = RSA.Create(rsaBits);
        return FromPkcs8(alg, key.ExportPkcs8PrivateKey());
    }

    /// <summary>A stored key. It is ours, so one that does not fit is a broken installation, not a refusal: it throws.</summary>
    public static SigningKey FromPkcs8(string alg, ReadOnlySpan<byte> pkcs8)
    {
        var copy = pkcs8.ToArray();
        switch (alg)
        {
            case "ES256":
                var curves = new KeyPool<ECDsa>(() => ImportEcdsa(copy));
                var curve = curves.Rent();
                var ecPublic = JsonWebKey.Of(curve, alg);
                curves.Return(curve);
                return new SigningKey(copy, null, curves, ecPublic);
            case "PS256":
                var keys = new KeyPool<RSA>(() => ImportRsa(copy));
                var key = keys.Rent();
                var rsaPublic = JsonWebKey.Of(key, alg);
                keys.Return(key);
                return new SigningKey(copy, keys, null, rsaPublic);
            default:
                throw new ArgumentOutOfRangeException(nameof(alg), "Only ES256 and PS256 are made (KEY-01).");
        }
    }

    /// <summary>The private key, for whoever stores it encrypted.</summary>
    public byte[] ToPkcs8() => [.. pkcs8];

    public byte[] Sign(ReadOnlySpan<byte> input)
    {
        if (ecdsa is not null)
        {
            var curve = ecdsa.Rent();
            var signature = curve.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            ecdsa.Return(curve);
            return signature;
        }

        var key = rsa!.Rent();
        var made = key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        rsa.Return(key);
        return made;
    }

    public void Dispose()
    {
        rsa?.Close();
        ecdsa?.Close();
        CryptographicOperations.ZeroMemory(pkcs8);
    }

    private static ECDsa ImportEcdsa(byte[] pkcs8)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value) return key;
        key.Dispose();
        throw new CryptographicException("The stored signing key is not on P-256.");
    }

    private static RSA ImportRsa(byte[] pkcs8)
    {
        var key = RSA.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        if (key.KeySize >= RsaPublicKeyRules.MinBits) return key;
        key.Dispose();
        throw new CryptographicException("The stored signing key is too small.");
    }
}
