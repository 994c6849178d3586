using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Npgsql;

namespace OpenBanking.Host;

/// <summary>
/// The framework's key ring (OP-05): in the database, so that all hosts have the same, and encrypted there with a key that is not in
/// the database, so that a copy of the database opens nothing.
/// </summary>
internal static class KeyRing
{
    /// <summary>The setting that names the file with the key: 32 bytes as base64.</summary>
    public const string FileSetting = "KeyEncryption:File";
    private const int KeyBytes = 32;

    private static readonly TimeSpan KeyLife = TimeSpan.FromDays(90);

    /// <summary>From a key's publication to its first use: every host has read the ring meanwhile.</summary>
    private static readonly TimeSpan ReadEverywhere = TimeSpan.FromDays(2);

    public static void Add(IServiceCollection services, KeyEncryptionKey key)
    {
        services.AddSingleton(key);
        services.AddSingleton<KeyRingTable>();
        services.AddDataProtection().SetApplicationName("OpenBanking");
        services.AddOptions<KeyManagementOptions>().Configure<KeyRingTable, KeyEncryptionKey>((options, table, secret) =>
        {
            options.XmlRepository = table;
            options.XmlEncryptor = new KeyEncryptor(secret);
        });
    }

    /// <summary>Has a key made now, while no other host does the same, so that the first two hosts do not each make one.</summary>
    public static void EnsureKey(IServiceProvider services)
    {
        var keys = services.GetRequiredService<IKeyManager>();
        var now = Server.RealTime.GetUtcNow();
        if (!keys.GetAllKeys().Any(key => !key.IsRevoked && key.ActivationDate <= now && key.ExpirationDate > now))
            keys.CreateNewKey(now, now + KeyLife);
    }

    /// <summary>
    /// Makes the next key at an operator's command. Running hosts read the ring once a day, so it protects only when all of them have it;
    /// what an older key protects stays readable. Where one waits already, none is made.
    /// </summary>
    public static (IKey Key, bool IsNew) Rotate(IServiceProvider services)
    {
        var keys = services.GetRequiredService<IKeyManager>();
        var now = Server.RealTime.GetUtcNow();
        return keys.GetAllKeys().Where(key => !key.IsRevoked && key.ActivationDate > now).MinBy(key => key.ActivationDate) is { } waiting
            ? (waiting, false)
            : (keys.CreateNewKey(now + ReadEverywhere, now + ReadEverywhere + KeyLife), true);
    }

    /// <summary>The key that the settings name; in the sandbox there is one without.</summary>
    public static KeyEncryptionKey KeyOf(IConfiguration configuration) =>
        configuration[FileSetting] is { Length: > 0 } file ? FromFile(file) : OfSandbox(configuration.GetConnectionString("OpenBanking") ?? "");

    /// <summary>The key that a deployment brings.</summary>
    public static KeyEncryptionKey FromFile(string path)
    {
        if (!File.Exists(path)) throw new SettingsException("KeyEncryption__File names a file that is not there.");
        DataDirectory.RefuseLooseRights(path);
        var bytes = new byte[KeyBytes + 1];
        if (!Convert.TryFromBase64String(File.ReadAllText(path).Trim(), bytes, out var length) || length != KeyBytes)
            throw new SettingsException("KeyEncryption__File must hold 32 random bytes as base64 (openssl rand -base64 32).");
        var key = bytes[..KeyBytes];
        return key.Distinct().Count() > 8
            ? new KeyEncryptionKey(key)
            : throw new SettingsException("KeyEncryption__File holds no random key; make one with: openssl rand -base64 32.");
    }

    /// <summary>
    /// The sandbox's key comes from the password of its database, which is random and kept in a file beside it: so a second host that
    /// is given the connection string has the same key ring, and the database's own files still do not open it.
    /// </summary>
    public static KeyEncryptionKey OfSandbox(string connectionString)
    {
        var password = new NpgsqlConnectionStringBuilder(connectionString).Password ?? "";
        return new KeyEncryptionKey(HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(password), KeyBytes, info: "openbanking key ring"u8.ToArray()));
    }
}

/// <summary>32 bytes that encrypt the key ring and are never stored with it.</summary>
internal sealed record KeyEncryptionKey(byte[] Bytes)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>AES-256-GCM, with the nonce and the tag before the text.</summary>
    public string Seal(string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var box = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(Bytes, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes));
        CryptographicOperations.ZeroMemory(plain);
        return Convert.ToBase64String(box);
    }

    /// <summary>What was sealed with this key; an exception for everything else.</summary>
    public string Open(string box64)
    {
        var box = Convert.FromBase64String(box64);
        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(Bytes, TagBytes);
        aes.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), plain);
        return Encoding.UTF8.GetString(plain);
    }

    public override string ToString() => nameof(KeyEncryptionKey);
}

/// <summary>The key ring's table. The framework asks synchronously, at start and once a day.</summary>
internal sealed class KeyRingTable(NpgsqlDataSource database) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var read = database.CreateCommand("SELECT xml FROM host.data_protection_keys ORDER BY id");
        using var rows = read.ExecuteReader();
        var elements = new List<XElement>();
        while (rows.Read()) elements.Add(XElement.Parse(rows.GetString(0)));
        return elements;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var write = database.CreateCommand("INSERT INTO host.data_protection_keys (name, xml) VALUES ($1, $2)");
        write.Parameters.Add(new() { Value = friendlyName });
        write.Parameters.Add(new() { Value = element.ToString(SaveOptions.DisableFormatting) });
        write.ExecuteNonQuery();
    }
}

/// <summary>Encrypts a key of the ring.</summary>
internal sealed class KeyEncryptor(KeyEncryptionKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) =>
        new(new XElement("aes256gcm", key.Seal(plaintextElement.ToString(SaveOptions.DisableFormatting))), typeof(KeyDecryptor));
}

/// <summary>The other direction; the framework makes it by the name stored beside the key, and gives it the container.</summary>
internal sealed class KeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(services.GetRequiredService<KeyEncryptionKey>().Open(encryptedElement.Value));
}
