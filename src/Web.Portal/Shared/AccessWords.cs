using OpenBanking.Consent.Contracts;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>How each kind of access is spoken of (D-2).</summary>
/// <param name="Key">What addresses call it.</param>
/// <param name="Kind">Its name in a list.</param>
/// <param name="Can">What the third party can do, after its name.</param>
/// <param name="CanJointly">The same where the other holder of a joint account has allowed it.</param>
/// <param name="Used">What the third party does when it uses it, before how often.</param>
/// <param name="Ends">What ends with the access, as the effect of cancelling (D-6).</param>
internal sealed record AccessWords(string Key, string Kind, string Can, string CanJointly, string Used, string Ends)
{
    private static readonly AccessWords Data = new(
        "data",
        "Account data",
        "can see data of your accounts",
        "can see your joint account, as the other holder has allowed,",
        "Data was read",
        "It gets no new data from your accounts, from this moment on.");

    private static readonly AccessWords Funds = new(
        "funds",
        "Funds check",
        "can ask whether an amount is available on your account",
        "can ask whether an amount is available on your joint account, as the other holder has allowed,",
        "It asked",
        "We answer none of its funds checks any more, from this moment on.");

    public static IReadOnlyList<AccessWords> All { get; } = [Data, Funds];

    public static AccessWords Of(ConsentKind kind) => kind == ConsentKind.FundsConfirmation ? Funds : Data;

    /// <summary>What a request asks for, after the third party's name; by its type of <c>authorization_details</c>.</summary>
    public static string Asking(string? type) => type == ConsentKind.FundsConfirmation.DetailsType
        ? "asks to check whether you have enough money. After you sign in, you see for which account and decide."
        : "asks to see data of your accounts. After you sign in, you choose the accounts and decide.";
}
