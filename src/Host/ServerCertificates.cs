using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.ResourceServer;

namespace OpenBanking.Host;

/// <summary>
/// The certificate that Host shows. A deployment brings its own; the sandbox has a small authority in the data directory, whose
/// certificate testers trust and which signs client certificates for them too. RSA, because every profile's cipher suites can be
/// had with it and with nothing else (TLS-05).
/// </summary>
internal sealed class ServerCertificates
{
    public const string AuthorityFile = "tls/ca.crt";
    public const string AuthorityKeyFile = "tls/ca.key";
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private const int KeyBits = 2048;
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(397);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan LookAgain = TimeSpan.FromHours(1);

    /// <summary>A certificate with its key, and as a handshake sends it: with the certificates between it and its root.</summary>
    public sealed record Shown(X509Certificate2 Certificate, SslStreamCertificateContext Handshake)
    {
        public static Shown Of(X509Certificate2 certificate, X509Certificate2Collection? chain = null) =>
            new(certificate, SslStreamCertificateContext.Create(certificate, chain, offline: true));
    }

    private readonly Lock door = new();
    private readonly Func<DateTimeOffset, Shown> load;
    private readonly TimeProvider clock;
    private Shown current;
    private DateTimeOffset lookAgainAt;

    private ServerCertificates(Func<DateTimeOffset, Shown> load, TimeProvider clock)
    {
        this.load = load;
        this.clock = clock;
        current = load(clock.GetUtcNow());
        lookAgainAt = clock.GetUtcNow() + LookAgain;
    }

    /// <summary>The certificate for the next handshake; a renewed one is picked up without a restart.</summary>
    public Shown Current
    {
        get
        {
            lock (door)
            {
                var now = clock.GetUtcNow();
                if (now < lookAgainAt) return current;
                lookAgainAt = now + LookAgain;
                return current = load(now);
            }
        }
    }

    /// <summary>A certificate that the deployment brings, as two PEM files.</summary>
    public static ServerCertificates FromFiles(string certificateFile, string keyFile, TimeProvider clock)
    {
        DataDirectory.RefuseLooseRights(keyFile);
        return new ServerCertificates(
            _ =>
            {
                try
                {
                    // A browser that does not know an authority in between needs it from us, so the whole file is sent.
                    var chain = new X509Certificate2Collection();
                    chain.ImportFromPemFile(certificateFile);
                    return Shown.Of(X509Certificate2.CreateFromPemFile(certificateFile, keyFile), chain);
                }
                catch (Exception problem) when (problem is IOException or CryptographicException or UnauthorizedAccessException)
                {
                    throw new SettingsException($"Tls__CertificateFile and Tls__KeyFile must be a certificate and its key as PEM files: {problem.Message}");
                }
            },
            clock);
    }

    /// <summary>The sandbox's own certificates in the data directory, made where they are missing, renewed before they expire.</summary>
    public static ServerCertificates OfSandbox(DataDirectory data, IReadOnlyList<string> hostNames, TimeProvider clock)
    {
        data.Folder("tls");
        return new ServerCertificates(now => Shown.Of(LoadOrIssue(data, "tls/server", hostNames, now)), clock);
    }

    /// <summary>A certificate of the sandbox's authority for the sample third party's own pages, written beside Host's.</summary>
    public static void IssueForSample(DataDirectory data, string name, TimeProvider clock) =>
        LoadOrIssue(data, name, Transport.LocalNames, clock.GetUtcNow()).Dispose();

