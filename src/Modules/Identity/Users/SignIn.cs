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

    /// <summary>The passkey was good, and the policy wanted it once more.</summary>
    AskedAgain,
    Delayed,
    Refused,

    /// <summary>Somebody came with an activation code while the policy lets nobody guess on.</summary>
    ActivationHeld,

    /// <summary>A signed-in customer approved a third party's request.</summary>
    Approved,
    ApprovalAskedAgain,
    ApprovalDelayed,
    ApprovalRefused,

    /// <summary>A file of all that is stored about the customer was handed out.</summary>
    DataDownloaded,
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

    /// <summary>Two letters, where a proxy says it.</summary>
    public string? Country { get; init; }

    /// <summary>Why it was allowed or not, in words for the customer; null where nothing was decided.</summary>
    public string? Reason { get; init; }

    /// <summary>The decision's record: verdict, rules that matched, signals.</summary>
    public string? Decision { get; init; }
}

internal sealed class SignInTable : IEntityTypeConfiguration<SignIn>
{
    public void Configure(EntityTypeBuilder<SignIn> builder)
    {
        builder.ToTable("sign_ins").HasKey(signIn => signIn.Id);
        builder.Property(signIn => signIn.Outcome).HasConversion<string>();
        builder.Property(signIn => signIn.Decision).HasColumnType("jsonb");
        builder.HasIndex(signIn => new { signIn.UserId, signIn.At });
        builder.HasIndex(signIn => signIn.At);
    }
}
