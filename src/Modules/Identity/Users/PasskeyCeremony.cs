using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Users;

/// <summary>What a challenge was made for. One made for registration is no good at sign-in, nor the reverse (PK-05, PK-06).</summary>
internal enum CeremonyKind
{
    Registration,
    SignIn,

    /// <summary>For one decision; it begins no session (PK-17).</summary>
    Approval,
}

/// <summary>
/// A passkey ceremony between its options and its answer. It lives here and not in a cookie, because a cookie can be kept and sent
/// again: the row is used up by the first answer, good or bad (PK-06).
/// </summary>
internal sealed class PasskeyCeremony
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>SHA-256 of the handle that the page holds.</summary>
    public required byte[] Hash { get; init; }

    public required CeremonyKind Kind { get; init; }

    /// <summary>SHA-256 of the ceremony cookie: another browser cannot finish what this one began (PK-06).</summary>
    public required byte[] BrowserHash { get; init; }

    public required byte[] Challenge { get; init; }

    /// <summary>The state of ASP.NET Core Identity's passkey handler, as it gave it.</summary>
    public required string State { get; init; }

    /// <summary>
    /// Registration: who gets the passkey, from our own record and never from the request (PK-12). Sign-in: the customer who is asked
    /// once more; null where it is the first time. Approval: who approves.
    /// </summary>
    public Guid? UserId { get; init; }

    /// <summary>Registration: the activation code that opened it; null where a signed-in customer adds a passkey.</summary>
    public byte[]? ActivationHash { get; init; }

    /// <summary>Sign-in: the name that was typed, known here or not; the passkey's owner must bear it (PK-07).</summary>
    public string? NormalizedUsername { get; init; }

    /// <summary>Sign-in: the interaction it is for.</summary>
    public byte[]? InteractionHash { get; init; }

    /// <summary>Approval: what its challenge was made with, beside what is approved.</summary>
    public byte[]? Nonce { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? ConsumedAt { get; init; }
}

internal sealed class PasskeyCeremonyTable : IEntityTypeConfiguration<PasskeyCeremony>
{
    public void Configure(EntityTypeBuilder<PasskeyCeremony> builder)
    {
        builder.ToTable("passkey_ceremonies").HasKey(ceremony => ceremony.Hash);
        builder.Property(ceremony => ceremony.Kind).HasConversion<string>();
        builder.HasIndex(ceremony => ceremony.ExpiresAt);
    }
}
