namespace OpenBanking.Accounts.CoreBank;

/// <summary>A person or a firm that has to do with accounts. What is not known is null and leaves no trace outside (OB-GEN-5).</summary>
internal sealed class BankParty
{
    /// <summary>What third parties call it; says nothing of the party (OB-GEN-13).</summary>
    public required Guid Id { get; init; }

    /// <summary>The customer that it is; null for who is no customer, such as a firm's director.</summary>
    public string? CustomerId { get; init; }

    public required string Name { get; init; }

    public required string FullLegalName { get; init; }

    /// <summary>OBInternalLegalStructureType1Code.</summary>
    public required string LegalStructure { get; init; }

    /// <summary>A firm's number in the company register.</summary>
    public string? Number { get; init; }

    public string? Email { get; init; }

    public string? Phone { get; init; }

    public string? Mobile { get; init; }

    /// <summary>OBAddressType2Code: HOME or BIZZ.</summary>
    public string? AddressType { get; init; }

    public string? BuildingNumber { get; init; }

    public string? StreetName { get; init; }

    public string? TownName { get; init; }

    public string? PostCode { get; init; }

    /// <summary>ISO 3166.</summary>
    public string? Country { get; init; }
}

/// <summary>What a party is to an account.</summary>
/// <param name="Type">OBInternalPartyType1Code: Sole, Joint or Delegate.</param>
/// <param name="Role">OBInternalAccountRole1Code.</param>
internal sealed record AccountParty(string AccountId, string Type, string Role, BankParty Party);
