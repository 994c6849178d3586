using System.Text.Json.Serialization;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.AccountInformation;

// The standard's own names and shapes (OBReadAccount6, OBReadBalance1, OBReadTransaction6). Members without a value are absent;
// an array of the resource is there, were it empty (OB-GEN-6, OB-HTTP-4).

internal sealed record AccountList(AccountList.AccountData Data, Links Links, Meta Meta)
{
    internal sealed record AccountData(IReadOnlyList<Account> Account);
}

internal sealed record Account
{
    public required string AccountId { get; init; }

    public string? Status { get; init; }

    public string? StatusUpdateDateTime { get; init; }

    public string? Currency { get; init; }

    public string? AccountCategory { get; init; }

    public string? AccountTypeCode { get; init; }

    public string? Description { get; init; }

    public string? Nickname { get; init; }

    public string? OpeningDate { get; init; }

    /// <summary>Said of an account that was moved to another bank (OB-AIS-10).</summary>
    public string? SwitchStatus { get; init; }

    [JsonPropertyName("Account")]
    public IReadOnlyList<Identifier>? Identifiers { get; init; }

    public Institution? Servicer { get; init; }

    public IReadOnlyList<StatementFormat>? StatementFrequencyAndFormat { get; init; }
}

/// <summary>How often there is a statement, and as what.</summary>
internal sealed record StatementFormat(string Frequency, string CommunicationMethod, string Format);

internal sealed record Identifier(string SchemeName, string Identification, string? Name);

internal sealed record Institution(string SchemeName, string Identification);

internal sealed record Amount(
    [property: JsonPropertyName("Amount")] string Value,
    string Currency);

internal sealed record BalanceList(BalanceList.BalanceData Data, Links Links, Meta Meta)
{
    internal sealed record BalanceData(IReadOnlyList<Balance> Balance);
}

internal sealed record Balance
{
    public required string AccountId { get; init; }

    public required string CreditDebitIndicator { get; init; }

    public required string Type { get; init; }

    public required string DateTime { get; init; }

    public required Amount Amount { get; init; }

    public IReadOnlyList<CreditLine>? CreditLine { get; init; }
}

internal sealed record CreditLine(bool Included, string Type, Amount Amount);

internal sealed record TransactionList(TransactionList.TransactionData Data, Links Links, Meta Meta)
{
    internal sealed record TransactionData(IReadOnlyList<Transaction> Transaction);
}

internal sealed record Transaction
{
    public required string AccountId { get; init; }

    public string? TransactionId { get; init; }

    public string? TransactionReference { get; init; }

    public required string CreditDebitIndicator { get; init; }

    public required string Status { get; init; }

    public string? TransactionMutability { get; init; }

    public required string BookingDateTime { get; init; }

    public string? ValueDateTime { get; init; }

    public string? TransactionInformation { get; init; }

    public string? AddressLine { get; init; }

    public required Amount Amount { get; init; }

    public CurrencyExchange? CurrencyExchange { get; init; }

    public BankTransactionCode? BankTransactionCode { get; init; }

    public OwnTransactionCode? ProprietaryBankTransactionCode { get; init; }

    public CashBalance? Balance { get; init; }

    public Merchant? MerchantDetails { get; init; }

    public Institution? CreditorAgent { get; init; }

    public CashAccount? CreditorAccount { get; init; }

    public Institution? DebtorAgent { get; init; }

    public CashAccount? DebtorAccount { get; init; }

    public CardInstrument? CardInstrument { get; init; }
}

internal sealed record CurrencyExchange(string SourceCurrency, string? TargetCurrency, string? UnitCurrency, decimal ExchangeRate, Amount? InstructedAmount);

internal sealed record BankTransactionCode(string Code, string SubCode);

internal sealed record OwnTransactionCode(string Code, string Issuer);

internal sealed record CashBalance(string CreditDebitIndicator, string Type, Amount Amount);

internal sealed record Merchant(string? MerchantName, string? MerchantCategoryCode);

internal sealed record CashAccount(string? SchemeName, string? Identification, string? Name);

internal sealed record CardInstrument(string CardSchemeName, string? AuthorisationType, string? Name, string? Identification);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AccountList))]
[JsonSerializable(typeof(BalanceList))]
[JsonSerializable(typeof(TransactionList))]
[JsonSerializable(typeof(BeneficiaryList))]
[JsonSerializable(typeof(StandingOrderList))]
[JsonSerializable(typeof(DirectDebitList))]
[JsonSerializable(typeof(ScheduledPaymentList))]
[JsonSerializable(typeof(OfferList))]
[JsonSerializable(typeof(PartyOne))]
[JsonSerializable(typeof(PartyList))]
[JsonSerializable(typeof(ProductList))]
[JsonSerializable(typeof(StatementList))]
internal sealed partial class Wire : JsonSerializerContext;
