using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Contracts;

/// <summary>Where the form of this one answer may post to beside our own origin: with <c>form_post</c>, to the verified address of the third party.</summary>
public static class FormTarget
{
    private static readonly object Key = new();

    public static void Allow(HttpContext http, Uri target) => http.Items[Key] = target.GetLeftPart(UriPartial.Authority);

    /// <summary>The origin, for the page's policy; null where there is none.</summary>
    public static string? Of(HttpContext http) => http.Items[Key] as string;
}
