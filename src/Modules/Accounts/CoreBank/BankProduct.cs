namespace OpenBanking.Accounts.CoreBank;

/// <summary>A product of the bank with its terms; rates are in percent a year.</summary>
internal sealed class BankProduct
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>PersonalCurrentAccount, BusinessCurrentAccount or Other.</summary>
    public required string Type { get; init; }

    /// <summary>What it is, in a sentence.</summary>
    public required string Description { get; init; }

    public required string Currency { get; init; }

    /// <summary>What it costs a month.</summary>
    public decimal? MonthlyFee { get; init; }

    /// <summary>AER on what is in the account.</summary>
    public decimal? CreditRate { get; init; }

    /// <summary>EAR on an arranged overdraft, or on what a card owes.</summary>
    public decimal? DebitRate { get; init; }

    /// <summary>How far an arranged overdraft is free of interest.</summary>
    public decimal? Buffer { get; init; }
}

/// <summary>The product that an account is.</summary>
internal sealed record AccountProduct(string AccountId, BankProduct Product);
