using System.Globalization;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>The same for what customers have arranged, and for who and what an account is.</summary>
internal static partial class Mapping
{
    /// <param name="accountId">The account that is asked about; null where all are (OB-AIS-21).</param>
    public static Beneficiary Of(BankBeneficiary payee, string? accountId) => new()
    {
        AccountId = accountId,
        BeneficiaryId = payee.Id.ToString("N"),
        BeneficiaryType = payee.IsTrusted ? "Trusted" : "Ordinary",
        Reference = payee.Reference,
        CreditorAgent = Agent(payee.PayeeBic),
        CreditorAccount = new CashAccount(payee.PayeeScheme, payee.PayeeIdentification, payee.PayeeName),
    };

    public static StandingOrder Of(BankStandingOrder order) => new()
    {
        AccountId = order.AccountId,
        StandingOrderId = order.Id.ToString("N"),
        NextPaymentDateTime = Moment(order.NextAt),
        LastPaymentDateTime = Moment(order.LastAt),
        StandingOrderStatusCode = order.Status,
        FirstPaymentAmount = Amount(order.Amount, order.Currency),
        NextPaymentAmount = order.NextAt is null ? null : Amount(order.Amount, order.Currency),
        LastPaymentAmount = order.LastAt is null ? null : Amount(order.Amount, order.Currency),
        FinalPaymentAmount = order.FinalAt is null ? null : Amount(order.Amount, order.Currency),
        CreditorAgent = Agent(order.PayeeBic),
        CreditorAccount = new CashAccount(order.PayeeScheme, order.PayeeIdentification, order.PayeeName),
        MandateRelatedInformation = new Mandate(new Frequency(order.Frequency, null, order.PointInTime))
        {
            FirstPaymentDateTime = IsoDateTime.ToWire(order.FirstAt),
            FinalPaymentDateTime = Moment(order.FinalAt),
        },
        RemittanceInformation = new Remittance([order.Reference]),
    };

    public static DirectDebit Of(BankDirectDebit debit) => new()
    {
        AccountId = debit.AccountId,
        DirectDebitId = debit.Id.ToString("N"),
        DirectDebitStatusCode = debit.Status,
        MandateRelatedInformation = new Mandate(new Frequency(debit.Frequency, 1, null)) { MandateIdentification = debit.Mandate },
        Name = debit.Name,
        PreviousPaymentDateTime = Moment(debit.LastAt),
        PreviousPaymentAmount = debit.LastAmount is { } amount ? Amount(amount, debit.Currency) : null,
    };

    public static ScheduledPayment Of(BankScheduledPayment payment) => new()
    {
        AccountId = payment.AccountId,
        ScheduledPaymentId = payment.Id.ToString("N"),
        ScheduledPaymentDateTime = IsoDateTime.ToWire(payment.DueAt),
        ScheduledType = "Execution",
        Reference = payment.Reference,
        DebtorReference = payment.OwnReference,
        InstructedAmount = Amount(payment.Amount, payment.Currency),
        CreditorAgent = Agent(payment.PayeeBic),
        CreditorAccount = new CashAccount(payment.PayeeScheme, payment.PayeeIdentification, payment.PayeeName),
    };

    public static Offer Of(BankOffer offer) => new()
    {
        AccountId = offer.AccountId,
        OfferId = offer.Id.ToString("N"),
        OfferType = offer.Type,
        Description = offer.Description,
        StartDateTime = IsoDateTime.ToWire(offer.From),
        EndDateTime = IsoDateTime.ToWire(offer.Until),
        Rate = offer.Rate is { } rate ? Number(rate) : null,
        Term = offer.Term,
        Amount = offer.Amount is { } amount ? Amount(amount, offer.Currency) : null,
        Fee = offer.Fee is { } fee ? Amount(fee, offer.Currency) : null,
    };

    /// <summary>A party by itself: what it is to an account is said only where one is asked about.</summary>
    public static Party Of(BankParty party) => new()
    {
        PartyId = party.Id.ToString("N"),
        PartyNumber = party.Number,
        Name = party.Name,
        FullLegalName = party.FullLegalName,
        LegalStructure = party.LegalStructure,
        EmailAddress = party.Email,
        Phone = party.Phone,
        Mobile = party.Mobile,
        Address = party.PostCode is null && party.TownName is null
            ? null
            : [new Address(party.AddressType, party.StreetName, party.BuildingNumber, party.PostCode, party.TownName, party.Country)],
    };

    /// <param name="account">Absolute address of the account.</param>
    public static Party Of(AccountParty link, string account) => Of(link.Party) with
    {
        PartyType = link.Type,
        AccountRole = link.Role,
        Relationships = new PartyRelationships(new PartyRelationships.RelatedAccount(account, link.AccountId)),
    };

