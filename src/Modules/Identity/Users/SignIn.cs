using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Users;

internal enum SignInOutcome
{
    SignedIn,
    Failed,

    /// <summary>The passkey's counter went back: it may have been copied (PK-10).</summary>
    PasskeySuspected,

    /// <summary>A passkey was made with an activation code; every session ended (PO-14).</summary>
    Activated,
    PasskeyAdded,
    PasskeyRemoved,

    /// <summary>A passkey was used to approve a third party's request within the portal.</summary>
    RequestApproved,
}

/// <summary>A line of the customer's sign-in history.</summary>
internal sealed class SignIn
{
    public required Guid Id { get; init; }

    public required Guid UserId { get; init; }

    public required DateTimeOffset At { get; init; }

    public required SignInOutcome Outcome { get; init; }

    public string? PasskeyName { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    /// <summary>The third party whose request it was for.</summary>
    public string? ClientName { get; init; }
}

internal sealed class SignInTable : IEntityTypeConfiguration<SignIn>
{
    public void Configure(EntityTypeBuilder<SignIn> builder)
    {
        builder.ToTable("sign_ins").HasKey(signIn => signIn.Id);
        builder.Property(signIn => signIn.Outcome).HasConversion<string>();
        builder.HasIndex(signIn => new { signIn.UserId, signIn.At });
    }
}
