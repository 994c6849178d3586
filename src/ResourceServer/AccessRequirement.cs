using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.ResourceServer;

/// <summary>Whose token an endpoint takes (OB-SEC-2, OB-SEC-3).</summary>
public enum TokenKind
{
    /// <summary>From the client-credentials grant: the third party speaks for itself.</summary>
    Client,

    /// <summary>From an authorization: bound to one customer and what they allowed (OB-SEC-4).</summary>
    Customer,
}

/// <summary>What an endpoint demands of an access token; the endpoint's metadata, so that a list of all endpoints shows it.</summary>
/// <param name="Scope">What the token must have been issued for; several with blanks between are alternatives, of which one is enough.</param>
public sealed record AccessRequirement(string Scope, TokenKind Kind)
{
    /// <summary>The alternatives.</summary>
    public IReadOnlyList<string> Scopes { get; } = Scope.Split(' ');
}

/// <summary>How an endpoint is put behind the one check of access tokens (RS-01 to RS-06).</summary>
public static class ProtectedResource
{
    private static readonly object TokenKey = new();

    /// <summary>Lets only tokens with this scope and of this kind through.</summary>
    public static TBuilder RequireAccessToken<TBuilder>(this TBuilder builder, string scope, TokenKind kind)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AccessRequirement(scope, kind));

    /// <summary>Lets only tokens with at least one of these scopes, and of this kind, through.</summary>
    public static TBuilder RequireAccessToken<TBuilder>(this TBuilder builder, IEnumerable<string> anyOf, TokenKind kind)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAccessToken(string.Join(' ', anyOf), kind);

    /// <summary>Lets only customers' tokens through behind which this authentication stands (STEP-01).</summary>
    public static TBuilder RequireAuthentication<TBuilder>(this TBuilder builder, StepUp demand)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(demand);

    /// <summary>
    /// The token of a protected endpoint's caller. There is no other way to get one than through the check, so an endpoint that has a
    /// token has a checked one.
    /// </summary>
    /// <exception cref="InvalidOperationException">The endpoint does not require an access token.</exception>
    public static VerifiedToken AccessToken(this HttpContext http) =>
        http.Items[TokenKey] as VerifiedToken ?? throw new InvalidOperationException("This endpoint does not require an access token.");

    internal static void SetAccessToken(this HttpContext http, VerifiedToken token) => http.Items[TokenKey] = token;
}
