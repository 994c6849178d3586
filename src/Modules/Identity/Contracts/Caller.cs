using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Contracts;

/// <summary>Whose token an endpoint takes (OB-SEC-2, OB-SEC-3).</summary>
public enum TokenKind
{
    /// <summary>From the client-credentials grant: the third party speaks for itself.</summary>
    Client,

    /// <summary>From an authorization: bound to one customer and one consent (OB-SEC-4).</summary>
    Customer,
}

/// <summary>
/// Who calls a protected resource, once token, expiry, revocation and sender constraint were verified. There is no other way to
/// get one than through the access-token check, so an endpoint that has a caller has a checked caller.
/// </summary>
/// <param name="ClientId">The third party.</param>
/// <param name="Scopes">What the token was issued for.</param>
/// <param name="Consent">The consent and its customer; null for a token of the client-credentials grant.</param>
public sealed record Caller(string ClientId, IReadOnlySet<string> Scopes, ConsentBinding? Consent);

/// <summary>What a customer's token is bound to (OB-SEC-4).</summary>
/// <param name="ConsentId">The consent that was approved.</param>
/// <param name="CustomerId">The bank's own number of the customer, never shown to the third party.</param>
/// <param name="AuthenticatedAt">When the customer authenticated for it.</param>
/// <param name="Acr">The authentication context that was reached.</param>
public sealed record ConsentBinding(string ConsentId, string CustomerId, DateTimeOffset AuthenticatedAt, string Acr);

/// <summary>What an endpoint demands of an access token; the endpoint's metadata, so that a list of all endpoints shows it.</summary>
public sealed record AccessRequirement(string Scope, TokenKind Kind);

/// <summary>How an endpoint of any module is put behind the one check of access tokens (RS-01 to RS-06).</summary>
public static class ProtectedResource
{
    private static readonly object CallerKey = new();

    /// <summary>Lets only tokens with this scope and of this kind through.</summary>
    public static TBuilder RequireAccessToken<TBuilder>(this TBuilder builder, string scope, TokenKind kind)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AccessRequirement(scope, kind));

    /// <summary>The caller of a protected endpoint.</summary>
    /// <exception cref="InvalidOperationException">The endpoint does not require an access token.</exception>
    public static Caller Caller(this HttpContext http) =>
        http.Items[CallerKey] as Caller ?? throw new InvalidOperationException("This endpoint does not require an access token.");

    /// <summary>Fixes the caller. Identity alone calls this, after the token was verified.</summary>
    public static void SetCaller(this HttpContext http, Caller caller) => http.Items[CallerKey] = caller;
}
