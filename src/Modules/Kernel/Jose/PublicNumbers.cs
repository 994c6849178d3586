using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace OpenBanking.Kernel.Jose;

/// <summary>The numbers of a public key, and the one algorithm that they are good for.</summary>
internal abstract class PublicNumbers
{
    public abstract string KeyType { get; }

    public abstract string Algorithm { get; }

    /// <summary>The members that RFC 7638 hashes, in its order.</summary>
    public abstract IReadOnlyList<(string Name, string Value)> Members { get; }

    public static PublicNumbers Of(RSAParameters key) => new RsaNumbers(key.Modulus!, key.Exponent!);

    public static PublicNumbers Of(ECParameters key) => new EcNumbers(key.Q.X!, key.Q.Y!);

    public static (PublicNumbers? Numbers, JoseFault? Fault) ReadRsa(JsonElement jwk)
    {
        if (!TryRead(jwk, "n", out var n) || !TryRead(jwk, "e", out var e)) return (null, new JoseFault("KEY-09", "an RSA number is missing or not base64url"));
        return RsaPublicKeyRules.FirstBroken(n, e) is { } broken ? (null, broken) : (new RsaNumbers(n, e), null);
    }

    public static (PublicNumbers? Numbers, JoseFault? Fault) ReadEc(JsonElement jwk)
    {
        // KEY-06 asks for 224 bits; ES256 is the one curve signature that is offered, and P-256 its one curve.
        if (Claims.Text(jwk, "crv") is not "P-256") return (null, new JoseFault("KEY-06", "the curve is not P-256"));
        if (!TryRead(jwk, "x", out var x) || !TryRead(jwk, "y", out var y)) return (null, new JoseFault("KEY-09", "a coordinate is missing or not base64url"));
        if (x.Length != P256.FieldBytes || y.Length != P256.FieldBytes) return (null, new JoseFault("KEY-09", "a coordinate is not of the field's length"));
        return P256.IsOnCurve(x, y) ? (new EcNumbers(x, y), null) : (null, new JoseFault("JO-12", "the point is not on its curve"));
    }

    public string Thumbprint()
    {
        // Names and values are base64url or fixed, so nothing needs an escape.
        var canonical = "{" + string.Join(',', Members.OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"\"{member.Name}\":\"{member.Value}\"")) + "}";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }

    /// <summary>Whether the certificate is for this key.</summary>
    public bool AreThoseOf(byte[] der)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return certificate.RawDataMemory.Span.SequenceEqual(der) && Match(certificate);
        }
        catch (Exception malformed) when (malformed is CryptographicException or PlatformNotSupportedException or ArgumentException)
        {
            return false; // There is no way to load a certificate, or its key, that answers without an exception.
        }
    }

    public bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature) => VerifyHash(SHA256.HashData(input), signature);

    /// <summary>The same of an input that is known by its SHA-256, which all algorithms here begin with.</summary>
    public abstract bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature);

    protected abstract bool Match(X509Certificate2 certificate);

    private static bool TryRead(JsonElement jwk, string name, out byte[] bytes)
    {
        bytes = [];
        if (!StrictBase64Url.TryDecode(Claims.Text(jwk, name), out var decoded) || decoded.Length == 0) return false;
        bytes = decoded;
        return true;
    }

    private sealed class RsaNumbers : PublicNumbers
    {
        private readonly RSAParameters key;
        private readonly KeyPool<RSA> pool;

        public RsaNumbers(byte[] n, byte[] e)
        {
            key = new RSAParameters { Modulus = n, Exponent = e };
            pool = new KeyPool<RSA>(() => RSA.Create(key));
        }

        public override string KeyType => "RSA";

        public override string Algorithm => "PS256";

        public override IReadOnlyList<(string Name, string Value)> Members =>
            [("kty", KeyType), ("n", Base64Url.EncodeToString(key.Modulus)), ("e", Base64Url.EncodeToString(key.Exponent))];

        /// <summary>SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, which is what this padding means to the framework (KEY-08).</summary>
        public override bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
        {
            if (signature.Length != key.Modulus!.Length) return false;
            var rsa = pool.Rent();
            var verified = rsa.VerifyHash(hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
            pool.Return(rsa);
            return verified;
        }

        protected override bool Match(X509Certificate2 certificate)
        {
            using var other = certificate.GetRSAPublicKey();
            return other?.ExportParameters(includePrivateParameters: false) is { } found
                && key.Modulus.AsSpan().SequenceEqual(found.Modulus) && key.Exponent.AsSpan().SequenceEqual(found.Exponent);
        }
    }

    private sealed class EcNumbers : PublicNumbers
    {
        private readonly ECParameters key;
        private readonly KeyPool<ECDsa> pool;

        public EcNumbers(byte[] x, byte[] y)
        {
            key = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } };
            pool = new KeyPool<ECDsa>(() => ECDsa.Create(key));
        }

        public override string KeyType => "EC";

        public override string Algorithm => "ES256";

        public override IReadOnlyList<(string Name, string Value)> Members =>
            [("kty", KeyType), ("crv", "P-256"), ("x", Base64Url.EncodeToString(key.Q.X)), ("y", Base64Url.EncodeToString(key.Q.Y))];

        /// <summary>R then S, 32 bytes each; DER has no place here (KEY-08).</summary>
        public override bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
        {
            if (signature.Length != P256.SignatureBytes) return false;
            var ecdsa = pool.Rent();
            var verified = ecdsa.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            pool.Return(ecdsa);
            return verified;
        }

        protected override bool Match(X509Certificate2 certificate)
        {
            using var other = certificate.GetECDsaPublicKey();
            return other?.ExportParameters(includePrivateParameters: false) is { } found
                && key.Q.X.AsSpan().SequenceEqual(found.Q.X) && key.Q.Y.AsSpan().SequenceEqual(found.Q.Y);
        }
    }
}
