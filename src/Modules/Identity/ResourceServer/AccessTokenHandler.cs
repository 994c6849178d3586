using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.ResourceServer;

/// <summary>
/// The one check of access tokens. It runs before every endpoint that has an <see cref="AccessRequirement"/>, of whichever module, so
/// that no API can forget a part of it (DP-13, RS-16); an endpoint behind it finds its caller with <c>http.Caller()</c>.
/// </summary>
internal sealed class AccessTokenHandler(IssuedTokens tokens, DpopProofs proofs, TimeProvider clock)
{
    public const string Bearer = "Bearer";
    public const string Dpop = "DPoP";
    private static readonly object PresentedKey = new();

    /// <summary>The step in the request's way; endpoints without a requirement pass.</summary>
    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>() is { } requirement)
        {
            var handler = (AccessTokenHandler)http.RequestServices.GetService(typeof(AccessTokenHandler))!;
            if (await handler.FirstRefusalAsync(http, requirement, http.RequestAborted) is { } refusal)
            {
                await refusal.ExecuteAsync(http);
                return;
            }
        }

        await next(http);
    }

    /// <summary>The token of a request that has passed, for this module's own resources.</summary>
    public static PresentedToken Presented(HttpContext http) =>
        http.Items[PresentedKey] as PresentedToken ?? throw new InvalidOperationException("This endpoint does not require an access token.");

    /// <summary>First whether the token is good, then whether it is enough: 401 goes before 403.</summary>
    private async Task<AccessRefusal?> FirstRefusalAsync(HttpContext http, AccessRequirement requirement, CancellationToken ct)
    {
        if (Credentials.Of(http.Request).Failed(out var refusal, out var shown)) return refusal;
        if ((await LiveTokenAsync(http, shown, ct)).Failed(out refusal, out var presented)) return refusal;
        if (await SenderRefusalAsync(http, shown, presented.Token, ct) is { } sender) return sender;

        // The UK list has 401 here, since what is wrong is not what the token may do but whose it is (OB-SEC-3).
        if (presented.Grant is null && requirement.Kind == TokenKind.Customer)
            return AccessRefusal.InvalidToken(shown.Scheme, "OB-SEC-3", "a token of a customer's authorization is required");
        if (presented.Grant is not null && requirement.Kind == TokenKind.Client)
            return AccessRefusal.InvalidToken(shown.Scheme, "OB-SEC-2", "a token of the client_credentials grant is required");
        if (!GrantedScope.Contains(presented.Token.Scope, requirement.Scope))
            return AccessRefusal.InsufficientScope(shown.Scheme, requirement.Scope, "RS-04");
        if (!GrantedScope.RoleAllows(requirement.Scope, presented.Roles))
            return AccessRefusal.InsufficientScope(shown.Scheme, requirement.Scope, "OB-SEC-6");

        RememberCaller(http, presented);
        return null;
    }

    /// <summary>Asked of the database on every call, so that a revocation holds from the next one on, on every host (RS-03).</summary>
    private async Task<Outcome<PresentedToken, AccessRefusal>> LiveTokenAsync(HttpContext http, Credentials shown, CancellationToken ct)
    {
        if (await tokens.AccessToken(Handle.HashOf(shown.Token)).OneAsync(ct) is not { } presented)
            return AccessRefusal.InvalidToken(shown.Scheme, "RS-03", "the access token is not valid");

        RefusalLog.NameClient(http, presented.Token.ClientId);
        var now = clock.GetUtcNow();
        if (presented.IsLive(now)) return presented;

        // To a third party a revoked token is like an unknown one; an expired one is worth a refresh, so it is told.
        if (presented.Token.RevokedAt is not null) return AccessRefusal.InvalidToken(shown.Scheme, "REV-08", "the access token is not valid");
        if (presented.Grant?.RevokedAt is not null) return AccessRefusal.InvalidToken(shown.Scheme, "OB-SEC-17", "the access token is not valid");
        const string message = "the access token has expired";
        var expired = AccessRefusal.InvalidToken(shown.Scheme, "CO-17", message);
        return http.Request.Path.StartsWithSegments("/open-banking", StringComparison.Ordinal)
            ? expired with { Fault = new ApiFault("TKXP", "CO-17", message) }
            : expired;
    }

    /// <summary>Only who the token was issued to may use it: shown alone it is worth nothing (RS-05).</summary>
    private async Task<AccessRefusal?> SenderRefusalAsync(HttpContext http, Credentials shown, AccessToken token, CancellationToken ct)
    {
        if (token.DpopKeyThumbprint is not { } key)
        {
            // No certificate, no thumbprint, no match: null never equals what a token is bound to.
            var certificate = ClientCertificate.Of(http) is { } of ? ClientCertificate.Thumbprint(of) : null;
            return shown.Scheme == Bearer && token.CertificateThumbprint is { } bound && bound == certificate
                ? null
                : AccessRefusal.InvalidToken(shown.Scheme, "MTLS-07", "the access token is bound to a client certificate");
        }

        if (shown.Scheme != Dpop) return AccessRefusal.InvalidToken(shown.Scheme, "DPOP-21", "the access token is bound to a DPoP key");
        if ((await proofs.VerifyAsync(http, DpopUse.ResourceServer, shown.Token, ct)).Failed(out var error, out var proven))
            return new AccessRefusal(StatusCodes.Status401Unauthorized, Dpop, error.Code, error.Rule, error.Description);
        return proven.Thumbprint == key
            ? null
            : AccessRefusal.InvalidToken(Dpop, "DPOP-21", "the access token is bound to another DPoP key");
    }

    private static void RememberCaller(HttpContext http, PresentedToken presented)
    {
        http.Items[PresentedKey] = presented;
        var consent = presented.Grant is { } grant
            ? new ConsentBinding(grant.ConsentId, grant.CustomerId, grant.AuthenticatedAt, grant.Acr)
            : null;
        var scopes = GrantedScope.Split(presented.Token.Scope).ToHashSet(StringComparer.Ordinal);
        http.SetCaller(new Caller(presented.Token.ClientId, scopes, consent));
    }
}
