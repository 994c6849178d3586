using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// Judges certificates as a means of authentication. TLS lets every certificate pass; whether it is trusted is decided here, client
/// by client (MTLS-12).
/// </summary>
internal sealed class ClientCertificates(ClientKeys keys, ClientCertificateAuthorities authorities, TimeProvider time)
{
    private const int MaxBytes = 16 * 1024;

    /// <summary>The rule that the certificate breaks for this client, or null.</summary>
    public async Task<string?> FaultAsync(Client client, X509Certificate2 certificate, CancellationToken ct)
    {
        if (client.AuthenticationMethod == ClientAuthentication.SelfSignedTlsClientAuth)
            return OwnFault(certificate) ?? (await IsRegisteredAsync(client, certificate, ct) ? null : "MTLS-05");

        if (ChainFault(certificate) is { } fault) return fault;
        return ClientCertificate.Says(certificate, client.CertificateField, client.CertificateValue)
            ? null
            : client.CertificateField == ClientCertificate.SubjectDn ? "MTLS-04" : "MTLS-03";
    }

    /// <summary>What is wrong with the certificate or its way up to an authority, whoever shows it; null if nothing.</summary>
    public string? ChainFault(X509Certificate2 certificate) =>
        OwnFault(certificate) ?? (authorities.Vouch(certificate, time.GetUtcNow()) ? null : "MTLS-02");

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
        "1.2.840.113549.1.1.10", // RSASSA-PSS
        "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13", // RSA with SHA-256, -384, -512
        "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", // ECDSA with SHA-256, -384, -512
    };

    public static bool IsWeak(X509Certificate2 certificate)
    {
        if (!Signatures.Contains(certificate.SignatureAlgorithm.Value ?? "")) return true;
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            if (rsa is not null) return rsa.KeySize < MinRsaBits;
            using var ec = certificate.GetECDsaPublicKey();
            return ec is null || ec.KeySize < MinEcBits;
        }
        catch (CryptographicException)
        {
            return true; // A key that cannot be read, such as on a curve of its own making.
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

    /// <summary>Whether a way leads from the certificate to a configured CA: signatures, validity, path length, usage.</summary>
    public bool Vouch(X509Certificate2 certificate, DateTimeOffset now)
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
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy.CustomTrustStore.Count > 0
            && chain.Build(certificate)
            && chain.ChainElements.Count > 1
            && !chain.ChainElements.Skip(1).Any(element => CertificateStrength.IsWeak(element.Certificate));
    }
}
