using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// The answer to a browser whose request cannot be trusted: a page and never a redirect, for the address to redirect to is part of
/// what is not trusted (HTTP-07, X-9). It echoes nothing of the request.
/// </summary>
internal sealed class ErrorPage(OAuthError error) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        RefusalLog.Write(httpContext, error.Code, error.Rule);
        PageHeaders.Set(httpContext);
        httpContext.Response.StatusCode = StatusCodes.Status400BadRequest;
        return Html.WriteAsync(httpContext, "This link does not work", $"""
            <h1>This link does not work</h1>
            <p>The request that brought you here is not valid, was used before, or is too old. Nothing was shared and nothing was changed.</p>
            <p>Please go back to the app or website you came from and start again.</p>
            <p class="muted">For its developers: <code>{error.Code}</code>. Reference <code>{HtmlEncoder.Default.Encode(httpContext.InteractionIdentifier())}</code></p>
            """);
    }
}

/// <summary>The page of <c>response_mode=form_post</c>. The customer sends it on with one click, so it needs no script.</summary>
internal sealed class FormPostPage(ReturnToClient back) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        PageHeaders.Set(httpContext, new Uri(back.FormAction!).GetLeftPart(UriPartial.Authority));
        var fields = back.FormFields.Select(field =>
            $"""<input type="hidden" name="{HtmlEncoder.Default.Encode(field.Key)}" value="{HtmlEncoder.Default.Encode(field.Value)}">""");
        return Html.WriteAsync(httpContext, "Back to the app you came from", $"""
            <h1>Back to the app you came from</h1>
            <form method="post" action="{HtmlEncoder.Default.Encode(back.FormAction!)}">
              {string.Concat(fields)}
              <button type="submit">Continue</button>
            </form>
            """);
    }
}

/// <summary>The frame of the few pages that are not the portal's.</summary>
internal static class Html
{
    public static Task WriteAsync(HttpContext http, string title, string body)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width, initial-scale=1">
              <title>{title}</title>
              <link rel="stylesheet" href="{http.Request.PathBase}/portal/portal.css">
            </head>
            <body>
              <main class="page">
                <section class="card">
            {body}
                </section>
              </main>
            </body>
            </html>

            """);
    }
}
