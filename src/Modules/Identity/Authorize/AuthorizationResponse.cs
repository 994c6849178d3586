using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// The way back to the client: a code or an error, the <c>state</c> as it was sent, and <c>iss</c> in every answer, so that a client of
/// several servers knows which one speaks (ISS-01, F2-PAR-07).
/// </summary>
internal sealed class AuthorizationResponse(IOptions<AuthorizationServerOptions> options)
{
    public const string FormPost = "form_post";

    public ReturnToClient Code(AuthorizationRequest request, string code) => Return(request, [new("code", code)]);

    /// <summary>An error carries nothing else than this (HTTP-06).</summary>
    public ReturnToClient Error(AuthorizationRequest request, string error, string description) =>
        Return(request, [new("error", error), new("error_description", description)]);

    /// <summary>The answer of the authorization endpoint itself: 303, or the page that posts (HTTP-10).</summary>
    public static IResult Result(string clientName, ReturnToClient back) => back.FormAction is null ? new SeeOther(back.Location) : new FormPostPage(clientName, back);

    private ReturnToClient Return(AuthorizationRequest request, List<KeyValuePair<string, string>> parameters)
    {
        if (request.State is not null) parameters.Add(new("state", request.State));
        parameters.Add(new("iss", options.Value.Issuer)); // ISS-02

        var address = request.RedirectUri!;
        if (request.ResponseMode == FormPost) return new ReturnToClient(address, address, new Dictionary<string, string>(parameters, StringComparer.Ordinal));

        var query = string.Join('&', parameters.Select(parameter => parameter.Key + "=" + Uri.EscapeDataString(parameter.Value)));
        var separator = !address.Contains('?', StringComparison.Ordinal) ? "?" : address[^1] is '?' or '&' ? "" : "&";
        return new ReturnToClient(address + separator + query, FormAction: null, new Dictionary<string, string>(StringComparer.Ordinal));
    }
}

/// <summary>303 and never 307: a browser must not carry what it posted to us on to somebody else (HTTP-09, OA-34).</summary>
internal sealed class SeeOther(string location) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = location;
        return Task.CompletedTask;
    }
}
