using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.Testing;

/// <summary>Makes certificates for tests: authorities, client leaves by an authority or by themselves.</summary>
public static class TestCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>A certificate authority with its key.</summary>
    public static X509Certificate2 Authority(string subject = "CN=Test CA, O=OpenBanking tests", int? pathLength = 0)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, pathLength is not null, pathLength ?? 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        return Usable(made);
    }

    /// <summary>A client's certificate, signed by an authority.</summary>
    /// <param name="subject">Distinguished name, e.g. <c>CN=tpp-1, O=Budget App Ltd, C=GB</c>.</param>
    /// <param name="uses">Extended key usages; null is client authentication.</param>
    public static X509Certificate2 Client(
        X509Certificate2 authority,
        string subject,
        IEnumerable<string>? dns = null,
        IEnumerable<Uri>? uris = null,
        IEnumerable<IPAddress>? addresses = null,
        IEnumerable<string>? emails = null,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null,
        IReadOnlyList<string>? uses = null,
        X509Extension? extension = null) =>
        Client(authority, new X500DistinguishedName(subject), dns, uris, addresses, emails, notBefore, notAfter, uses, extension);

    /// <inheritdoc cref="Client(X509Certificate2, string, IEnumerable{string}?, IEnumerable{Uri}?, IEnumerable{IPAddress}?, IEnumerable{string}?, DateTimeOffset?, DateTimeOffset?, IReadOnlyList{string}?, X509Extension?)"/>
    public static X509Certificate2 Client(
        X509Certificate2 authority,
        X500DistinguishedName subject,
        IEnumerable<string>? dns = null,
        IEnumerable<Uri>? uris = null,
        IEnumerable<IPAddress>? addresses = null,
        IEnumerable<string>? emails = null,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null,
        IReadOnlyList<string>? uses = null,
        X509Extension? extension = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Leaf(subject, key, dns, uris, addresses, emails, uses);
        if (extension is not null) request.CertificateExtensions.Add(extension);
        var now = DateTimeOffset.UtcNow;
        var generator = authority.GetRSAPrivateKey() is { } rsa
            ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa(authority.GetECDsaPrivateKey()!);
        using var issued = request.Create(
            authority.SubjectName, generator, notBefore ?? now.AddMinutes(-5), notAfter ?? now.AddDays(90), Serial());
        using var withKey = issued.CopyWithPrivateKey(key);
        return Usable(withKey);
    }

    /// <summary>A client's certificate, signed by nobody but itself.</summary>
    public static X509Certificate2 SelfSigned(string subject = "CN=self-signed client", DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Leaf(new X500DistinguishedName(subject), key, null, null, null, null, null);
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(notBefore ?? now.AddMinutes(-5), notAfter ?? now.AddDays(90));
        return Usable(made);
    }

    /// <summary><c>x5t#S256</c> of a certificate.</summary>
    public static string Thumbprint(X509Certificate2 certificate) =>
        System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(certificate.RawData));

    private static CertificateRequest Leaf(
        X500DistinguishedName subject,
        ECDsa key,
        IEnumerable<string>? dns,
        IEnumerable<Uri>? uris,
        IEnumerable<IPAddress>? addresses,
        IEnumerable<string>? emails,
        IReadOnlyList<string>? uses)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        var usages = new OidCollection();
        foreach (var use in uses ?? [ClientAuthentication]) usages.Add(new Oid(use));
        if (usages.Count > 0) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        var names = new SubjectAlternativeNameBuilder();
        var any = false;
        foreach (var name in dns ?? []) Add(() => names.AddDnsName(name));
        foreach (var uri in uris ?? []) Add(() => names.AddUri(uri));
        foreach (var address in addresses ?? []) Add(() => names.AddIpAddress(address));
        foreach (var email in emails ?? []) Add(() => names.AddEmailAddress(email));
        if (any) request.CertificateExtensions.Add(names.Build());
        return request;

        void Add(Action add)
        {
            any = true;
            add();
        }
    }

    // A key that was just made must be written out and read again before TLS will use it.
    private static X509Certificate2 Usable(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }
}
