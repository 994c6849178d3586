using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>The app's private keys. They are made at first start, stay in its data directory, and only the public halves are published.</summary>
internal sealed class TppKeys : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private TppKeys(SigningKey client, SigningKey dpop)
    {
        Client = client;
        Dpop = dpop;
    }

    /// <summary>Signs client assertions; the directory publishes its public half for us.</summary>
    public SigningKey Client { get; }

    /// <summary>What DPoP tokens are bound to; registered nowhere.</summary>
    public SigningKey Dpop { get; }

    public static TppKeys Load(string directory)
    {
        PrivateDirectory(directory);
        return new TppKeys(Key(Path.Combine(directory, "client-key.pem")), Key(Path.Combine(directory, "dpop-key.pem")));
    }

    /// <summary>The key set that the directory publishes for us.</summary>
    public JsonObject Jwks()
    {
        var key = Client.PublicKey.ToJson();
        key["kid"] = Client.KeyId;
        key["use"] = "sig";
        key["alg"] = Client.Algorithm;
        return new JsonObject { ["keys"] = new JsonArray(key) };
    }

    /// <summary>The certificate for the customer's browser: the one the sandbox issued, or one of our own making.</summary>
    public static X509Certificate2 ServerCertificate(TppOptions options, TimeProvider time)
    {
        if (File.Exists(options.Certificate)) return FromPem(options.Certificate);
        var own = Path.Combine(options.Data, "server.pem");
        if (File.Exists(own) && FromPem(own) is { } kept)
        {
            if (kept.NotAfter.ToUniversalTime() > time.GetUtcNow().UtcDateTime.AddDays(1)) return kept;
            kept.Dispose();
        }

        PrivateDirectory(options.Data);
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var made = request.CreateSelfSigned(time.GetUtcNow().AddMinutes(-5), time.GetUtcNow().AddDays(365));
        WritePrivate(own, made.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return FromPem(own);
    }

    /// <summary>Certificate and key from PEM, the key in the same file or beside it as <c>.key</c>.</summary>
    public static X509Certificate2 FromPem(string path)
    {
        var beside = Path.ChangeExtension(path, ".key");
        return X509Certificate2.CreateFromPemFile(path, File.Exists(beside) ? beside : null);
    }

    public void Dispose()
    {
        Client.Dispose();
        Dpop.Dispose();
    }

    public static void PrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    private static SigningKey Key(string path)
    {
        if (File.Exists(path))
        {
            using var stored = ECDsa.Create();
            stored.ImportFromPem(File.ReadAllText(path));
            return SigningKey.FromPkcs8("ES256", stored.ExportPkcs8PrivateKey());
        }

        var key = SigningKey.Create("ES256");
        WritePrivate(path, PemEncoding.WriteString("PRIVATE KEY", key.ToPkcs8()) + "\n");
        return key;
    }

    public static void WritePrivate(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using var file = new StreamWriter(path, options);
        file.Write(text);
    }
}
