using System.Globalization;
using System.Text;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>
/// Names from outside as the customer sees them at approval: what is invisible, turns the text around, or passes for a letter of
/// another script is written out (PO-18). Only the display changes, never what is stored or signed.
/// </summary>
internal static class VisibleText
{
    public static string Of(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var shown = new StringBuilder(text.Length);
        foreach (var word in Words(text))
        {
            var isMixed = word.Any(IsLatin) && word.Any(rune => Rune.IsLetter(rune) && !IsLatin(rune));
            foreach (var rune in word)
            {
                if (IsHidden(rune) || (isMixed && Rune.IsLetter(rune) && !IsLatin(rune))) shown.Append(CultureInfo.InvariantCulture, $"[U+{rune.Value:X4}]");
                else shown.Append(rune);
            }
        }

        return shown.ToString();
    }

    // A word with the gap after it. Hidden characters do not end a word: they are what splits one unseen.
    private static IEnumerable<List<Rune>> Words(string text)
    {
        var word = new List<Rune>();
        foreach (var rune in text.EnumerateRunes())
        {
            word.Add(rune);
            if (rune.Value != ' ') continue;
            yield return word;
            word = [];
        }

        if (word.Count > 0) yield return word;
    }

    private static bool IsHidden(Rune rune) => rune == Rune.ReplacementChar || IsBlank(rune.Value) || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned;

    // Letters and spaces that have no ink, or another width than the space one expects.
    private static bool IsBlank(int value) => value is 0x00A0 or 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or 0x3000 or (>= 0x2000 and <= 0x200F) or (>= 0xFE00 and <= 0xFE0F);

    private static bool IsLatin(Rune rune) => Rune.IsLetter(rune) && rune.Value is < 0x0250 or (>= 0x1E00 and <= 0x1EFF);
}
