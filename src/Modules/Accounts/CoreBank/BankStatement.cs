using System.Text.Json.Serialization;

namespace OpenBanking.Accounts.CoreBank;

/// <summary>An account's statement of a period: what it began with, what moved, what it ended with, which add up.</summary>
internal sealed class BankStatement
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    public required string Reference { get; init; }

    /// <summary>The first moment of the period.</summary>
    public required DateTimeOffset StartAt { get; init; }

    /// <summary>The last second of the period, which belongs to it whole.</summary>
    public required DateTimeOffset EndAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string Currency { get; init; }

    /// <summary>Balance of what was booked before <see cref="StartAt"/>.</summary>
    public required decimal Opening { get; init; }

    /// <summary><see cref="Opening"/> and the sum of the period's bookings.</summary>
    public required decimal Closing { get; init; }

    /// <summary>What came in, positive.</summary>
    public required decimal Credits { get; init; }

    /// <summary>What went out, positive.</summary>
    public required decimal Debits { get; init; }

    /// <summary>Of <see cref="Debits"/>, what the bank charged; positive.</summary>
    public required decimal Fees { get; init; }

    /// <summary>What the bank paid (positive) or took (negative) in interest; in the sums above.</summary>
    public required decimal Interest { get; init; }

    /// <summary>A card's limit at the time; null for other accounts.</summary>
    public decimal? CardLimit { get; init; }

    /// <summary>The moment after the period.</summary>
    [JsonIgnore]
    public DateTimeOffset Next => EndAt.AddSeconds(1);
}