    public static Product Of(AccountProduct link)
    {
        var product = link.Product;
        var interest = product.CreditRate is { } aer
            ? new CreditInterest([new("Whole", "SelfCredit", [new("0", "Monthly", "Variable", Number(aer))])])
            : null;
        var overdraft = product.DebitRate is { } ear
            ? new Overdraft([new("Whole", true, product.Buffer is { } buffer ? Number(buffer) : null, [new("0", Number(ear))])])
            : null;
        var notes = new ProductNotes(
        [
            product.Description,
            product.MonthlyFee is { } fee
                ? string.Create(CultureInfo.InvariantCulture, $"{fee:0.00} {product.Currency} a month")
                : "No monthly charge",
        ]);
        return new Product
        {
            ProductName = product.Name,
            ProductId = product.Id,
            AccountId = link.AccountId,
            ProductType = product.Type,
            Pca = product.Type == "PersonalCurrentAccount" ? new PersonalTerms(notes, interest, overdraft) : null,
            Bca = product.Type == "BusinessCurrentAccount" ? new BusinessTerms(notes, interest, overdraft) : null,
            OtherProductType = product.Type == "Other" ? Other(product) : null,
        };
    }

    // Other products name the same things by other codes: INWH whole balance, INSC to the account, FQMY monthly, INVA variable.
    private static OtherProduct Other(BankProduct product) => new(
        product.Name,
        product.MonthlyFee is { } fee ? string.Create(CultureInfo.InvariantCulture, $"{product.Description}; {fee:0.00} {product.Currency} a month") : product.Description,
        product.CreditRate is { } aer ? new CreditInterest([new("INWH", "INSC", [new("0", "FQMY", "INVA", Number(aer))])]) : null,
        product.DebitRate is { } ear ? new Overdraft([new("INWH", true, null, [new("0", Number(ear))])]) : null);

    /// <summary>What began it, moved and ended it; fees and interest are among what moved (OB-AIS-19).</summary>
    public static Statement Of(BankStatement statement)
    {
        StatementAmount Signed(string type, decimal amount) => new(Indicator(amount), type, Amount(amount, statement.Currency));
        var amounts = new List<StatementAmount>
        {
            Signed("UK.OBIE.StartingBalance", statement.Opening),
            Signed("UK.OBIE.TotalCredits", statement.Credits),
            Signed("UK.OBIE.TotalDebits", -statement.Debits),
            Signed("UK.OBIE.ClosingBalance", statement.Closing),
        };
        var dates = new List<StatementDate> { new(IsoDateTime.ToWire(statement.Next.AddMonths(1)), "UK.OBIE.NextStatement") };
        if (statement.CardLimit is { } limit)
        {
            amounts.Add(Signed("UK.OBIE.CreditLimit", limit));
            if (statement.Closing < 0)
            {
                amounts.Add(Signed("UK.OBIE.MinimumPaymentDue", -Math.Min(-statement.Closing, Math.Max(5, Math.Round(-statement.Closing * 0.02m, 2)))));
                dates.Add(new StatementDate(IsoDateTime.ToWire(statement.Next.AddDays(24)), "UK.OBIE.PaymentDue"));
            }
        }

        return new Statement
        {
            AccountId = statement.AccountId,
            StatementId = statement.Id.ToString("N"),
            StatementReference = statement.Reference,
            Type = "RegularPeriodic",
            StartDateTime = IsoDateTime.ToWire(statement.StartAt),
            EndDateTime = IsoDateTime.ToWire(statement.EndAt),
            CreationDateTime = IsoDateTime.ToWire(statement.CreatedAt),
            StatementDescription = [statement.StartAt.ToString("MMMM yyyy", CultureInfo.InvariantCulture)],
            StatementFee = statement.Fees == 0
                ? null
                : [new("Account charges", Indicator(-statement.Fees), "UK.OBIE.Total", "UK.OBIE.StatementMonthly", Amount(statement.Fees, statement.Currency))],
            StatementInterest = statement.Interest == 0
                ? null
                : [new("Interest", Indicator(statement.Interest), "UK.OBIE.Total", "UK.OBIE.Monthly", Amount(statement.Interest, statement.Currency))],
            StatementAmount = amounts,
            StatementDateTime = dates,
        };
    }

    private static Institution? Agent(string? bic) => bic is null ? null : new Institution(Bic, bic);

    private static string? Moment(DateTimeOffset? at) => at is { } moment ? IsoDateTime.ToWire(moment) : null;

    /// <summary>A rate or a value with no more digits than it has.</summary>
    private static string Number(decimal value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
