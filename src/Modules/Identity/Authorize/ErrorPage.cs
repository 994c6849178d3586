using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// The answer to a browser whose request cannot be trusted: a page and never a redirect, for the address to redirect to is part of
/// what is not trusted (HTTP-07, X-9). It echoes nothing of the request; the portal draws it.
/// </summary>
internal sealed class ErrorPage(OAuthError error) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        RefusalLog.Write(httpContext, error.Code, error.Rule);
        httpContext.Response.StatusCode = StatusCodes.Status400BadRequest;
        httpContext.SetBrowserErrorCode(error.Code);
        return Task.CompletedTask;
    }
}

/// <summary>The page of <c>response_mode=form_post</c>. The customer sends it on with one click, so it needs no script.</summary>
internal sealed class FormPostPage(ReturnToClient back) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        FormTarget.Allow(httpContext, new Uri(back.FormAction!));
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
              <main class="narrow">
                <section class="card">
            {body}
                </section>
              </main>
            </body>
            </html>

            """);
    }
}
