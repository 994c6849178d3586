using System.Buffers.Text;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using static OpenBanking.Kernel.Tests.Jose.TestKeys;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>Good messages and what an attacker makes of them, for the JO rows of the attack catalogue.</summary>
internal static class AttackMessages
{
    internal static readonly KeySet Client = Set(Es256.PublicKey.ToJson(), Ps256.PublicKey.ToJson());

    /// <summary>Refused for this reason, and a good message is taken before and after.</summary>
    internal static void Refused(string rule, string message, bool control = true)
    {
        if (control) Assert.Null(Verify(Jws.Sign(Es256, "JWT", Payload), Client));
        Assert.Equal(rule, Verify(message, Client)?.Rule);
        if (control) Assert.Null(Verify(Jws.Sign(Ps256, null, Payload), Client));
    }

    internal static void Altered(string? rule, SigningKey key, Func<byte[], byte[]> alter) => Altered(rule, key, (signature, _) => alter(signature));

    /// <summary>A good message, and the same with another signature.</summary>
    internal static void Altered(string? rule, SigningKey key, Func<byte[], byte[], byte[]> alter)
    {
        var message = Jws.Sign(key, "JWT", Payload);
        var (input, signature) = Split(message);
        Assert.Null(Verify(message, Client));
        Assert.Equal(rule, Verify(input + "." + Base64Url.EncodeToString(alter(signature, Encoding.ASCII.GetBytes(input))), Client)?.Rule);
        Assert.Null(Verify(message, Client));
    }

    internal static JoseFault? Verify(string message, KeySet keys) =>
        Jws.Parse(message).Failed(out var fault, out var jws) ? fault : jws.Verify(keys, TestKeys.Policy);

    internal static JsonObject Header(SigningKey key) => new() { ["alg"] = key.Algorithm, ["kid"] = key.KeyId };

    internal static JsonObject ProofHeader(SigningKey key) =>
        new() { ["alg"] = key.Algorithm, ["typ"] = "dpop+jwt", ["jwk"] = key.PublicKey.ToJson() };

    internal static string Signed(SigningKey key, string header, string? payload = null)
    {
        var input = Input(header, payload ?? Payload.ToJsonString());
        return input + "." + Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(input)));
    }

    internal static string Input(string header, string payload) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));

    internal static (string Input, byte[] Signature) Split(string message)
    {
        var dot = message.LastIndexOf('.');
        return (message[..dot], Base64Url.DecodeFromChars(message.AsSpan(dot + 1)));
    }

    internal static byte[] Number(string name, byte[] signature)
    {
        var n = BigInteger.Parse("115792089210356248762697446949407573529996955224135760342422259061068512044369");
        var (r, s) = (new BigInteger(signature.AsSpan(0, 32), true, true), new BigInteger(signature.AsSpan(32), true, true));
        var number = name switch
        {
            "r" => r,
            "s" => s,
            "n" => n,
            "n-1" => n - 1,
            "n+1" => n + 1,
            "n-s" => n - s,
            "r+n" => (r + n) % BigInteger.Pow(2, 256),
            _ => BigInteger.Parse(name),
        };
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    internal static byte[] Der(byte[] signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(signature.AsSpan(0, 32).TrimStart((byte)0));
            writer.WriteIntegerUnsigned(signature.AsSpan(32).TrimStart((byte)0));
        }

        return writer.Encode();
    }

    /// <summary>RFC 8017 section 9.1.1 with SHA-256, a salt of any length and any hash in the mask.</summary>
    internal static byte[] SignPss(byte[] input, int saltLength, HashAlgorithmName maskHash)
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Ps256.ToPkcs8(), out _);
        var key = rsa.ExportParameters(includePrivateParameters: true);
        var salt = RandomNumberGenerator.GetBytes(saltLength);
        byte[] hash = SHA256.HashData([.. new byte[8], .. SHA256.HashData(input), .. salt]);
        var block = new byte[key.Modulus!.Length - hash.Length - 1];
        block[^(saltLength + 1)] = 1;
        salt.CopyTo(block, block.Length - saltLength);
        for (var (i, counter) = (0, 0); i < block.Length; counter++)
        {
            foreach (var mask in CryptographicOperations.HashData(maskHash, [.. hash, 0, 0, 0, (byte)counter]))
            {
                if (i < block.Length) block[i++] ^= mask;
            }
        }

        block[0] &= 0x7F;
        var encoded = new BigInteger([.. block, .. hash, 0xBC], isUnsigned: true, isBigEndian: true);
        var signature = BigInteger.ModPow(encoded, new BigInteger(key.D!, true, true), new BigInteger(key.Modulus, true, true))
            .ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[key.Modulus.Length - signature.Length], .. signature];
    }
}
