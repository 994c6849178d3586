using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Par;

/// <summary>
/// Takes a client's authorization request over a direct, authenticated channel and answers with a short-lived reference to it
/// (RFC 9126). Every parameter is judged here, so that by the time a browser arrives at the authorization endpoint there is nothing
/// left to reject but the reference. Refusals are OAuth's own words in JSON (PAR-08).
/// </summary>
internal sealed class PushedAuthorizationEndpoint(ClientAuthentication clients, DpopProofs proofs, AuthorizationRequests requests, PushedRequests pushed)
{
    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await OAuthForm.ReadAsync(http.Request, ct)).Failed(out var error, out var form)) return error;
        if ((await clients.AuthenticateAsync(http, form, ct)).Failed(out error, out var caller)) return error; // PAR-01, F2-PAR-02, F2-PAR-04
        if ((await proofs.VerifyAsync(http, ct)).Failed(out error, out var key)) return error;

        var client = caller.Client;
        if ((await requests.ReadAsync(form, client, isPushed: true, ct)).Failed(out error, out var arrived)) return error;
        var request = arrived.Request;

        // A proof and dpop_jkt may both be sent, but they must name the same key.
        if (key.Thumbprint is { } jkt && request.DpopKeyThumbprint is { } sent && sent != jkt)
            return OAuthError.InvalidRequest("DPOP-16", "dpop_jkt does not match the DPoP proof");
        if ((await requests.JudgeAsync(request, client, ct)).Failed(out error, out var consent)) return error;
        if (await requests.ReplayOfAsync(arrived, ct) is { } replay) return replay;

        // By the proof or by dpop_jkt the code is bound to the key (F2-GEN-08, PAR-15).
        // A client whose tokens are bound to its certificate has no key to bind the code to.
        var bound = client.UsesDpop ? key.Thumbprint ?? request.DpopKeyThumbprint : null;
        var requestUri = pushed.Store(request, client, consent.ConsentId, bound);
        http.Response.Headers.CacheControl = "no-store"; // PAR-04
        return Results.Json(
            new { request_uri = requestUri, expires_in = (int)pushed.Lifetime.TotalSeconds }, statusCode: StatusCodes.Status201Created);
    }
}
