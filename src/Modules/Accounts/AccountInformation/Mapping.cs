using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>Says in the standard's words all that the core bank says; what of it may leave is <see cref="AllowList"/>'s business.</summary>
internal static partial class Mapping
{
    public const string Pan = "UK.OBIE.PAN";
    private const string Bic = "UK.OBIE.BICFI";

    public static Account Of(BankAccount account) => new()
    {
        AccountId = account.Id,
        Status = account.State == AccountState.Switched ? "Disabled" : "Enabled",
        SwitchStatus = account.State == AccountState.Switched ? "UK.CASS.SwitchCompleted" : null,
        StatusUpdateDateTime = IsoDateTime.ToWire(account.StateChangedAt),
        Currency = account.Currency,
        AccountCategory = account.Category,
        AccountTypeCode = account.TypeCode,
        Description = account.Description,
        Nickname = account.Name,
        OpeningDate = IsoDateTime.ToWire(account.OpenedAt),
        Identifiers = [new Identifier(account.Scheme, account.Identification, account.HolderName)],
        Servicer = new Institution(Bic, account.ServicerBic),
        StatementFrequencyAndFormat = [new StatementFormat("MNTH", "ONLI", "DPDF")],
    };

    /// <summary>Two balances an account: what is booked, and what can be spent now.</summary>
    public static IEnumerable<Balance> Of(BankBalance balance, DateTimeOffset now)
    {
        var limit = balance.CreditLimit is { } credit
            ? new[] { new CreditLine(false, "Pre-Agreed", Amount(credit, balance.Currency)) }
            : null;
        yield return Of(balance, "ITBD", balance.Booked, limit, now);
        yield return Of(balance, "ITAV", balance.Booked + balance.Pending, limit, now);
    }

    private static Balance Of(BankBalance balance, string type, decimal amount, IReadOnlyList<CreditLine>? limit, DateTimeOffset now) => new()
    {
        AccountId = balance.AccountId,
        CreditDebitIndicator = Indicator(amount),
        Type = type,
        DateTime = IsoDateTime.ToWire(now),
        Amount = Amount(amount, balance.Currency),
        CreditLine = limit,
    };

    public static Transaction Of(BankTransaction row)
    {
        var isCredit = row.Amount >= 0;
        var counterparty = row.CounterpartyName is null && row.CounterpartyIdentification is null
            ? null
            : new CashAccount(row.CounterpartyScheme, row.CounterpartyIdentification, row.CounterpartyName);
        var counterpartyBank = row.CounterpartyBic is { } bic ? new Institution(Bic, bic) : null;
        return new Transaction
        {
            AccountId = row.AccountId,
            TransactionId = row.Id.ToString("N"),
            TransactionReference = row.Reference,
            CreditDebitIndicator = Indicator(row.Amount),
            Status = row.IsPending ? "PDNG" : "BOOK",
            TransactionMutability = row.IsPending ? "Mutable" : "Immutable",
            BookingDateTime = IsoDateTime.ToWire(row.BookedAt),
            ValueDateTime = IsoDateTime.ToWire(row.ValueAt),
            TransactionInformation = row.Information,
            AddressLine = row.AddressLine,
            Amount = Amount(row.Amount, row.Currency),
            CurrencyExchange = Exchange(row),
            // OB-AIS-16: both codes, where one would do.
            BankTransactionCode = new BankTransactionCode(row.Code, row.SubCode),
            ProprietaryBankTransactionCode = new OwnTransactionCode(row.OwnCode, "OpenBanking"),
            Balance = row.BalanceAfter is { } after ? new CashBalance(Indicator(after), "ITBD", Amount(after, row.Currency)) : null,
            MerchantDetails = row.MerchantName is null ? null : new Merchant(row.MerchantName, row.MerchantCategory),
            CreditorAccount = isCredit ? null : counterparty,
            CreditorAgent = isCredit ? null : counterpartyBank,
            DebtorAccount = isCredit ? counterparty : null,
            DebtorAgent = isCredit ? counterpartyBank : null,
            CardInstrument = row.CardScheme is null ? null : new CardInstrument(row.CardScheme, row.CardAuthorisation, null, row.CardNumber),
        };
    }

    private static CurrencyExchange? Exchange(BankTransaction row) =>
        row is { ExchangeRate: { } rate, ExchangeCurrency: { } other, ExchangeAmount: { } amount }
            ? row.Amount >= 0
                ? new CurrencyExchange(other, row.Currency, other, rate, Amount(amount, other))
                : new CurrencyExchange(row.Currency, other, row.Currency, rate, Amount(amount, other))
            : null;

    /// <summary>Amounts are positive, with the direction beside them; zero is a credit (OB-AIS-17).</summary>
    private static string Indicator(decimal amount) => amount < 0 ? "Debit" : "Credit";

    private static Amount Amount(decimal amount, string currency) => new(new Money(amount, currency).ToWire(), currency);

    /// <summary>The number of an account as its holder reads it.</summary>
    public static string Shown(BankAccount account) => Shown(account.Scheme, account.Identification);

    /// <inheritdoc cref="Shown(BankAccount)"/>
    public static string Shown(string? scheme, string number) => scheme switch
    {
        "UK.OBIE.SortCodeAccountNumber" when number.Length == 14 => $"{number[..2]}-{number[2..4]}-{number[4..6]} {number[6..]}",
        "UK.OBIE.IBAN" => string.Join(' ', number.Chunk(4).Select(four => new string(four))),
        Pan when number.Length > 4 => "Card ending " + number[^4..],
        _ => number,
    };
}
