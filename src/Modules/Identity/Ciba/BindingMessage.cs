using System.Globalization;
using System.Text;

namespace OpenBanking.Identity.Ciba;

/// <summary>
/// The text that a client shows on its own device and that the portal shows beside its request. It is shown unchanged or refused
/// (CIBA-13): what nobody can see, or what turns the rest around, could make two texts look like one.
/// </summary>
internal static class BindingMessage
{
    private const int MaxLength = 140;

    public static bool MayBeShown(string text)
    {
        var runes = text.EnumerateRunes().ToList();
        return runes.Count <= MaxLength && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]) && runes.TrueForAll(IsVisible);
    }

    private static bool IsVisible(Rune rune) => rune == new Rune(' ') || (rune != Rune.ReplacementChar && !IsBlank(rune.Value) && Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned));

    // Letters without ink, and what only chooses between two looks of the letter before.
    private static bool IsBlank(int value) => value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x2800 or 0x3164 or 0xFFA0 or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);
}
