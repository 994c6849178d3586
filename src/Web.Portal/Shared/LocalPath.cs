namespace OpenBanking.Web.Portal.Shared;

/// <summary>Where a page may send its visitor next. A list of what exists, not a pattern: patterns have been talked round (PO-05, HTTP-08).</summary>
internal static class LocalPath
{
    private static readonly string[] Known = ["/", "/connections", "/requests", "/passkeys", "/signins", "/my-data"];

    /// <summary>The path if it is one of ours, else the start page.</summary>
    public static string Of(string? returnUrl) => Known.FirstOrDefault(path => string.Equals(path, returnUrl, StringComparison.Ordinal)) ?? "/";
}
