using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Evidence;

/// <summary>A signed message, kept so that neither side can say later that it was another or none (MS-10).</summary>
internal sealed class SignedMessage
{
    public const string RequestObject = "request_object";
    public const string AuthorizationResponse = "authorization_response";
    public const string IntrospectionResponse = "introspection_response";

    public required Guid Id { get; init; }

    public required string ClientId { get; init; }

    public required string Kind { get; init; }

    /// <summary>SHA-256 of the compact form.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The compact form, encrypted: a look into the database, or a copy of it, is not access to what customers approved.</summary>
    public required byte[] Protected { get; init; }

    public required DateTimeOffset At { get; init; }
}

internal sealed class SignedMessageTable : IEntityTypeConfiguration<SignedMessage>
{
    public void Configure(EntityTypeBuilder<SignedMessage> builder)
    {
        builder.ToTable("signed_messages").HasKey(message => message.Id);
        builder.HasIndex(message => new { message.ClientId, message.At });
        builder.HasIndex(message => message.At);
    }
}
