namespace OpenBanking.Identity.Contracts;

/// <summary>The cookie that ties an interaction to the browser in which it began (OA-45).</summary>
public static class InteractionCookie
{
    /// <summary>Each interaction has its own, so that two journeys in one browser do not disturb each other. The value is the browser's secret.</summary>
    public static string NameOf(string interactionId) => "__Host-interaction-" + (interactionId.Length > 12 ? interactionId[..12] : interactionId);
}
