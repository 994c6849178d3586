namespace OpenBanking.Accounts.AccountInformation;

/// <summary>
/// What may leave under which permissions: each answer is made anew from the members named here, so a member that nobody has put on
/// a list cannot leave, whatever the core bank says (OB-PERM-4). Removed means absent (OB-PERM-1); what
/// no Detail permission guards is Basic (OB-PERM-3), and that the agents in between are guarded since v4.0.1 costs nothing here, where the
/// core bank names none (OB-PERM-5).
/// </summary>
internal sealed class AllowList(IReadOnlySet<string> permissions)
{
    private readonly bool accountDetail = permissions.Contains("ReadAccountsDetail");
    private readonly bool transactionDetail = permissions.Contains("ReadTransactionsDetail");
    private readonly bool pan = permissions.Contains("ReadPAN");

    public Account Of(Account account)
    {
        var basic = new Account
        {
            AccountId = account.AccountId,
            Status = account.Status,
            StatusUpdateDateTime = account.StatusUpdateDateTime,
            Currency = account.Currency,
            AccountCategory = account.AccountCategory,
            AccountTypeCode = account.AccountTypeCode,
            Description = account.Description,
            Nickname = account.Nickname,
            OpeningDate = account.OpeningDate,
        };
        return accountDetail
            ? basic with
            {
                Identifiers = account.Identifiers?.Select(of => of with { Identification = Number(of.SchemeName, of.Identification) }).ToList(),
                Servicer = account.Servicer,
            }
            : basic;
    }

    public static Balance Of(Balance balance) => new()
    {
        AccountId = balance.AccountId,
        CreditDebitIndicator = balance.CreditDebitIndicator,
        Type = balance.Type,
        DateTime = balance.DateTime,
        Amount = balance.Amount,
        CreditLine = balance.CreditLine,
    };

    public Transaction Of(Transaction transaction)
    {
        var basic = new Transaction
        {
            AccountId = transaction.AccountId,
            TransactionId = transaction.TransactionId,
            TransactionReference = transaction.TransactionReference,
            CreditDebitIndicator = transaction.CreditDebitIndicator,
            Status = transaction.Status,
            TransactionMutability = transaction.TransactionMutability,
            BookingDateTime = transaction.BookingDateTime,
            ValueDateTime = transaction.ValueDateTime,
            AddressLine = transaction.AddressLine,
            Amount = transaction.Amount,
            CurrencyExchange = transaction.CurrencyExchange,
            BankTransactionCode = transaction.BankTransactionCode,
            ProprietaryBankTransactionCode = transaction.ProprietaryBankTransactionCode,
            CardInstrument = transaction.CardInstrument is { } card
                ? card with { Identification = card.Identification is { } number ? Number(Mapping.Pan, number) : null }
                : null,
        };
        return transactionDetail
            ? basic with
            {
                TransactionInformation = transaction.TransactionInformation,
                Balance = transaction.Balance,
                MerchantDetails = transaction.MerchantDetails,
                CreditorAgent = transaction.CreditorAgent,
                CreditorAccount = Numbered(transaction.CreditorAccount),
                DebtorAgent = transaction.DebtorAgent,
                DebtorAccount = Numbered(transaction.DebtorAccount),
            }
            : basic;
    }

    private CashAccount? Numbered(CashAccount? account) => account?.Identification is { } number
        ? account with { Identification = Number(account.SchemeName, number) }
        : account;

    /// <summary>A card's number shows its last four digits only, unless the consent allows the whole (OB-AIS-22).</summary>
    private string Number(string? scheme, string number) => scheme != Mapping.Pan || pan || number.Length <= 4
        ? number
        : new string('*', number.Length - 4) + number[^4..];
}