    /// <summary>A client certificate of the sandbox's authority for somebody's own key, as PEM.</summary>
    /// <param name="roles">What the owner may be; the certificate limits it to that (MT-10).</param>
    public static string IssueClientCertificate(DataDirectory data, X500DistinguishedName subject, PublicKey key, IReadOnlyList<string> roles, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        data.Folder("tls");
        using var authority = LoadOrMakeAuthority(data, now);
        using var signing = authority.GetRSAPrivateKey()!;
        var request = WithUse(new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), authority, ForClients);
        request.CertificateExtensions.Add(Roles(roles));
        var generator = X509SignatureGenerator.CreateForRSA(signing, RSASignaturePadding.Pkcs1);
        using var issued = request.Create(authority.SubjectName, generator, now.AddMinutes(-5), now + Lifetime, SerialNumber());
        return issued.ExportCertificatePem();
    }

    /// <summary>The authority in the data directory, made where it is missing: certificate and key as one PEM text.</summary>
    public static string ReadAuthority(DataDirectory data, TimeProvider clock)
    {
        data.Folder("tls");
        using var authority = LoadOrMakeAuthority(data, clock.GetUtcNow());
        using var key = authority.GetRSAPrivateKey()!;
        return $"{authority.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    /// <summary>Puts another host's authority in the place of this data directory's; what that one had signed is then issued anew.</summary>
    public static void TakeAuthority(DataDirectory data, string pem)
    {
        using var authority = X509Certificate2.CreateFromPem(pem, pem);
        data.Folder("tls");
        if (data.Read(AuthorityFile) is { } known && known.Trim() == authority.ExportCertificatePem()) return;
        using var key = authority.GetRSAPrivateKey()!;
        data.Write(AuthorityKeyFile, key.ExportPkcs8PrivateKeyPem());
        data.Write(AuthorityFile, authority.ExportCertificatePem());
    }

    /// <summary>Whether it lives longer than what it would sign now.</summary>
    public static bool IsUsableAuthority(string pem, TimeProvider clock)
    {
        using var authority = X509Certificate2.CreateFromPem(pem, pem);
        return EndOf(authority) - Lifetime > clock.GetUtcNow();
    }

    private static X509Certificate2 LoadOrIssue(DataDirectory data, string name, IReadOnlyList<string> hostNames, DateTimeOffset now)
    {
        using var authority = LoadOrMakeAuthority(data, now);
        if (data.ReadSecret($"{name}.key") is { } key && data.Read($"{name}.crt") is { } pem)
        {
            var known = X509Certificate2.CreateFromPem(pem, key);
            if (EndOf(known) - RenewBefore > now
                && known.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData)
                && hostNames.All(host => known.MatchesHostname(host)))
            {
                return known;
            }

            known.Dispose();
        }

        using var fresh = RSA.Create(KeyBits);
        var request = Leaf("CN=localhost, O=OpenBanking sandbox", fresh, authority, ForServers);
        request.CertificateExtensions.Add(Names(hostNames));
        using var issued = request.Create(authority, now.AddMinutes(-5), now + Lifetime, SerialNumber());
        data.Write($"{name}.key", fresh.ExportPkcs8PrivateKeyPem());
        data.Write($"{name}.crt", issued.ExportCertificatePem());
        return X509Certificate2.CreateFromPem(issued.ExportCertificatePem(), fresh.ExportPkcs8PrivateKeyPem());
    }

    private static CertificateRequest Leaf(string subject, RSA key, X509Certificate2 authority, string use) =>
        WithUse(new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), authority, use);

    private static CertificateRequest WithUse(CertificateRequest request, X509Certificate2 authority, string use)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        return request;
    }

    private static X509Certificate2 LoadOrMakeAuthority(DataDirectory data, DateTimeOffset now)
    {
        if (data.ReadSecret(AuthorityKeyFile) is { } key && data.Read(AuthorityFile) is { } pem)
        {
            var known = X509Certificate2.CreateFromPem(pem, key);
            if (EndOf(known) - Lifetime > now) return known;
            known.Dispose();
        }

        using var fresh = RSA.Create(KeyBits);

        // A name of its own for each, so that a trust store may hold several sandboxes.
        var subject = $"CN=OpenBanking sandbox CA {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}, O=OpenBanking sandbox";
        var request = new CertificateRequest(subject, fresh, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var made = request.CreateSelfSigned(now.AddMinutes(-5), now + AuthorityLifetime);
        data.Write(AuthorityKeyFile, fresh.ExportPkcs8PrivateKeyPem());
        data.Write(AuthorityFile, made.ExportCertificatePem());
        return X509Certificate2.CreateFromPem(made.ExportCertificatePem(), fresh.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The statement of a PSD2 certificate (ETSI TS 119 495, 5.1).</summary>
    private static X509Extension Roles(IReadOnlyList<string> roles)
    {
        var statements = new AsnWriter(AsnEncodingRules.DER);
        using (statements.PushSequence())
        using (statements.PushSequence())
        {
            statements.WriteObjectIdentifier(CertificateRoles.Statement);
            using (statements.PushSequence())
            {
                using (statements.PushSequence())
                {
                    foreach (var (name, id, _) in CertificateRoles.All.Where(known => roles.Contains(known.Role, StringComparer.Ordinal)))
                    {
                        using var role = statements.PushSequence();
                        statements.WriteObjectIdentifier(id);
                        statements.WriteCharacterString(UniversalTagNumber.UTF8String, name);
                    }
                }

                statements.WriteCharacterString(UniversalTagNumber.UTF8String, "Financial Conduct Authority");
                statements.WriteCharacterString(UniversalTagNumber.UTF8String, "GB-FCA");
            }
        }

        return new X509Extension(CertificateRoles.Extension, statements.Encode(), critical: false);
    }

    private static X509Extension Names(IReadOnlyList<string> hostNames)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in hostNames)
        {
            if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(name);
        }

        return names.Build();
    }

    private static DateTimeOffset EndOf(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    private static byte[] SerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40); // Positive, and as long as it says.
        return serial;
    }
}
