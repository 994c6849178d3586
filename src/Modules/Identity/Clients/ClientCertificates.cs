using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// Judges certificates as a means of authentication. TLS lets every certificate pass; whether it is trusted is decided here, client
/// by client (MTLS-12).
/// </summary>
internal sealed class ClientCertificates(ClientKeys keys, ClientCertificateAuthorities authorities, RevocationLists revoked, TimeProvider time)
{
    private const int MaxBytes = 16 * 1024;

    /// <summary>The rule that the certificate breaks for this client, or null.</summary>
    public async Task<string?> FaultAsync(Client client, X509Certificate2 certificate, CancellationToken ct)
    {
        if (client.AuthenticationMethod == ClientAuthentication.SelfSignedTlsClientAuth)
            return OwnFault(certificate) ?? (await IsRegisteredAsync(client, certificate, ct) ? null : "MTLS-05");

        if (ChainFault(certificate, client.Roles.Contains("PISP")) is { } fault) return fault;
        return ClientCertificate.Says(certificate, client.CertificateField, client.CertificateValue)
            ? null
            : client.CertificateField == ClientCertificate.SubjectDn ? "MTLS-04" : "MTLS-03";
    }

    /// <summary>What is wrong with the certificate or its way up to an authority, whoever shows it; null if nothing.</summary>
    /// <param name="forPayments">Whether payments are at stake, which may need more certainty (MT-11).</param>
    public string? ChainFault(X509Certificate2 certificate, bool forPayments = true) =>
        OwnFault(certificate) ?? authorities.FirstFault(certificate, revoked, forPayments, time.GetUtcNow());

    private string? OwnFault(X509Certificate2 certificate)
    {
        if (certificate.RawDataMemory.Length > MaxBytes) return "MT-13";
        var now = time.GetUtcNow().UtcDateTime;
        return now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime() || CertificateStrength.IsWeak(certificate)
            ? "MT-03"
            : null;
    }

    private async Task<bool> IsRegisteredAsync(Client client, X509Certificate2 certificate, CancellationToken ct)
    {
        var shown = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        var set = await keys.OfCertificateAsync(client, shown, ct);
        return set is not null && set.Any(registered => CryptographicOperations.FixedTimeEquals(registered, shown));
    }
}

/// <summary>What signature and key of a certificate must have at least (MT-03).</summary>
internal static class CertificateStrength
{
    private const int MinRsaBits = 2048;
    private const int MinEcBits = 256;

    private static readonly HashSet<string> Signatures = new(StringComparer.Ordinal)
    {
        "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13", // RSA with SHA-256, -384, -512
        "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", // ECDSA with SHA-256, -384, -512
    };

    private const string Pss = "1.2.840.113549.1.1.10";

    /// <summary>SHA-256, -384, -512.</summary>
    private static readonly string[] Hashes = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"];

    public static bool IsWeak(X509Certificate2 certificate)
    {
        try
        {
            var signature = certificate.SignatureAlgorithm.Value;
            if (signature == Pss ? !IsStrongPss(certificate) : !Signatures.Contains(signature ?? "")) return true;
            using var rsa = certificate.GetRSAPublicKey();
            if (rsa is not null) return rsa.KeySize < MinRsaBits;
            using var ec = certificate.GetECDsaPublicKey();
            return ec is null || ec.KeySize < MinEcBits;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or AsnContentException)
        {
            return true; // A key that cannot be read, such as on a curve of its own making.
        }
    }

    /// <summary>RSASSA-PSS does not say its hash in its name but in parameters, and leaves them out where it is SHA-1 (RFC 4055 3.1).</summary>
    private static bool IsStrongPss(X509Certificate2 certificate)
    {
        var whole = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence();
        whole.ReadEncodedValue();
        var algorithm = whole.ReadSequence();
        algorithm.ReadObjectIdentifier();
        var parameters = algorithm.ReadSequence();
        if (Parameter(parameters, 0) is not { } hash || Parameter(parameters, 1) is not { } mask) return false;
        if (!Hashes.Contains(hash.ReadObjectIdentifier(), StringComparer.Ordinal)) return false;

        mask.ReadObjectIdentifier(); // MGF1 is the only one there is.
        return Hashes.Contains(mask.ReadSequence().ReadObjectIdentifier(), StringComparer.Ordinal);

        static AsnReader? Parameter(AsnReader parameters, int number)
        {
            var tag = new Asn1Tag(TagClass.ContextSpecific, number);
            return parameters.HasData && parameters.PeekTag().HasSameClassAndValue(tag) ? parameters.ReadSequence(tag).ReadSequence() : null;
        }
    }
}

/// <summary>The CAs whose client certificates count (MTLS-02).</summary>
internal sealed class ClientCertificateAuthorities
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private readonly Lazy<X509Certificate2Collection> certificates;

    public ClientCertificateAuthorities(IOptions<AuthorizationServerOptions> options) => certificates = new(() =>
    {
        var all = new X509Certificate2Collection();
        if (options.Value.ClientCertificateAuthorities is { } configured) all.ImportFromPemFile(configured);
        if (options.Value.SandboxClientCertificateAuthority is { } sandbox) all.ImportFromPemFile(sandbox);
        return all;
    });

    /// <summary>
    /// Null where a way leads from the certificate to a configured CA: signatures, validity, path length, usage; and nobody on it is revoked.
    /// </summary>
    public string? FirstFault(X509Certificate2 certificate, RevocationLists revoked, bool forPayments, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        foreach (var authority in certificates.Value)
        {
            var isRoot = authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData);
            (isRoot ? policy.CustomTrustStore : policy.ExtraStore).Add(authority);
        }

        // The addresses in a stranger's certificate are not ours to call.
        policy.DisableCertificateDownloads = true;
        policy.RevocationMode = X509RevocationMode.NoCheck; // Which asks whom the certificate says; ours are below.
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (policy.CustomTrustStore.Count == 0
            || !chain.Build(certificate)
            || chain.ChainElements.Count < 2
            || chain.ChainElements.Skip(1).Any(element => CertificateStrength.IsWeak(element.Certificate)))
        {
            return "MTLS-02";
        }

        var way = chain.ChainElements.Select(element => element.Certificate).ToList();
        return way.Zip(way.Skip(1)).Any(pair => revoked.Refuses(pair.First, pair.Second, forPayments)) ? "MT-11" : null;
    }
}
