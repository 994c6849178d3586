using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Identity.Tests.Token;

/// <summary>The hashes of ID tokens, worked out here a second time from OpenID Connect Core 3.1.3.6.</summary>
internal static class IdTokenHash
{
    public static string Of(string text)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(text));
        return Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2));
    }
}
