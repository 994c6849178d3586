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

/// <summary>The answer of <c>response_mode=form_post</c>: a page that posts, which the portal draws. The customer sends it on with one click, so it needs no script.</summary>
internal sealed class FormPostPage(string clientName, ReturnToClient back) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.SetWayBack(clientName, back);
        return Task.CompletedTask;
    }
}
