using System.Text.Json.Serialization;

namespace OpenBanking.Samples.CoreBank;

// The contract's own words. Amounts travel as texts, because a JSON number may lose digits on its way.

internal sealed record AccountsQuestion(string CustomerId, IReadOnlyList<string>? AccountIds = null);

internal sealed record OfAccountsQuestion(string CustomerId, IReadOnlyList<string> AccountIds);

internal sealed record PartyQuestion(string CustomerId);

internal sealed record Period(DateTimeOffset? From = null, DateTimeOffset? To = null);

internal sealed record PageStart(DateTimeOffset At, Guid Id, bool Backwards);

internal sealed record TransactionsQuestion(
    string CustomerId,
    IReadOnlyList<string> AccountIds,
    Period Open,
    Period Asked,
    bool Credits,
    bool Debits,
    bool BookedOnly,
    int Size,
    PageStart? Start = null);

internal sealed record StatementsQuestion(string CustomerId, IReadOnlyList<string> AccountIds, Period Within, int Size, Guid? Only = null, PageStart? Start = null);

internal sealed record Account(
    string Id,
    int Position,
    string Name,
    string Description,
    string Currency,
    string Category,
    string TypeCode,
    string Scheme,
    string Identification,
    string HolderName,
    string ServicerBic,
    DateTimeOffset OpenedAt,
    string State,
    DateTimeOffset StateChangedAt,
    decimal? CreditLimit,
    decimal Balance,
    bool IsJoint,
    int? ApproversNeeded);

internal sealed record Balance(string AccountId, string Currency, decimal Booked, decimal Pending, decimal? CreditLimit);

internal sealed record Transaction(
    Guid Id,
    string AccountId,
    DateTimeOffset BookedAt,
    DateTimeOffset ValueAt,
    decimal Amount,
    string Currency,
    bool IsPending,
    string Reference,
    string Information,
    string Code,
    string SubCode,
    string OwnCode)
{
    public decimal? BalanceAfter { get; init; }

    public string? MerchantName { get; init; }

    public string? MerchantCategory { get; init; }

    public string? CounterpartyName { get; init; }

    public string? CounterpartyScheme { get; init; }

    public string? CounterpartyIdentification { get; init; }
}

internal sealed record TransactionPage(IReadOnlyList<string> AccountIds, IReadOnlyList<Transaction> Transactions, bool HasNewer, bool HasOlder, Period Available);

/// <summary>What there is of some accounts.</summary>
internal sealed record OfAccounts<T>(IReadOnlyList<string> AccountIds, IReadOnlyList<T> Rows);

internal sealed record Party(Guid Id, string? CustomerId, string Name, string FullLegalName, string LegalStructure)
{
    public string? Email { get; init; }

    public string? AddressType { get; init; }

    public string? TownName { get; init; }

    public string? Country { get; init; }
}

internal sealed record AccountParty(string AccountId, string Type, string Role, Party Party);

internal sealed record Product(string Id, string Name, string Type, string Description, string Currency, decimal? CreditRate = null, decimal? DebitRate = null);

internal sealed record AccountProduct(string AccountId, Product Product);

internal sealed record Beneficiary(Guid Id, string CustomerId, bool IsTrusted, string Reference, string PayeeName, string PayeeScheme, string PayeeIdentification);

internal sealed record StandingOrder(
    Guid Id,
    string AccountId,
    string Reference,
    string Frequency,
    string PointInTime,
    DateTimeOffset FirstAt,
    DateTimeOffset NextAt,
    DateTimeOffset LastAt,
    decimal Amount,
    string Currency,
    string Status,
    string PayeeName,
    string PayeeScheme,
    string PayeeIdentification);

internal sealed record DirectDebit(
    Guid Id, string AccountId, string Name, string Mandate, string Frequency, string Status, DateTimeOffset LastAt, decimal LastAmount, string Currency);

internal sealed record ScheduledPayment(
    Guid Id,
    string AccountId,
    DateTimeOffset DueAt,
    string Reference,
    decimal Amount,
    string Currency,
    string PayeeName,
    string PayeeScheme,
    string PayeeIdentification);

internal sealed record Offer(Guid Id, string AccountId, string Type, string Description, DateTimeOffset From, DateTimeOffset Until, string Currency, decimal? Rate = null);

internal sealed record Statement(
    Guid Id,
    string AccountId,
    string Reference,
    DateTimeOffset StartAt,
    DateTimeOffset EndAt,
    DateTimeOffset CreatedAt,
    string Currency,
    decimal Opening,
    decimal Closing,
    decimal Credits,
    decimal Debits,
    decimal Fees,
    decimal Interest);

internal sealed record StatementPage(IReadOnlyList<string> AccountIds, IReadOnlyList<Statement> Statements, bool HasNewer, bool HasOlder);

internal sealed record Money(decimal Amount, string Currency);

internal sealed record TransferOrder(
    string TransferId,
    string Under,
    string CustomerId,
    string AccountId,
    Money Amount,
    decimal Charge,
    string PayeeScheme,
    string PayeeIdentification,
    string PayeeName,
    string Reference,
    Money? Exchanged = null);

internal sealed record HoldResult(string Outcome, bool IsOnUs = false, Account? Account = null);

internal sealed record TransferMove(string TransferId, string? Rail = null, string? Why = null);

internal sealed record MoveAnswer(bool IsDone);

[JsonConverter(typeof(JsonStringEnumConverter<NoticeKind>))]
internal enum NoticeKind
{
    AccountClosed,
    AccountSwitched,
    TransactionBooked,
}

/// <summary>Something that the core tells without being asked.</summary>
internal sealed record Notice(Guid Id, NoticeKind Kind, string AccountId, DateTimeOffset At);
