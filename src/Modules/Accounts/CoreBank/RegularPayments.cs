namespace OpenBanking.Accounts.CoreBank;

/// <summary>A payee whom a customer has saved. Kept for the customer, not for an account (OB-AIS-21).</summary>
internal sealed class BankBeneficiary
{
    public required Guid Id { get; init; }

    public required string CustomerId { get; init; }

    public required bool IsTrusted { get; init; }

    public required string Reference { get; init; }

    public required string PayeeName { get; init; }

    public required string PayeeScheme { get; init; }

    public required string PayeeIdentification { get; init; }

    public string? PayeeBic { get; init; }
}

/// <summary>An order to pay the same amount again and again.</summary>
internal sealed class BankStandingOrder
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    public required string Reference { get; init; }

    /// <summary>OBFrequency6Code, such as MNTH or QURT.</summary>
    public required string Frequency { get; init; }

    /// <summary>The day within the period, two digits (OB-AIS-24).</summary>
    public required string PointInTime { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    /// <summary>When it is due next; null once it has ended.</summary>
    public DateTimeOffset? NextAt { get; set; }

    /// <summary>When it was last carried out: that payment is among the account's transactions.</summary>
    public DateTimeOffset? LastAt { get; init; }

    public DateTimeOffset? FinalAt { get; init; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    /// <summary>ExternalMandateStatus1Code: ACTV, CANC, EXPI, SUSP.</summary>
    public required string Status { get; init; }

    public required string PayeeName { get; init; }

    public required string PayeeScheme { get; init; }

    public required string PayeeIdentification { get; init; }

    public string? PayeeBic { get; init; }
}

/// <summary>A payee's right to collect from an account.</summary>
internal sealed class BankDirectDebit
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>Who collects.</summary>
    public required string Name { get; init; }

    /// <summary>The mandate's own reference.</summary>
    public required string Mandate { get; init; }

    /// <summary>OBFrequency6Code.</summary>
    public required string Frequency { get; init; }

    /// <summary>ExternalMandateStatus1Code.</summary>
    public required string Status { get; init; }

    /// <summary>The last collection: it is among the account's transactions. Null before the first.</summary>
    public DateTimeOffset? LastAt { get; init; }

    public decimal? LastAmount { get; init; }

    public required string Currency { get; init; }
}

/// <summary>One payment that lies in the future.</summary>
internal sealed class BankScheduledPayment
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required string Reference { get; init; }

    /// <summary>What the payer calls it.</summary>
    public string? OwnReference { get; init; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required string PayeeName { get; init; }

    public required string PayeeScheme { get; init; }

    public required string PayeeIdentification { get; init; }

    public string? PayeeBic { get; init; }
}

/// <summary>What the bank offers the holder of an account.</summary>
internal sealed class BankOffer
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>BalanceTransfer, LimitIncrease, MoneyTransfer, Other or PromotionalRate.</summary>
    public required string Type { get; init; }

    public required string Description { get; init; }

    public required DateTimeOffset From { get; init; }

    /// <summary>An offer that has ended is not told of any more.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>In percent a year.</summary>
    public decimal? Rate { get; init; }

    public decimal? Amount { get; init; }

    public decimal? Fee { get; init; }

    public required string Currency { get; init; }

    public string? Term { get; init; }
}
