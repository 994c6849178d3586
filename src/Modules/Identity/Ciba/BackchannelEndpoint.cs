using MediatR;
using Microsoft.AspNetCore.Http;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Ciba;

/// <summary>
/// Takes a request for a customer who is not at the client's browser (CIBA): at a till, on the telephone, at another device. The
/// client waits; the customer finds the request in the portal and decides there with a passkey.
/// </summary>
internal sealed class BackchannelEndpoint(
    ClientAuthentication clients, SignedBackchannelRequests signatures, BackchannelHints hints, BackchannelPrompts prompts, BackchannelRequests requests,
    ManagedGrants grants, IMediator mediator)
{
    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await OAuthForm.ReadAsync(http.Request, ct)).Failed(out var error, out var form)) return error;
        if ((await clients.AuthenticateAsync(http, form, ct)).Failed(out error, out var caller)) return error;

        var client = caller.Client;
        if ((await signatures.ReadAsync(form, client, ct)).Failed(out error, out var arrived)) return error;
        var parameters = arrived.Parameters;
        if (BackchannelRequestChecks.FirstRefusal(parameters, client) is { } refusal) return refusal;

        var request = parameters.ToAuthorizationRequest();
        if (RequestedConsent.Of(request, client).Failed(out error, out var named)) return error;
        await requests.ExpireAsync(named.ConsentId, ct);
        var found = await mediator.Send(new FindConsentForAuthorisation(named.ConsentId, client.ClientId), ct);
        if (named.Refusal(request, found) is { } refused) return WithStatus(refused);

        // A consent that was approved before looks the same each time: only a message ties the request to what the customer is doing now.
        if (found is AuthorisableConsent.Found { Continues: true } && parameters.BindingMessage is null)
            return OAuthError.InvalidRequest("CIBA-12", "binding_message is needed where the consent was approved before");

        if ((await hints.FindAsync(parameters, client, ct)).Failed(out error, out var user)) return error;
        if (await grants.RefusalAsync(request, client, named.ConsentId, ct) is { } unmanaged) return unmanaged;
        if (!await grants.MayDecideAsync(request, client, user.Id, ct)) return ManagedGrants.Unknown();
        if (await mediator.Send(new DescribeForApproval(named.ConsentId, client.ClientId, user.CustomerId), ct) is null)
            return WithStatus(new OAuthError("access_denied", "CO-04", "the consent is another customer's"));
        if (await signatures.ReplayOfAsync(arrived, ct) is { } replay) return replay;
        if (await prompts.RefusalAsync(http, user, client, ct) is { } unwanted) return WithStatus(unwanted);

        if (await requests.StoreAsync(parameters, client, named.ConsentId, user, ct) is not { } stored)
            return OAuthError.InvalidRequest("OB-SEC-14", "another request for this consent waits for the customer");
        http.Response.Headers.CacheControl = "no-store";
        return Results.Json(new { auth_req_id = stored.AuthReqId, expires_in = stored.ExpiresIn, interval = stored.Interval }); // CIBA-17
    }

    /// <summary>What the customer's side forbids is 403 here; all else keeps its status (CIBA-34).</summary>
    private static OAuthError WithStatus(OAuthError error) =>
        error.Code == "access_denied" ? error with { Status = StatusCodes.Status403Forbidden } : error;
}
