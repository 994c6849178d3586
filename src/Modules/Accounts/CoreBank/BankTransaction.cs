using System.Text.Json.Serialization;

namespace OpenBanking.Accounts.CoreBank;

/// <summary>A line of an account's statement. What has no value is null and leaves no trace outside (OB-GEN-5).</summary>
internal sealed class BankTransaction
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>While pending, when booking is expected (OB-AIS-15).</summary>
    public required DateTimeOffset BookedAt { get; init; }

    public required DateTimeOffset ValueAt { get; init; }

    /// <summary>Positive into the account, negative out of it.</summary>
    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required bool IsPending { get; init; }

    /// <summary>The built-in ledger's entry; null while pending, for then no money has moved, and at another core.</summary>
    [JsonIgnore]
    public Guid? EntryId { get; init; }

    public required string Reference { get; init; }

    /// <summary>The narrative of the statement.</summary>
    public required string Information { get; init; }

    /// <summary>ISO 20022 family and sub-family.</summary>
    public required string Code { get; init; }

    public required string SubCode { get; init; }

    /// <summary>The bank's own short code, as on statements: DD, SO, FPI and so on.</summary>
    public required string OwnCode { get; init; }

    /// <summary>Balance after it; null while pending.</summary>
    public decimal? BalanceAfter { get; init; }

    public string? AddressLine { get; init; }

    public string? MerchantName { get; init; }

    public string? MerchantCategory { get; init; }

    public string? CounterpartyName { get; init; }

    public string? CounterpartyScheme { get; init; }

    public string? CounterpartyIdentification { get; init; }

    public string? CounterpartyBic { get; init; }

    public string? CardScheme { get; init; }

    /// <summary>The whole number; masked on its way out unless ReadPAN was granted (OB-AIS-22).</summary>
    public string? CardNumber { get; init; }

    public string? CardAuthorisation { get; init; }

    /// <summary>What it was in the other currency, with the rate, where money was exchanged.</summary>
    public decimal? ExchangeRate { get; init; }

    public string? ExchangeCurrency { get; init; }

    public decimal? ExchangeAmount { get; init; }
}
