using Microsoft.AspNetCore.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Contracts;

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

/// <summary>A token of this bank's own customers and third parties, behind the one check of access tokens.</summary>
public record BankToken : VerifiedToken
{
    public required Caller Caller { get; init; }
}

/// <summary>How an endpoint of the bank knows who calls it.</summary>
public static class Callers
{
    /// <summary>The caller of a protected endpoint.</summary>
    /// <exception cref="InvalidOperationException">The endpoint does not require an access token.</exception>
    public static Caller Caller(this HttpContext http) => ((BankToken)http.AccessToken()).Caller;
}
