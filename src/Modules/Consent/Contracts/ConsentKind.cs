namespace OpenBanking.Consent.Contracts;

/// <summary>
/// A kind of consent and what stands for it elsewhere. One row joins the consent, the type of <c>authorization_details</c> that names
/// it, the scope of its tokens, and the role without which nobody may ask (OB-SEC-1, OB-SEC-6).
/// </summary>
/// <param name="Name">In words, as evidence and logs say it.</param>
/// <param name="IdPrefix">What an id of this kind begins with, so that the kinds are told apart without asking the database.</param>
/// <param name="DetailsType">Its type in RFC 9396.</param>
public sealed record ConsentKind(string Name, string IdPrefix, string DetailsType, string Scope, string Role)
{
    public static readonly ConsentKind AccountAccess = new("account access", "aac-", "account_information", "accounts", "AISP");
    public static readonly ConsentKind DomesticPayment = new("domestic payment", "dpc-", "payment_initiation", "payments", "PISP");
    public static readonly ConsentKind VariableRecurringPayments = new("variable recurring payments", "vrp-", "variable_recurring_payment", "payments", "PISP");
    public static readonly ConsentKind FundsConfirmation = new("funds confirmation", "fcc-", "funds_confirmation", "fundsconfirmations", "CBPII");

    /// <summary>Whoever approves it lets money be moved, so the approval is signed over what it is for (OB-SCA-2).</summary>
    public bool MovesMoney => Role == "PISP";

    /// <summary>Every kind that is known; which of them are served is said by their modules, see <see cref="ServedConsentKind"/>.</summary>
    public static readonly IReadOnlyList<ConsentKind> All = [AccountAccess, DomesticPayment, VariableRecurringPayments, FundsConfirmation];

    /// <summary>The kind that an id speaks of; null where it is no consent's.</summary>
    public static ConsentKind? OfId(string consentId) => All.FirstOrDefault(kind => consentId.StartsWith(kind.IdPrefix, StringComparison.Ordinal));
}

/// <summary>
/// Says that a module serves a kind of consent. Whoever registers one has its type, scope and role offered: in metadata, at
/// registration, in authorization requests. A kind that nobody registers is known and not offered.
/// </summary>
public sealed record ServedConsentKind(ConsentKind Kind);
