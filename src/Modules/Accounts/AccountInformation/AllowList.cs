namespace OpenBanking.Accounts.AccountInformation;

/// <summary>
/// What may leave under which permissions: each answer is made anew from the members named here, so a member that nobody has put on
/// a list cannot leave, whatever the core bank says (OB-PERM-4). Removed means absent (OB-PERM-1); what
/// no Detail permission guards is Basic (OB-PERM-3), and that the agents in between are guarded since v4.0.1 costs nothing here, where the
/// core bank names none (OB-PERM-5), and no answer has them that a client of v4.0 could not read (OB-V401-6).
/// </summary>
internal sealed class AllowList(IReadOnlySet<string> permissions)
{
    private readonly bool accountDetail = permissions.Contains("ReadAccountsDetail");
    private readonly bool transactionDetail = permissions.Contains("ReadTransactionsDetail");
    private readonly bool beneficiaryDetail = permissions.Contains("ReadBeneficiariesDetail");
    private readonly bool standingOrderDetail = permissions.Contains("ReadStandingOrdersDetail");
    private readonly bool scheduledPaymentDetail = permissions.Contains("ReadScheduledPaymentsDetail");
    private readonly bool statementDetail = permissions.Contains("ReadStatementsDetail");
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
            SwitchStatus = account.SwitchStatus,
        };
        return accountDetail
            ? basic with
            {
                Identifiers = account.Identifiers?.Select(of => of with { Identification = Number(of.SchemeName, of.Identification) }).ToList(),
                Servicer = account.Servicer,
                StatementFrequencyAndFormat = account.StatementFrequencyAndFormat,
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

    public Beneficiary Of(Beneficiary payee)
    {
        var basic = new Beneficiary
        {
            AccountId = payee.AccountId,
            BeneficiaryId = payee.BeneficiaryId,
            BeneficiaryType = payee.BeneficiaryType,
            Reference = payee.Reference,
        };
        return beneficiaryDetail ? basic with { CreditorAgent = payee.CreditorAgent, CreditorAccount = Numbered(payee.CreditorAccount) } : basic;
    }

    public StandingOrder Of(StandingOrder order)
    {
        var basic = new StandingOrder
        {
            AccountId = order.AccountId,
            StandingOrderId = order.StandingOrderId,
            NextPaymentDateTime = order.NextPaymentDateTime,
            LastPaymentDateTime = order.LastPaymentDateTime,
            StandingOrderStatusCode = order.StandingOrderStatusCode,
            FirstPaymentAmount = order.FirstPaymentAmount,
            NextPaymentAmount = order.NextPaymentAmount,
            LastPaymentAmount = order.LastPaymentAmount,
            FinalPaymentAmount = order.FinalPaymentAmount,
            MandateRelatedInformation = order.MandateRelatedInformation,
            RemittanceInformation = order.RemittanceInformation,
        };
        return standingOrderDetail ? basic with { CreditorAgent = order.CreditorAgent, CreditorAccount = Numbered(order.CreditorAccount) } : basic;
    }

    public ScheduledPayment Of(ScheduledPayment payment)
    {
        var basic = new ScheduledPayment
        {
            AccountId = payment.AccountId,
            ScheduledPaymentId = payment.ScheduledPaymentId,
            ScheduledPaymentDateTime = payment.ScheduledPaymentDateTime,
            ScheduledType = payment.ScheduledType,
            Reference = payment.Reference,
            DebtorReference = payment.DebtorReference,
            InstructedAmount = payment.InstructedAmount,
        };
        return scheduledPaymentDetail ? basic with { CreditorAgent = payment.CreditorAgent, CreditorAccount = Numbered(payment.CreditorAccount) } : basic;
    }

    public Statement Of(Statement statement)
    {
        var basic = new Statement
        {
            AccountId = statement.AccountId,
            StatementId = statement.StatementId,
            StatementReference = statement.StatementReference,
            Type = statement.Type,
            StartDateTime = statement.StartDateTime,
            EndDateTime = statement.EndDateTime,
            CreationDateTime = statement.CreationDateTime,
            StatementDescription = statement.StatementDescription,
            StatementFee = statement.StatementFee,
            StatementInterest = statement.StatementInterest,
            StatementDateTime = statement.StatementDateTime,
        };
        return statementDetail ? basic with { StatementAmount = statement.StatementAmount } : basic;
    }

    public static DirectDebit Of(DirectDebit debit) => new()
    {
        AccountId = debit.AccountId,
        DirectDebitId = debit.DirectDebitId,
        DirectDebitStatusCode = debit.DirectDebitStatusCode,
        MandateRelatedInformation = debit.MandateRelatedInformation,
        Name = debit.Name,
        PreviousPaymentDateTime = debit.PreviousPaymentDateTime,
        PreviousPaymentAmount = debit.PreviousPaymentAmount,
    };

    public static Offer Of(Offer offer) => new()
    {
        AccountId = offer.AccountId,
        OfferId = offer.OfferId,
        OfferType = offer.OfferType,
        Description = offer.Description,
        StartDateTime = offer.StartDateTime,
        EndDateTime = offer.EndDateTime,
        Rate = offer.Rate,
        Term = offer.Term,
        Amount = offer.Amount,
        Fee = offer.Fee,
    };

    public static Party Of(Party party) => new()
    {
        PartyId = party.PartyId,
        PartyNumber = party.PartyNumber,
        PartyType = party.PartyType,
        Name = party.Name,
        FullLegalName = party.FullLegalName,
        LegalStructure = party.LegalStructure,
        AccountRole = party.AccountRole,
        EmailAddress = party.EmailAddress,
        Phone = party.Phone,
        Mobile = party.Mobile,
        Relationships = party.Relationships,
        Address = party.Address,
    };

    public static Product Of(Product product) => new()
    {
        ProductName = product.ProductName,
        ProductId = product.ProductId,
        AccountId = product.AccountId,
        ProductType = product.ProductType,
        OtherProductType = product.OtherProductType,
        Bca = product.Bca,
        Pca = product.Pca,
    };

    private CashAccount? Numbered(CashAccount? account) => account?.Identification is { } number
        ? account with { Identification = Number(account.SchemeName, number) }
        : account;

    /// <summary>A card's number shows its last four digits only, unless the consent allows the whole (OB-AIS-22).</summary>
    private string Number(string? scheme, string number) => scheme != Mapping.Pan || pan || number.Length <= 4
        ? number
        : new string('*', number.Length - 4) + number[^4..];
}
