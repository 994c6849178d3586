using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Users;

/// <summary>
/// The code by which the bank lets a customer make the first passkey, or a new one after the loss of all. One a customer; a new one
/// replaces the old. It is spent by the passkey that is stored with it (PO-14).
/// </summary>
internal sealed class ActivationCode
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    // Crockford's alphabet: no letter that is read as a digit. 16 of them are 80 bits, too many to find from the stored hash.
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 16;
    private const int GroupLength = 4;

    public required Guid UserId { get; init; }

    public required byte[] Hash { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Sandbox only: testers enrol authenticators of their own with one code.</summary>
    public required bool Reusable { get; init; }

    public DateTimeOffset? UsedAt { get; init; }

    /// <summary>A new code, in groups that can be read aloud.</summary>
    public static string New() => string.Join('-', RandomNumberGenerator.GetString(Alphabet, Length).Chunk(GroupLength).Select(group => new string(group)));

    /// <summary>The hash under which a code is stored for a customer; how it was typed makes no difference.</summary>
    public static byte[] HashOf(Guid userId, string code)
    {
        var typed = code.ToUpperInvariant().Replace('O', '0').Replace('I', '1').Replace('L', '1');
        var plain = string.Concat(typed.Where(char.IsAsciiLetterOrDigit));
        return SHA256.HashData([.. userId.ToByteArray(), .. Encoding.ASCII.GetBytes(plain)]);
    }
}

internal sealed class ActivationCodeTable : IEntityTypeConfiguration<ActivationCode>
{
    public void Configure(EntityTypeBuilder<ActivationCode> builder) =>
        builder.ToTable("activation_codes").HasKey(code => code.UserId);
}
