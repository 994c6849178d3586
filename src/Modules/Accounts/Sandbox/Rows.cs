using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>An account as a row that is copied into its table.</summary>
internal static class AccountRow
{
    public static readonly string[] Names =
    [
        nameof(BankAccount.Id), nameof(BankAccount.Position), nameof(BankAccount.Name), nameof(BankAccount.Description), nameof(BankAccount.Currency),
        nameof(BankAccount.Category), nameof(BankAccount.TypeCode), nameof(BankAccount.Scheme), nameof(BankAccount.Identification),
        nameof(BankAccount.HolderName), nameof(BankAccount.ServicerBic), nameof(BankAccount.OpenedAt), nameof(BankAccount.State),
        nameof(BankAccount.StateChangedAt), nameof(BankAccount.CreditLimit), nameof(BankAccount.Balance), nameof(BankAccount.IsJoint),
        nameof(BankAccount.ApproversNeeded),
    ];

    public static object?[] Values(BankAccount account) =>
    [
        account.Id, account.Position, account.Name, account.Description, account.Currency,
        account.Category, account.TypeCode, account.Scheme, account.Identification,
        account.HolderName, account.ServicerBic, account.OpenedAt, account.State.ToString(),
        account.StateChangedAt, account.CreditLimit, account.Balance, account.IsJoint,
        account.ApproversNeeded,
    ];
}

/// <summary>A movement of money as a row.</summary>
internal static class EntryRow
{
    public static readonly string[] Names = [nameof(Entry.Id), nameof(Entry.BookedAt), nameof(Entry.Text)];

    public static object?[] Values(Entry entry) => [entry.Id, entry.BookedAt, entry.Text];
}

/// <summary>One side of a movement as a row.</summary>
internal static class LegRow
{
    public static readonly string[] Names = [nameof(Leg.EntryId), nameof(Leg.Number), nameof(Leg.Account), nameof(Leg.Amount), nameof(Leg.Currency)];

    public static object?[] Values(Leg leg) => [leg.EntryId, leg.Number, leg.Account, leg.Amount, leg.Currency];
}

/// <summary>A line of a statement as a row.</summary>
internal static class TransactionRow
{
    public static readonly string[] Names =
    [
        nameof(BankTransaction.Id), nameof(BankTransaction.AccountId), nameof(BankTransaction.BookedAt), nameof(BankTransaction.ValueAt),
        nameof(BankTransaction.Amount), nameof(BankTransaction.Currency), nameof(BankTransaction.IsPending), nameof(BankTransaction.EntryId),
        nameof(BankTransaction.Reference), nameof(BankTransaction.Information), nameof(BankTransaction.Code), nameof(BankTransaction.SubCode),
        nameof(BankTransaction.OwnCode), nameof(BankTransaction.BalanceAfter), nameof(BankTransaction.AddressLine), nameof(BankTransaction.MerchantName),
        nameof(BankTransaction.MerchantCategory), nameof(BankTransaction.CounterpartyName), nameof(BankTransaction.CounterpartyScheme),
        nameof(BankTransaction.CounterpartyIdentification), nameof(BankTransaction.CounterpartyBic), nameof(BankTransaction.CardScheme),
        nameof(BankTransaction.CardNumber), nameof(BankTransaction.CardAuthorisation), nameof(BankTransaction.ExchangeRate),
        nameof(BankTransaction.ExchangeCurrency), nameof(BankTransaction.ExchangeAmount),
    ];

    public static object?[] Values(BankTransaction line) =>
    [
        line.Id, line.AccountId, line.BookedAt, line.ValueAt,
        line.Amount, line.Currency, line.IsPending, line.EntryId,
        line.Reference, line.Information, line.Code, line.SubCode,
        line.OwnCode, line.BalanceAfter, line.AddressLine, line.MerchantName,
        line.MerchantCategory, line.CounterpartyName, line.CounterpartyScheme,
        line.CounterpartyIdentification, line.CounterpartyBic, line.CardScheme,
        line.CardNumber, line.CardAuthorisation, line.ExchangeRate,
        line.ExchangeCurrency, line.ExchangeAmount,
    ];
}
