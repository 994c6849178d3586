using System.Buffers;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Consent.Events;

/// <summary>What a third party wants to hear of and where it is told (OBEventSubscription1), with the state of its deliveries.</summary>
internal sealed class EventSubscription
{
    private const string Prefix = "sub-";
    private const int RandomLength = 32;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>Opaque, 128 random bits (OB-GEN-13).</summary>
    public required string Id { get; init; }

    /// <summary>At most one a client; the unique index sees to that (OB-EVT-1).</summary>
    public required string ClientId { get; init; }

    /// <summary>Where events are pushed to; null where they are only polled.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>As it was sent.</summary>
    public required string Version { get; init; }

    /// <summary>As they were sent; null where none were.</summary>
    public string[]? EventTypes { get; init; }

    /// <summary>The same as URNs, in whichever spelling they came; null is every type (OB-EVT-2).</summary>
    public string[]? Urns { get; init; }

    /// <summary>
    /// When something may be pushed again: later than now while a host is at it, or after a try that failed. One host at a time has a
    /// subscription, which keeps its events in their order.
    /// </summary>
    public DateTimeOffset PushAt { get; init; }

    /// <summary>How many tries in a row have failed, whichever event they were for.</summary>
    public int Failures { get; init; }

    public static string NewId() => Prefix + RandomNumberGenerator.GetHexString(RandomLength, lowercase: true);

    /// <summary>Anything else cannot exist and is not asked for.</summary>
    public static bool IsWellFormed(string id) =>
        id.Length == Prefix.Length + RandomLength && id.StartsWith(Prefix, StringComparison.Ordinal) && !id.AsSpan(Prefix.Length).ContainsAnyExcept(Hex);
}

internal sealed class EventSubscriptionTable : IEntityTypeConfiguration<EventSubscription>
{
    public void Configure(EntityTypeBuilder<EventSubscription> builder)
    {
        builder.ToTable("event_subscriptions").HasKey(row => row.Id);
        builder.Property(row => row.Id).HasMaxLength(40);
        builder.Property(row => row.Version).HasMaxLength(10);
        builder.HasIndex(row => row.ClientId).IsUnique();
        builder.HasIndex(row => row.PushAt).HasFilter("\"CallbackUrl\" IS NOT NULL");
    }
}
