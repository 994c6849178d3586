using MediatR;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// Where a client sends its customer's browser. Of a pushed request it reads <c>client_id</c> and <c>request_uri</c> and nothing else:
/// what was pushed counts, and what stands beside it in an address that anybody could have written does not (F2-PAR-15, F2-PAR-16).
/// Clients of FAPI 1.0 may also bring the whole request; from there on it is like one that was pushed.
/// </summary>
internal sealed class AuthorizeEndpoint(
    ClientRegister register, AuthorizationRequests requests, PushedRequests pushed, Interactions interactions, AuthorizationResponse response, IMediator mediator,
    TimeProvider time)
{
    public Task<IResult> GetAsync(HttpContext http, CancellationToken ct) =>
        OAuthForm.Parse(http.Request.QueryString.Value?.TrimStart('?') ?? "").Failed(out var error, out var query)
            ? Task.FromResult<IResult>(new ErrorPage(error))
            : ArriveAsync(http, query, ct);

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct) =>
        (await OAuthForm.ReadAsync(http.Request, ct)).Failed(out var error, out var form) ? new ErrorPage(error) : await ArriveAsync(http, form, ct);

    private async Task<IResult> ArriveAsync(HttpContext http, OAuthForm form, CancellationToken ct)
    {
        if (form["client_id"] is not { } clientId) return Page("HTTP-07", "client_id is missing"); // PAR-11
        if (await register.FindAsync(clientId, ct) is not { } client) return Page("HTTP-07", "the client is not known");
        RefusalLog.NameClient(http, client.ClientId);
        if (form["request_uri"] is not { } requestUri) return await ByValueAsync(http, form, client, ct);
        if (form["request"] is not null) return Page("JAR-02", "request and request_uri exclude each other");
        return await ByReferenceAsync(http, requestUri, client, ct);
    }

    private async Task<IResult> ByReferenceAsync(HttpContext http, string requestUri, Client client, CancellationToken ct)
    {
        if (!PushedRequests.IsOurs(requestUri) && ProfileRules.MayBringRequests.HoldsFor(client))
            return new ErrorPage(new OAuthError("request_uri_not_supported", "JAR-11", "request_uri must be one of this server"));
        if (await pushed.FindAsync(requestUri, ct) is not { } stored) return PageForUri("PAR-07");
        if (stored.ClientId != client.ClientId) return PageForUri("PAR-05");
        if (stored.SpentAt is not null) return PageForUri("F2-PAR-12");
        if (time.GetUtcNow() >= stored.ExpiresAt) return PageForUri("PAR-07");

        // The client may have changed since it pushed (PAR-14).
        var request = AuthorizationRequest.FromJson(stored.Parameters);
        if (AuthorizationRequestChecks.FirstRefusal(request, client) is not null) return Page("PAR-14", "the request is not allowed any more");

        return await BeginAsync(http, request, stored, client, ct);
    }

    /// <summary>A request in the address itself (F1-35). Until its client's word is verified, a page answers; from then on the client is told.</summary>
    private async Task<IResult> ByValueAsync(HttpContext http, OAuthForm form, Client client, CancellationToken ct)
    {
        if ((await requests.ReadAsync(form, client, isPushed: false, ct)).Failed(out var error, out var arrived)) return new ErrorPage(error);
        var request = arrived.Request;
        if ((await requests.JudgeAsync(request, client, ct)).Failed(out error, out var consent))
            return AuthorizationRequestChecks.MayBeAnswered(request, client) ? await ToClientAsync(http, request, client, error, ct) : new ErrorPage(error);

        // Each arrival is a request of its own: a page that is loaded again begins anew (OA-04), and of several the first decision ends the consent's wait.
        var stored = await pushed.KeepAsync(request, client, consent.ConsentId, ct);
        return await BeginAsync(http, request, stored, client, ct);
    }

    private async Task<IResult> BeginAsync(HttpContext http, AuthorizationRequest request, PushedRequest stored, Client client, CancellationToken ct)
    {
        if (await RefusalAsync(http, request, stored, client, ct) is { } refusal)
        {
            await pushed.SpendAsync(stored.Hash, ct);
            return await ToClientAsync(http, request, client, refusal, ct);
        }

        var id = await interactions.BeginAsync(http, stored, ct);
        return new SeeOther($"{http.Request.PathBase}/signin?interaction={id}");
    }

    private async Task<IResult> ToClientAsync(HttpContext http, AuthorizationRequest request, Client client, OAuthError refusal, CancellationToken ct)
    {
        RefusalLog.Write(http, refusal.Code, refusal.Rule);
        return AuthorizationResponse.Result(client.Name, await response.ErrorAsync(request, client, refusal.Code, refusal.Description, ct));
    }

    /// <summary>What ends the request before the customer is asked anything; it goes to the client, whose address is verified by now.</summary>
    private async Task<OAuthError?> RefusalAsync(HttpContext http, AuthorizationRequest request, PushedRequest stored, Client client, CancellationToken ct)
    {
        var found = await mediator.Send(new FindConsentForAuthorisation(stored.ConsentId, stored.ClientId), ct);
        if (found is not AuthorisableConsent.Found consent) return new OAuthError("access_denied", "OB-SEC-13", "the consent cannot be authorised any more");
        if (Acr.Reached(request, RequestedClaims.Of(request).Failed(out var error, out var claims) ? throw Impossible(error) : claims) is null)
        {
            return ProfileRules.HasNoWordForUnmetAcr.HoldsFor(client)
                ? new OAuthError("access_denied", "F1-33", "none of the essential acr values can be reached")
                : new OAuthError("unmet_authentication_requirements", "ID-09", "none of the essential acr values can be reached"); // STEP-05
        }

        if (!request.Prompts.Contains("none")) return null;

        // A consent is never authorised without its customer's passkey (CO-10), so without a page there is only the question which page (ID-12).
        var isSignedIn = (await http.AuthenticateAsync(PortalSessionHandler.Scheme)).Succeeded;
        return !isSignedIn ? new OAuthError("login_required", "ID-12", "the customer is not signed in")
            : consent.Continues ? new OAuthError("interaction_required", "ID-12", "the customer must authenticate for this request")
            : new OAuthError("consent_required", "ID-12", "the customer must approve the request");
    }

    private static InvalidOperationException Impossible(OAuthError error) => new($"A stored request breaks {error.Rule}.");

    // A page and no redirect, wherever client, address or request cannot be trusted (OB-SEC-11).
    private static ErrorPage Page(string rule, string description) => new(OAuthError.InvalidRequest(rule, description));

    private static ErrorPage PageForUri(string rule) => new(new OAuthError("invalid_request_uri", rule, "request_uri is not known, used or expired"));
}
