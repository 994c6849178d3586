using System.Text.Json.Serialization;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.AccountInformation;

// The standard's own names and shapes of what a customer has arranged (OBReadBeneficiary5, OBReadStandingOrder6, OBReadDirectDebit2,
// OBReadScheduledPayment3, OBReadOffer1) and of who and what an account is (OBReadParty2, OBReadParty3, OBReadProduct2).

internal sealed record BeneficiaryList(BeneficiaryList.BeneficiaryData Data, Links Links, Meta Meta)
{
    internal sealed record BeneficiaryData(IReadOnlyList<Beneficiary> Beneficiary);
}

internal sealed record Beneficiary
{
    /// <summary>Absent where all payees of a customer are told of at once (OB-AIS-21).</summary>
    public string? AccountId { get; init; }

    public required string BeneficiaryId { get; init; }

    public required string BeneficiaryType { get; init; }

    public string? Reference { get; init; }

    public Institution? CreditorAgent { get; init; }

    public CashAccount? CreditorAccount { get; init; }
}

internal sealed record StandingOrderList(StandingOrderList.StandingOrderData Data, Links Links, Meta Meta)
{
    internal sealed record StandingOrderData(IReadOnlyList<StandingOrder> StandingOrder);
}

internal sealed record StandingOrder
{
    public required string AccountId { get; init; }

    public required string StandingOrderId { get; init; }

    public string? NextPaymentDateTime { get; init; }

    public string? LastPaymentDateTime { get; init; }

    public required string StandingOrderStatusCode { get; init; }

    public Amount? FirstPaymentAmount { get; init; }

    public Amount? NextPaymentAmount { get; init; }

    public Amount? LastPaymentAmount { get; init; }

    public Amount? FinalPaymentAmount { get; init; }

    public Institution? CreditorAgent { get; init; }

    public CashAccount? CreditorAccount { get; init; }

    public required Mandate MandateRelatedInformation { get; init; }

    public Remittance? RemittanceInformation { get; init; }
}

/// <summary>OBMandateRelatedInformation1, which every standing order has with its frequency (OB-V401-11).</summary>
internal sealed record Mandate(Frequency Frequency)
{
    public string? MandateIdentification { get; init; }

    public string? FirstPaymentDateTime { get; init; }

    public string? FinalPaymentDateTime { get; init; }
}

/// <summary>Either how often or when within the period, never both (OB-AIS-24); the codes are those that v4.0 has too (OB-V401-18).</summary>
internal sealed record Frequency(string Type, int? CountPerPeriod, string? PointInTime);

internal sealed record Remittance(IReadOnlyList<string> Unstructured);

internal sealed record DirectDebitList(DirectDebitList.DirectDebitData Data, Links Links, Meta Meta)
{
    internal sealed record DirectDebitData(IReadOnlyList<DirectDebit> DirectDebit);
}

internal sealed record DirectDebit
{
    public required string AccountId { get; init; }

    public required string DirectDebitId { get; init; }

    public required string DirectDebitStatusCode { get; init; }

    public required Mandate MandateRelatedInformation { get; init; }

    public required string Name { get; init; }

    public string? PreviousPaymentDateTime { get; init; }

    public Amount? PreviousPaymentAmount { get; init; }
}

internal sealed record ScheduledPaymentList(ScheduledPaymentList.ScheduledPaymentData Data, Links Links, Meta Meta)
{
    internal sealed record ScheduledPaymentData(IReadOnlyList<ScheduledPayment> ScheduledPayment);
}

internal sealed record ScheduledPayment
{
    public required string AccountId { get; init; }

    public required string ScheduledPaymentId { get; init; }

    public required string ScheduledPaymentDateTime { get; init; }

    public required string ScheduledType { get; init; }

    public string? Reference { get; init; }

    public string? DebtorReference { get; init; }

    public required Amount InstructedAmount { get; init; }

    public Institution? CreditorAgent { get; init; }

    public CashAccount? CreditorAccount { get; init; }
}

internal sealed record OfferList(OfferList.OfferData Data, Links Links, Meta Meta)
{
    internal sealed record OfferData(IReadOnlyList<Offer> Offer);
}

internal sealed record Offer
{
    public required string AccountId { get; init; }

    public required string OfferId { get; init; }

    public required string OfferType { get; init; }

    public string? Description { get; init; }

    public string? StartDateTime { get; init; }

    public string? EndDateTime { get; init; }

    public string? Rate { get; init; }

    public string? Term { get; init; }

    public Amount? Amount { get; init; }

