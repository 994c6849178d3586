namespace OpenBanking.Kernel;

/// <summary>Cuts a stranger's text to what a column keeps.</summary>
public static class Shortened
{
    /// <summary>At most so many UTF-16 units, and never half a character: the database refuses those.</summary>
    public static string? To(int length, string? text) =>
        text is null || text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
