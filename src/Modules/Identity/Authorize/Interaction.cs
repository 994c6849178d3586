using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// A browser that arrived with a valid <c>request_uri</c>, and how far its customer has come. The server keeps the step (OA-47);
/// the browser proves that it is the one that started by a cookie (OA-45, CON-03), whose value is renewed at sign-in (OA-46).
/// </summary>
internal sealed class Interaction
{
    /// <summary>SHA-256 of the id in the page's address.</summary>
    public required byte[] Hash { get; init; }

    public required byte[] PushedRequestHash { get; init; }

    public required string ClientId { get; init; }

    public required string ConsentId { get; init; }

    /// <summary>SHA-256 of the cookie's value.</summary>
    public required byte[] BrowserSecretHash { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The customer must have decided by then: ten minutes after the browser's arrival (PAR-16, X-10).</summary>
    public required DateTimeOffset DecideBefore { get; init; }

    /// <summary>The portal session that authenticated for this very request; null before the passkey was used (CO-10).</summary>
    public Guid? SessionId { get; init; }

    public Guid? UserId { get; init; }

    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>The passkey that was used, for the evidence.</summary>
    public string? PasskeyId { get; init; }

    /// <summary>Values of <c>amr</c> (RFC 8176) of that authentication.</summary>
    public string[]? Amr { get; init; }

    /// <summary>When the policy wanted the passkey once more before an approval; an older authentication does not do then.</summary>
    public DateTimeOffset? AskedAgainAt { get; init; }

    /// <summary>Why, for the sign-in page.</summary>
    public string? AskedAgainBecause { get; init; }

    /// <summary>What the customer had ticked when asked again, to be ticked still on the page that follows.</summary>
    public string[]? ChosenAccounts { get; init; }

    /// <summary>How often a passkey was used for the decision that did not fit it.</summary>
    public int Failures { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>What a passkey that is used for the decision names it by (OB-SCA-2).</summary>
    public Guid ApprovalId => new(Hash.AsSpan(0, 16), bigEndian: true);
}

internal sealed class InteractionTable : IEntityTypeConfiguration<Interaction>
{
    public void Configure(EntityTypeBuilder<Interaction> builder)
    {
        builder.ToTable("interactions").HasKey(interaction => interaction.Hash);
        builder.Ignore(interaction => interaction.ApprovalId);
        builder.HasIndex(interaction => interaction.PushedRequestHash);
        builder.HasIndex(interaction => interaction.DecideBefore);
    }
}
