using System.Buffers;
using System.Security.Cryptography;

namespace OpenBanking.Accounts;

/// <summary>What third parties call an account: 128 random bits in hexadecimal, no number of anything (OB-GEN-13), so
/// that different answers to what is not there and what is not theirs help nobody (OB-HTTP-3).</summary>
internal static class AccountIds
{
    private const int Length = 32;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    public static string New() => RandomNumberGenerator.GetHexString(Length, lowercase: true);

    /// <summary>What third parties call anything else that belongs to an account; as little to be guessed.</summary>
    public static Guid NewRow() => new(RandomNumberGenerator.GetBytes(16));

    public static bool IsWellFormed(string id) => id.Length == Length && id.AsSpan().IndexOfAnyExcept(Hex) < 0;
}
