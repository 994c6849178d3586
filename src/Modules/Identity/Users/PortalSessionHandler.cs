using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OpenBanking.Identity.Users;

/// <summary>
/// Makes a principal of the session cookie. Its claims are the session and its customer; antiforgery tokens are bound to
/// <c>sub</c>, so one that was made before a sign-in or for another customer is worth nothing after it (PO-01).
/// </summary>
internal sealed class PortalSessionHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, PortalSessions sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "Portal";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Cookies[PortalSessions.Cookie] is not { Length: > 0 } secret) return AuthenticateResult.NoResult();
        if (await sessions.FindAsync(secret, Context.RequestAborted) is not { } session) return AuthenticateResult.NoResult();

        var identity = new ClaimsIdentity(
            [new Claim("sid", session.Id.ToString("D")), new Claim("sub", session.Id.ToString("D"))], Scheme);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme));
    }
}
