using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Evidence;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Authorize;

/// <summary>An authorization request as it was read, and the object it was in, if there was one.</summary>
internal sealed record ArrivedRequest(AuthorizationRequest Request, SignedRequest? Object);

/// <summary>
/// Reads and judges an authorization request wherever it arrives, pushed or in a browser's address: the same rules in the same order,
/// so that neither way is the easier one (PAR-03).
/// </summary>
internal sealed class AuthorizationRequests(
    RequestObjects objects, SignedMessages evidence, IdTokenHints hints, ManagedGrants grants, IMediator mediator)
{
    /// <summary>
    /// The request: the plain parameters or, where there is a request object, what is inside it and nothing else, whatever is repeated
    /// outside (JAR-05, F1-05, PAR-09).
    /// </summary>
    public async Task<Outcome<ArrivedRequest, OAuthError>> ReadAsync(OAuthForm form, Client client, bool isPushed, CancellationToken ct)
    {
        var outside = AuthorizationRequest.From(form) with { IsPushed = isPushed };
        if (AuthorizationRequestChecks.RefusalOfArrival(outside, client) is { } refusal) return refusal;
        if (outside.RequestObject is not { } jwt) return new ArrivedRequest(outside, Object: null);

        if ((await objects.VerifyAsync(jwt, client, SignedRequestRules.Authorization, ct)).Failed(out var error, out var signed)) return error;
        if (signed.Text("client_id") != client.ClientId)
        {
            return isPushed
                ? new OAuthError("invalid_request_object", "PAR-10", "client_id of the request object is not the client")
                : OAuthError.InvalidRequest("JAR-03", "client_id of the request object is not the client_id beside it");
        }

        if (RequestObjectParameters.Of(signed.Payload).Failed(out error, out var parameters)) return error;
        var inside = AuthorizationRequest.From(parameters) with { IsPushed = isPushed };

        // What is pushed stands alone (PAR-09); in an address OpenID Connect has the type repeated, and it must not say another thing.
        if (!isPushed && outside.ResponseType is not null && outside.ResponseType != inside.ResponseType)
            return OAuthError.InvalidRequest("F1-06", "response_type of the request object is not the response_type beside it");
        return new ArrivedRequest(inside, signed);
    }

    /// <summary>The consent that the request is for, once every rule holds that can be judged before the customer comes.</summary>
    public async Task<Outcome<RequestedConsent, OAuthError>> JudgeAsync(AuthorizationRequest request, Client client, CancellationToken ct)
    {
        if (AuthorizationRequestChecks.FirstRefusal(request, client) is { } refusal) return refusal;
        if (request.IdTokenHint is { } hint && await hints.SubjectAsync(hint, client, ct) is null)
            return OAuthError.InvalidRequest("ID-17", "id_token_hint is not an ID token of this client");
        if (RequestedConsent.Of(request, client).Failed(out var error, out var named)) return error;
        var found = await mediator.Send(new FindConsentForAuthorisation(named.ConsentId, client.ClientId), ct);
        if (named.Refusal(request, found) is { } refused) return refused;
        return await grants.RefusalAsync(request, client, named.ConsentId, ct) is { } unmanaged ? unmanaged : named;
    }

    /// <summary>Of two pushes of one object with one <c>jti</c>, the first counts (JAR-12). Judged last: what was refused may come again. What is taken is kept.</summary>
    public async Task<OAuthError?> ReplayOfAsync(ArrivedRequest arrived, CancellationToken ct)
    {
        if (arrived.Object is not { } signed) return null;
        if (!await objects.IsFirstAsync(signed, ct)) return new OAuthError("invalid_request_object", "JAR-12", "the request object was used before");
        evidence.Keep(signed.Client, SignedMessage.RequestObject, signed.Jwt);
        return null;
    }
}
