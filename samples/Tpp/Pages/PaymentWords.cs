using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>How far a payment has come, of <see cref="PaymentWords.Steps"/>.</summary>
internal enum Stage
{
    Approved,
    Taken,
    Sent,
    Arrived,
}

/// <summary>Statuses and reasons of the standard, in words for the customer.</summary>
/// <param name="Stage">As far as it has certainly come.</param>
/// <param name="IsEnd">Nothing more is to be expected.</param>
/// <param name="IsBad">It did not, or does not yet, reach the payee.</param>
internal sealed record PaymentWords(Stage Stage, string Title, string Text, bool IsEnd = false, bool IsBad = false)
{
    /// <summary>What a payment goes through, in its order.</summary>
    public static readonly IReadOnlyList<string> Steps = ["You approved it", "Your bank has taken it", "It is on its way", "It has arrived"];

    private static readonly PaymentWords Taken = new(Stage.Taken, "Your bank has the payment", "It is being looked at, which takes a moment.");

    private static readonly Dictionary<string, PaymentWords> ByStatus = new(StringComparer.Ordinal)
    {
        ["PATC"] = new(Stage.Approved, "Somebody else must approve it too", "This account needs more than one approval. Your bank has asked the others; nothing moves before they have agreed."),
        ["ACSP"] = new(Stage.Taken, "Your bank is sending it", "The payment has passed all checks."),
        ["ACWC"] = new(Stage.Taken, "Your bank is sending it", "The payment has passed all checks; the bank has changed something small about it, such as its day."),
        ["ACSC"] = new(Stage.Sent, "It is on its way", "The money has left your account. The payee's bank says next that it is there."),
        ["ACWP"] = new(Stage.Sent, "It is at the payee's bank", "The payee's bank has the money and has not credited it yet."),
        ["ACCC"] = new(Stage.Arrived, "Paid", "The money is in the payee's account.", IsEnd: true),
        ["BLCK"] = new(Stage.Sent, "Held by the payee's bank", "The payee's bank has the money and holds it back. Please ask the payee.", IsEnd: true, IsBad: true),
        ["RJCT"] = new(Stage.Approved, "The payment was not made", "Nothing has left your account, or it is back there already.", IsEnd: true, IsBad: true),
        ["CANC"] = new(Stage.Approved, "The payment was cancelled", "It was stopped at your bank. Nothing has left your account.", IsEnd: true, IsBad: true),
    };

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["AM04"] = "There is not enough money in the account.",
        ["AM14"] = "The amount is above what your bank lets you pay at once.",
        ["AM02"] = "The amount is above what your bank lets you pay at once.",
        ["AC01"] = "The payee's account does not exist.",
        ["AC03"] = "The payee's account does not exist.",
        ["AC04"] = "The account is closed.",
        ["AC06"] = "The account cannot be used at the moment.",
        ["AC07"] = "The payee's account is closed.",
        ["U009"] = "The approval has run out or was used already.",
        ["U012"] = "Your bank takes no more payments of this kind today.",
        ["U021"] = "Sort code and account number do not belong together.",
    };

    /// <summary>How a payment stands; one that the bank has not confirmed has words of its own.</summary>
    public static PaymentWords Of(MadePayment made) => made switch
    {
        { Order: { } order } => ByStatus.GetValueOrDefault(order.Status, Taken),
        { IsUnclear: true } => new(Stage.Approved, "Your bank has not answered yet", "You approved the payment, but we do not know whether your bank has taken it. Asking again is safe: it can be made only once."),
        { IsLost: true } => new(Stage.Approved, "Please look at your bank", "You approved the payment, but your bank's answer did not reach us in time to ask again. Look among your payments there before you pay once more.", IsEnd: true, IsBad: true),
        _ => new(Stage.Approved, "The payment was not made", "You approved it, but your bank did not take it. Nothing has left your account.", IsEnd: true, IsBad: true),
    };

    /// <summary>Why, where that is known; nothing otherwise.</summary>
    public static string? Because(string? code) => code is null ? null : Reasons.GetValueOrDefault(code);
}
