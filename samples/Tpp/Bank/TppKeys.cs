using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>The app's private keys. They are made at first start, stay in its data directory, and only the public halves are published.</summary>
internal sealed class TppKeys : IDisposable
{
    private const int RsaBits = 2048;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private TppKeys(SigningKey client, SigningKey dpop, SigningKey message)
    {
        Client = client;
        Dpop = dpop;
        Message = message;
    }

    /// <summary>Signs client assertions; the directory publishes its public half for us.</summary>
    public SigningKey Client { get; }

    /// <summary>What DPoP tokens are bound to; registered nowhere.</summary>
    public SigningKey Dpop { get; }

    /// <summary>Signs what is to be paid; the directory publishes its public half too. The UK standard has PS256 there and nothing else.</summary>
    public SigningKey Message { get; }

    public static TppKeys Load(string directory)
    {
        PrivateDirectory(directory);
        return new TppKeys(
            Key(Path.Combine(directory, "client-key.pem"), "ES256"), Key(Path.Combine(directory, "dpop-key.pem"), "ES256"), Key(Path.Combine(directory, "message-key.pem"), "PS256"));
    }

    /// <summary>The key set that the directory publishes for us.</summary>
    public JsonObject Jwks() => new() { ["keys"] = new JsonArray(Published(Client), Published(Message)) };

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
        Message.Dispose();
    }

    public static void PrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    private static JsonObject Published(SigningKey signing)
    {
        var key = signing.PublicKey.ToJson();
        key["kid"] = signing.KeyId;
        key["use"] = "sig";
        key["alg"] = signing.Algorithm;
        return key;
    }

    private static SigningKey Key(string path, string algorithm)
    {
        if (File.Exists(path))
        {
            using AsymmetricAlgorithm stored = algorithm == "ES256" ? ECDsa.Create() : RSA.Create();
            stored.ImportFromPem(File.ReadAllText(path));
            return SigningKey.FromPkcs8(algorithm, stored.ExportPkcs8PrivateKey());
        }

        var key = SigningKey.Create(algorithm, RsaBits);
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
