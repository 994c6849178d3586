using OpenBanking.Payments.Contracts;
using OpenBanking.Web.Portal.Shared;

namespace OpenBanking.Web.Portal.Payments;

/// <summary>Kinds, statuses and reasons of payments as a customer reads them.</summary>
internal static class PaymentWords
{
    private static readonly (string Key, string Name)[] Kinds =
    [
        ("domestic-payment", "Payment"),
        ("domestic-scheduled-payment", "Payment on a date"),
        ("domestic-standing-order", "Standing order"),
        ("international-payment", "Payment abroad"),
        ("international-scheduled-payment", "Payment abroad on a date"),
        ("international-standing-order", "Standing order abroad"),
        ("file-payment", "File of payments"),
        ("domestic-vrp", "Variable recurring payment"),
    ];

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["AM04"] = "There was not enough money in the account.",
        ["AM02"] = "The amount is not allowed.",
        ["AM14"] = "The amount is above a limit.",
        ["AC01"] = "The payee's account does not exist.",
        ["AC03"] = "The payee's account does not exist.",
        ["AC04"] = "The account is closed.",
        ["AC06"] = "The account could not be used.",
        ["AC07"] = "The payee's account is closed.",
        ["AG01"] = "The account cannot make payments of this kind.",
        ["BE04"] = "The payee's address is missing.",
        ["MS03"] = "The payee's bank gave no reason.",
    };

    public static bool IsStandingOrder(PaymentSummary payment) => payment.Kind.EndsWith("standing-order", StringComparison.Ordinal);

    public static bool IsFile(PaymentSummary payment) => payment.Kind == "file-payment";

    public static string KindOf(string kind) => Array.Find(Kinds, known => known.Key == kind).Name ?? "Payment";

    /// <summary>To whom, in a heading; a file pays many.</summary>
    public static string To(PaymentSummary payment) => IsFile(payment) ? VisibleText.Of(payment.PayeeName) : $"to {VisibleText.Of(payment.PayeeName)}";

    /// <summary>How it stands, in a word or two.</summary>
    public static string Badge(PaymentSummary payment) => (payment.Status, payment.State) switch
    {
        ("PATC", _) => "Waits for approval",
        ("ACSC", _) when payment.Kind.StartsWith("international", StringComparison.Ordinal) => "On its way",
        ("CANC", _) => IsStandingOrder(payment) ? "Ended" : "Cancelled",
        ("INFA", _) => "Not all made",
        ("INCO", _) => "All made",
        ("BLCK", _) => "Held back",
        (_, PaymentState.Made) => "Paid",
        (_, PaymentState.NotMade) => "Not paid",
        _ when payment.NextAt is not null => IsStandingOrder(payment) ? "Active" : "Planned",
        _ => "Under way",
    };

    /// <summary>How it stands, in a sentence.</summary>
    public static string Sentence(PaymentSummary payment) => (payment.Status, payment.State) switch
    {
        ("PATC", _) => "Somebody else must approve it too. Nothing moves before that.",
        ("RJCT", _) => $"It was not made. {Because(payment.ReasonCode)}Nothing has left your account, or it is back there.",
        ("CANC", _) => IsStandingOrder(payment) ? "It was ended. No more payments are made under it." : "It was cancelled before it went. Nothing has left your account.",
        ("BLCK", _) => "The payee's bank has the money and holds it back. Please ask the payee.",
        ("INFA", _) => "It has ended, and one or more of its payments could not be made. What was not made has not left your account.",
        ("INCO", _) => "All of its payments were made.",
        ("ACSC", _) => "The money has left your account and is on its way to the payee's bank.",
        ("ACWP", _) => "The payee's bank has the money and has not credited it yet.",
        ("ACCC", _) => "The payee has the money.",
        _ when payment.NextAt is not null => IsStandingOrder(payment) ? "It is active: we make the next payment on its day." : "It waits for its day. Until then nothing leaves your account.",
        _ => "We are carrying it out.",
    };

    /// <summary>A step in its life.</summary>
    public static string Step(PaymentStep step, PaymentSummary payment) => step.Status switch
    {
        "RCVD" => "Order received",
        "PDNG" => IsStandingOrder(payment) ? "Set up" : IsFile(payment) ? "File taken" : "Put down for its day",
        "PATC" => "Waiting for another approval",
        "ACTC" or "ACCP" or "ACFC" => "Checked",
        "ACSP" => "Accepted, and being carried out",
        "ACWC" => "Accepted with a change",
        "ACSC" => "Taken from your account",
        "ACCC" => "Credited to the payee",
        "ACWP" => "At the payee's bank",
        "BLCK" => "Held back by the payee's bank",
        "RJCT" => "Not made",
        "CANC" => IsStandingOrder(payment) ? "Ended" : "Cancelled",
        "INCO" => "All payments made",
        "INFA" => "Ended, not all payments made",
        _ => "Changed",
    };

    public static string By(PaymentStep step, PaymentSummary payment) => step.By switch
    {
        "customer" => "You",
        "third party" => VisibleText.Of(payment.ClientName),
        "scheme" => "Payment network",
        _ => "Your bank",
    };

    /// <summary>Why, as a sentence with a space behind it; nothing where that is not known.</summary>
    public static string Because(string? code) => code is not null && Reasons.TryGetValue(code, out var words) ? words + " " : "";

    public static string PartOf(PaymentPart part) => part.State switch
    {
        PaymentState.Made => "Paid",
        PaymentState.NotMade => "Not paid",
        _ => "Under way",
    };
}
