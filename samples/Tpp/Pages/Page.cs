using System.Security.Cryptography;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>A whole page as an answer.</summary>
/// <param name="Connected">There is an access to accounts, so that there is something to look at and to end.</param>
/// <param name="Area">Where in the menu it is: <c>overview</c>, <c>pay</c>, or nowhere.</param>
/// <param name="Script">The file that it needs; it works without.</param>
internal sealed record Page(string Title, Html Body, int Status = StatusCodes.Status200OK, bool Connected = false, string Area = "", string? Script = null) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        httpContext.Response.ContentType = "text/html; charset=utf-8";
        await httpContext.Response.WriteAsync(ToString());
    }

    public override string ToString() => Html.Of($"""
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <meta name="color-scheme" content="light dark">
          <title>{Title} · Tally</title>
          <link rel="preload" href="{Assets.Url("figtree.woff2")}" as="font" type="font/woff2" crossorigin>
          <link rel="stylesheet" href="{Assets.Url("tally.css")}">
          <link rel="icon" href="{Assets.Url("tally.svg")}" type="image/svg+xml">
          {(Script is null ? default : Html.Of($"""<script type="module" src="{Assets.Url(Script)}"></script>"""))}
        </head>
        <body>
          <a class="skip" href="#content">Skip to content</a>
          <header class="bar">
            <div class="frame">
              <a class="brand" href="/">{Icons.Mark}<span>Tally</span></a>
              <nav aria-label="Main">{(Connected ? Link("/overview", "overview", "Overview") : default)}{Link("/pay", "pay", "Pay")}{(Connected ? Link("/disconnect", "disconnect", "Disconnect") : default)}</nav>
            </div>
          </header>
          <main id="content" class="frame">
            {Body}
          </main>
          <footer class="frame foot">
            <p>Tally is the sample app of a sandbox. It looks at accounts, and pays only what you approve at your bank, one payment at a time.</p>
          </footer>
        </body>
        </html>
        """).ToString();

    private Html Link(string address, string area, string words) => Html.Of($"""<a href="{address}" {(Area == area ? Html.Of($"""aria-current="page" """) : default)}>{words}</a>""");
}

/// <summary>The files that a page needs; they are part of the assembly and named by their content, so they may be kept for ever.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, byte[]> Files = new[] { "tally.css", "tally.svg", "figtree.woff2", "pay.js" }
        .ToDictionary(name => name, Read, StringComparer.Ordinal);

    // One version for all, so that the style sheet finds the font beside itself.
    private static readonly string Version =
        Convert.ToHexStringLower(SHA256.HashData([.. Files.Values.SelectMany(bytes => bytes)]).AsSpan(0, 6));

    public static string Url(string name) => $"/assets/{Version}/{name}";

    public static IResult Get(HttpContext http, string version, string name)
    {
        if (version != Version || !Files.TryGetValue(name, out var file)) return Results.NotFound();
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return Results.Bytes(file, Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".js" => "text/javascript; charset=utf-8",
            _ => "font/woff2",
        });
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream(name)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}

internal static class Icons
{
    /// <summary>Four strokes and one across: five.</summary>
    public static readonly Html Mark = Html.Of($"""
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d="M7 6v20M13 6v20M19 6v20M25 6v20"/><path class="across" d="M3 22 29 10"/></svg>
        """);

    public static readonly Html Eye = Html.Of($"""
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z"/><circle cx="12" cy="12" r="3"/></svg>
        """);

    public static readonly Html Shield = Html.Of($"""
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M12 3 5 5.8v5.4c0 4.5 2.9 7.9 7 9.8 4.1-1.9 7-5.3 7-9.8V5.8Z"/><path d="m9 12 2.2 2.2L15.2 10"/></svg>
        """);

    public static readonly Html Tick = Html.Of($"""
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="m5 12.5 4.5 4.5L19 7.5"/></svg>
        """);

    public static readonly Html Cross = Html.Of($"""
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="m7 7 10 10M17 7 7 17"/></svg>
        """);

    public static readonly Html Clock = Html.Of($"""
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/></svg>
        """);

    public static readonly Html Power = Html.Of($"""
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M12 3.5v8M7 6.8a7.5 7.5 0 1 0 10 0"/></svg>
        """);
}
