namespace OpenBanking.Identity.Contracts;

/// <summary>
/// The cookie that binds an interaction to the browser it began in (OA-45). One an interaction, so that two tabs do not
/// disturb each other.
/// </summary>
public static class InteractionCookie
{
    private const int IdPart = 12;

    public static string NameFor(string interactionId) =>
        "__Host-interaction-" + string.Concat(interactionId.Take(IdPart).Where(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'));
}