    public Amount? Fee { get; init; }
}

/// <summary>One party (OBReadParty2).</summary>
internal sealed record PartyOne(PartyOne.OneParty Data, Links Links, Meta Meta)
{
    internal sealed record OneParty(Party? Party);
}

internal sealed record PartyList(PartyList.PartyData Data, Links Links, Meta Meta)
{
    internal sealed record PartyData(IReadOnlyList<Party> Party);
}

internal sealed record Party
{
    public required string PartyId { get; init; }

    public string? PartyNumber { get; init; }

    public string? PartyType { get; init; }

    public string? Name { get; init; }

    public string? FullLegalName { get; init; }

    public string? LegalStructure { get; init; }

    public string? AccountRole { get; init; }

    public string? EmailAddress { get; init; }

    public string? Phone { get; init; }

    public string? Mobile { get; init; }

    public PartyRelationships? Relationships { get; init; }

    public IReadOnlyList<Address>? Address { get; init; }
}

internal sealed record PartyRelationships(PartyRelationships.RelatedAccount Account)
{
    internal sealed record RelatedAccount(string Related, string Id);
}

internal sealed record Address(string? AddressType, string? StreetName, string? BuildingNumber, string? PostCode, string? TownName, string? Country);

internal sealed record ProductList(ProductList.ProductData Data, Links Links, Meta Meta)
{
    internal sealed record ProductData(IReadOnlyList<Product> Product);
}

internal sealed record Product
{
    public required string ProductName { get; init; }

    public required string ProductId { get; init; }

    public required string AccountId { get; init; }

    public required string ProductType { get; init; }

    public OtherProduct? OtherProductType { get; init; }

    [JsonPropertyName("BCA")]
    public BusinessTerms? Bca { get; init; }

    [JsonPropertyName("PCA")]
    public PersonalTerms? Pca { get; init; }
}

/// <summary>A personal current account (OBPCAData1).</summary>
internal sealed record PersonalTerms(ProductNotes? ProductDetails, CreditInterest? CreditInterest, Overdraft? Overdraft);

/// <summary>A business current account (OBBCAData1).</summary>
internal sealed record BusinessTerms(ProductNotes? ProductDetails, CreditInterest? CreditInterest, Overdraft? Overdraft);

/// <summary>What is neither: savings and cards.</summary>
internal sealed record OtherProduct(string Name, string Description, CreditInterest? CreditInterest, Overdraft? Overdraft);

internal sealed record ProductNotes(IReadOnlyList<string> Notes);

internal sealed record CreditInterest(IReadOnlyList<CreditBandSet> TierBandSet);

internal sealed record CreditBandSet(string TierBandMethod, string Destination, IReadOnlyList<CreditBand> TierBand);

internal sealed record CreditBand(
    string TierValueMinimum,
    string ApplicationFrequency,
    string FixedVariableInterestRateType,
    [property: JsonPropertyName("AER")] string Aer);

internal sealed record Overdraft(IReadOnlyList<OverdraftBandSet> OverdraftTierBandSet);

internal sealed record OverdraftBandSet(string TierBandMethod, bool AuthorisedIndicator, string? BufferAmount, IReadOnlyList<OverdraftBand> OverdraftTierBand);

internal sealed record OverdraftBand(string TierValueMin, [property: JsonPropertyName("EAR")] string Ear);

internal sealed record StatementList(StatementList.StatementData Data, Links Links, Meta Meta)
{
    internal sealed record StatementData(IReadOnlyList<Statement> Statement);
}

internal sealed record Statement
{
    public required string AccountId { get; init; }

    public required string StatementId { get; init; }

    public string? StatementReference { get; init; }

    public required string Type { get; init; }

    public required string StartDateTime { get; init; }

    public required string EndDateTime { get; init; }

    public required string CreationDateTime { get; init; }

    public IReadOnlyList<string>? StatementDescription { get; init; }

    public IReadOnlyList<StatementCharge>? StatementFee { get; init; }

    public IReadOnlyList<StatementCharge>? StatementInterest { get; init; }

    public IReadOnlyList<StatementAmount>? StatementAmount { get; init; }

    public IReadOnlyList<StatementDate>? StatementDateTime { get; init; }
}

/// <summary>A fee, or interest.</summary>
internal sealed record StatementCharge(string Description, string CreditDebitIndicator, string Type, string? Frequency, Amount Amount);

internal sealed record StatementAmount(string CreditDebitIndicator, string Type, Amount Amount);

internal sealed record StatementDate(string DateTime, string Type);
