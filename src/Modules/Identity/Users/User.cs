using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Users;

/// <summary>A customer of the bank who uses the portal. There is no password: the only credentials are passkeys.</summary>
internal sealed class User
{
    private const int LongestName = 256;

    /// <summary>What passkeys carry as user handle; says nothing about the person.</summary>
    public required Guid Id { get; init; }

    /// <summary>The bank's own number of the customer, the key to accounts and consents.</summary>
    public required string CustomerId { get; init; }

    public required string Username { get; init; }

    /// <summary>The name as it is compared: trimmed, in capitals.</summary>
    public required string NormalizedUsername { get; init; }

    public required string DisplayName { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Third parties may not send requests to the portal; null where they may (CIBA-36).</summary>
    public DateTimeOffset? DeclinesRequestsSince { get; init; }

    /// <summary>Whether a name may be looked up and remembered: the database has no place for a NUL, and no name comes near the length (OP-09).</summary>
    public static bool MayBeName(string? username) => username is null || (username.Length <= LongestName && !username.Contains('\0', StringComparison.Ordinal));

    public static string Normalize(string username) => username.Trim().ToUpperInvariant();
}

internal sealed class UserTable : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("users").HasKey(user => user.Id);
        builder.HasIndex(user => user.CustomerId).IsUnique();
        builder.HasIndex(user => user.NormalizedUsername).IsUnique();
    }
}
