using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Kernel;

/// <summary>
/// A bearer secret at the moment it is made: 32 random bytes as base64url (KEY-15, F1-23). Only <see cref="Hash"/> is ever stored
/// (KEY-18), so who reads the database cannot use what it holds.
/// </summary>
public sealed record Handle(string Value, byte[] Hash)
{
    private const int Bytes = 32;

    /// <summary>A new secret from the system's generator, with 256 bits of entropy.</summary>
    public static Handle New()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        var value = Base64Url.EncodeToString(bytes);
        return new Handle(value, HashOf(value));
    }

    /// <summary>The hash under which a presented secret would be stored (SHA-256 of its UTF-8).</summary>
    public static byte[] HashOf(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));

    /// <summary>The short stand-in that logs may carry for a secret (HTTP-18).</summary>
    public override string ToString() => Convert.ToHexStringLower(Hash.AsSpan(0, 6));
}
