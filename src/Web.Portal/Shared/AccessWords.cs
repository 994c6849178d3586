using OpenBanking.Consent.Contracts;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>How each kind of access is spoken of (D-2).</summary>
/// <param name="Key">What addresses call it.</param>
/// <param name="Kind">Its name in a list.</param>
/// <param name="Asks">What is asked of the customer, after the third party's name.</param>
/// <param name="Continues">The same where the customer has approved it before.</param>
/// <param name="Can">What the third party can do, after its name.</param>
/// <param name="CanJointly">The same where the other holder of a joint account has allowed it.</param>
/// <param name="Used">What the third party does when it uses it, before how often.</param>
/// <param name="Ends">What ends with the access, as the effect of cancelling (D-6).</param>
internal sealed record AccessWords(string Key, string Kind, string Asks, string Continues, string Can, string CanJointly, string Used, string Ends)
{
    private static readonly AccessWords Data = new(
        "data",
        "Account data",
        "asks to see data of your accounts",
        "asks to continue seeing data of your accounts",
        "can see data of your accounts",
        "can see your joint account, as the other holder has allowed,",
        "Data was read",
        "It gets no new data from your accounts, from this moment on.");

    private static readonly AccessWords Funds = new(
        "funds",
        "Funds check",
        "asks to check whether you have enough money",
        "asks to go on checking whether you have enough money",
        "can ask whether an amount is available on your account",
        "can ask whether an amount is available on your joint account, as the other holder has allowed,",
        "It asked",
        "We answer none of its funds checks any more, from this moment on.");

    private static readonly AccessWords Payment = new(
        "payments",
        "Payment",
        "asks you to make a payment",
        "asks you to make a payment",
        "can make payments from your account",
        "can make payments from your joint account, as the other holder has allowed,",
        "Payments were made",
        "It can make no new payments, from this moment on.");

    private static readonly AccessWords Recurring = new(
        "recurring",
        "Payments within limits",
        "asks to make payments from your account within limits",
        "asks to go on making payments from your account within limits",
        "can make payments from your account within the limits you approved",
        "can make payments from your joint account within the limits that the other holder approved,",
        "Payments were made",
        "It can make no new payments, from this moment on. Payments that were made or are on their way stay made.");

    public static IReadOnlyList<AccessWords> All { get; } = [Data, Funds, Payment, Recurring];

    public static AccessWords Of(ConsentKind kind) => OfType(kind.DetailsType);

    /// <summary>By the type of <c>authorization_details</c>.</summary>
    public static AccessWords OfType(string? type) =>
        type == ConsentKind.FundsConfirmation.DetailsType ? Funds
        : type == ConsentKind.DomesticPayment.DetailsType ? Payment
        : type == ConsentKind.VariableRecurringPayments.DetailsType ? Recurring
        : Data;

    /// <summary>What a request asks for and what comes next, after the third party's name.</summary>
    public static string BeforeSignIn(string? type)
    {
        var words = OfType(type);
        return $"{words.Asks}. After you sign in, you {(words == Funds ? "see for which account" : words == Payment ? "see what is paid to whom" : words == Recurring ? "see the limits" : "choose the accounts")} and decide.";
    }
}
