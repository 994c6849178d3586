using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Users;

/// <summary>A customer's passkey: the public half, and what the ceremonies must remember of it.</summary>
internal sealed class Passkey
{
    public const int LongestName = 60;

    /// <summary>What pages and evidence name it by; the credential id stays between us and the authenticator.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique over all customers (PK-11).</summary>
    public required byte[] CredentialId { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>As the authenticator gave it, in COSE form.</summary>
    public required byte[] PublicKey { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The authenticator's counter at its last use; stays 0 for synced passkeys (PK-10).</summary>
    public required long SignCount { get; init; }

    public required string[] Transports { get; init; }

    /// <summary>Fixed at creation; an assertion that says otherwise is refused (PK-14).</summary>
    public required bool IsBackupEligible { get; init; }

    public required bool IsBackedUp { get; init; }

    /// <summary>When its counter went back, which a copied key would cause (PK-10); shown to the customer.</summary>
    public DateTimeOffset? SuspectedAt { get; init; }

    /// <summary>
    /// The record as the framework's handler knows it. The counter is handed over as 0 on purpose: the handler would compare it in
    /// memory, where two uses at one moment both pass; <see cref="PasskeyAssertion"/> judges it by one conditional update instead.
    /// </summary>
    public UserPasskeyInfo ToInfo() => new(
        CredentialId, PublicKey, CreatedAt, signCount: 0, Transports, isUserVerified: true, IsBackupEligible, IsBackedUp, [], [])
    {
        Name = Name,
    };

    /// <summary>A name that its owner may give: 1 to 60 characters, none that is invisible or turns the text around (PO-18).</summary>
    public static string? AllowedName(string? name)
    {
        var trimmed = name?.Trim();
        return trimmed is { Length: > 0 and <= LongestName } && trimmed.All(IsPlain) ? trimmed : null;

        static bool IsPlain(char character) => !char.IsControl(character)
            && char.GetUnicodeCategory(character) is not (System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.PrivateUse
                or System.Globalization.UnicodeCategory.LineSeparator
                or System.Globalization.UnicodeCategory.ParagraphSeparator);
    }
}

internal sealed class PasskeyTable : IEntityTypeConfiguration<Passkey>
{
    public void Configure(EntityTypeBuilder<Passkey> builder)
    {
        builder.ToTable("passkeys").HasKey(passkey => passkey.Id);
        builder.HasIndex(passkey => passkey.CredentialId).IsUnique();
        builder.HasIndex(passkey => passkey.UserId);
    }
}
