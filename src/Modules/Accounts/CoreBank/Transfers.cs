using System.Text.Json.Serialization;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts.CoreBank;

/// <summary>A movement of money that a customer has ordered: first it is held, then it is posted or given back.</summary>
internal sealed record TransferOrder(
    string TransferId, string Under, string CustomerId, string AccountId, Money Amount, decimal Charge, string PayeeScheme, string PayeeIdentification, string PayeeName, string Reference)
{
    /// <summary>What the payee gets, where that is in another currency.</summary>
    public Money? Exchanged { get; init; }

    /// <summary>That a third party has asked for it, as the first letter of its sub-type tells a scheme; payments that vary have a letter of their own (OB-VRP-26).</summary>
    public const string OpenBanking = "A";

    public const string Variable = "V";

    public string Marker { get; init; } = OpenBanking;

    /// <summary>What leaves the account.</summary>
    [JsonIgnore]
    public decimal Total => Amount.Amount + Charge;
}

/// <summary>What became of a wish to hold.</summary>
internal enum HoldOutcome
{
    Held,
    InsufficientFunds,
    AccountUnusable,
    PayeeUnknown,
    PayeeClosed,
}

/// <summary>A hold, with the account that it is on; the account is null where nothing is held.</summary>
internal sealed record HoldResult(HoldOutcome Outcome, bool IsOnUs = false, BankAccount? Account = null);
