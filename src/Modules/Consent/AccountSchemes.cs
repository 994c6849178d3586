using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenBanking.Consent;

/// <summary>Schemes by which accounts are named, and what an identification looks like in each.</summary>
internal static partial class AccountSchemes
{
    public const string SortCodeAccountNumber = "UK.OBIE.SortCodeAccountNumber";
    public const string Iban = "UK.OBIE.IBAN";

    private static readonly Dictionary<string, Regex> Forms = new(StringComparer.Ordinal)
    {
        ["UK.OBIE.BBAN"] = AnyText(),
        [Iban] = IbanForm(),
        ["UK.OBIE.PAN"] = CardNumber(),
        ["UK.OBIE.Paym"] = AnyText(),
        [SortCodeAccountNumber] = SortCodeAndNumber(),
        ["UK.OBIE.Wallet"] = AnyText(),
    };

    public static bool IsKnown(string scheme) => Forms.ContainsKey(scheme);

    /// <summary>Whether an identification can be one of its scheme; of an unknown scheme nothing is said.</summary>
    public static bool Fits(string? scheme, string identification) => scheme is null || !Forms.TryGetValue(scheme, out var form) || form.IsMatch(identification);

    /// <summary>Whether an account may exist under it: an IBAN has check digits, and with wrong ones it is nobody's (PY-14).</summary>
    public static bool MayExist(string? scheme, string identification) => Fits(scheme, identification) && (scheme != Iban || HasGoodCheckDigits(Plain(identification)));

    /// <summary>Bank and branch numbers are written with blanks and dashes by some; an account is the same account without.</summary>
    public static string Plain(string identification) => new([.. identification.Where(char.IsAsciiLetterOrDigit).Select(char.ToUpperInvariant)]);

    // ISO 7064 MOD 97-10, digit by digit.
    private static bool HasGoodCheckDigits(string iban)
    {
        var rest = 0;
        foreach (var character in iban[4..] + iban[..4])
        {
            foreach (var digit in char.IsAsciiDigit(character) ? character.ToString() : (character - 'A' + 10).ToString(CultureInfo.InvariantCulture))
                rest = ((rest * 10) + (digit - '0')) % 97;
        }

        return rest == 1;
    }

    [GeneratedRegex(@"\A[^\p{C}]+\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex AnyText();

    [GeneratedRegex(@"\A[0-9]{6}[ -]?[0-9]{8}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex SortCodeAndNumber();

    [GeneratedRegex(@"\A[A-Z]{2}[0-9]{2}[A-Z0-9 ]{11,38}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex IbanForm();

    [GeneratedRegex(@"\A[0-9]{8,19}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex CardNumber();
}
