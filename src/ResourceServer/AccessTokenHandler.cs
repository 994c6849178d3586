using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.ResourceServer;

/// <summary>Who knows what an access token stands for: the database in the authorization server's process, introspection everywhere else.</summary>
public interface ITokenSource
{
    /// <summary>The token, if it is live now: neither unknown nor expired nor revoked (RS-03).</summary>
    Task<Outcome<VerifiedToken, TokenFault>> FindAsync(HttpContext http, string token, CancellationToken ct);
}

/// <summary>
/// The one check of access tokens. It runs before every endpoint that has an <see cref="AccessRequirement"/>, of whichever module or
/// process, so that no API can forget a part of it (DP-13, RS-16); an endpoint behind it finds the token with <c>http.AccessToken()</c>.
/// </summary>
public sealed class AccessTokenHandler(ITokenSource tokens, DpopProofCheck proofs, IOptions<ResourceServerOptions> options, TimeProvider clock)
{
    /// <summary>The step in the request's way; endpoints without a requirement pass.</summary>
    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>() is { } requirement)
        {
            var handler = http.RequestServices.GetRequiredService<AccessTokenHandler>();
            if (await handler.FirstRefusalAsync(http, requirement, http.RequestAborted) is { } refusal)
            {
                await refusal.ExecuteAsync(http);
                return;
            }
        }

        await next(http);
    }

    /// <summary>
    /// Only whether the token is good and its caller's: for an endpoint that takes other credentials beside access tokens, and so cannot
    /// stand behind the check itself.
    /// </summary>
    public async Task<Outcome<VerifiedToken, AccessRefusal>> VerifyAsync(HttpContext http, CancellationToken ct)
    {
        if (Credentials.Of(http.Request).Failed(out var refusal, out var shown)) return refusal;
        return await VerifyAsync(http, shown, ct);
    }

    /// <summary>First whether the token is good, then whether its customer's authentication is, then whether it is enough: 401 goes before 403 (STEP-08).</summary>
    private async Task<AccessRefusal?> FirstRefusalAsync(HttpContext http, AccessRequirement requirement, CancellationToken ct)
    {
        if (Credentials.Of(http.Request).Failed(out var refusal, out var shown)) return refusal;
        if ((await VerifyAsync(http, shown, ct)).Failed(out refusal, out var token)) return refusal;
        if (options.Value.Audience is { } audience && !token.Audience.Contains(audience, StringComparer.Ordinal))
            return AccessRefusal.InvalidToken(shown.Scheme, "INT-03", "the access token is not valid");

        // The UK list has 401 here, since what is wrong is not what the token may do but whose it is (OB-SEC-3).
        if (token.Subject is null && requirement.Kind == TokenKind.Customer)
            return AccessRefusal.InvalidToken(shown.Scheme, "OB-SEC-3", "a token of a customer's authorization is required");
        if (token.Subject is not null && requirement.Kind == TokenKind.Client)
            return AccessRefusal.InvalidToken(shown.Scheme, "OB-SEC-2", "a token of the client_credentials grant is required");
        if (http.GetEndpoint()?.Metadata.GetMetadata<StepUp>()?.FirstRefusal(token, clock.GetUtcNow()) is { } weak) return weak;
        if (RuleAgainst(requirement, token, http) is { } rule) return AccessRefusal.InsufficientScope(shown.Scheme, requirement.Scope, rule);

        http.SetAccessToken(token);
        return null;
    }

    /// <summary>The rule by which no scope of the token opens the endpoint; null where one does.</summary>
    private string? RuleAgainst(AccessRequirement requirement, VerifiedToken token, HttpContext http)
    {
        var rule = "RS-04";
        foreach (var scope in requirement.Scopes.Where(token.Scopes.Contains))
        {
            if (!options.Value.RoleForScope.TryGetValue(scope, out var role) || RuleAgainst(role, token, http) is not { } lacking) return null;
            rule = lacking;
        }

        return rule;
    }

    /// <summary>The rule by which a third party lacks a role: its directory does not give it, or the certificate it shows leaves it out.</summary>
    private static string? RuleAgainst(string role, VerifiedToken token, HttpContext http)
    {
        if (token.Roles is { } roles && !roles.Contains(role, StringComparer.Ordinal)) return "OB-SEC-6";
        return SenderCertificate.Of(http) is { } certificate && CertificateRoles.Of(certificate) is { } carried && !carried.Contains(role, StringComparer.Ordinal)
            ? "MT-10"
            : null;
    }

    private async Task<Outcome<VerifiedToken, AccessRefusal>> VerifyAsync(HttpContext http, Credentials shown, CancellationToken ct)
    {
        if ((await tokens.FindAsync(http, shown.Token, ct)).Failed(out var fault, out var token))
        {
            if (fault == TokenFault.Unavailable) return AccessRefusal.Unavailable(http, fault.Rule);
            return AccessRefusal.InvalidToken(shown.Scheme, fault.Rule, fault.Description) with { Fault = fault.Fault };
        }

        RefusalLog.NameClient(http, token.ClientId);
        return await SenderRefusalAsync(http, shown, token, ct) is { } sender ? sender : token;
    }

    /// <summary>Only who the token was issued to may use it: shown alone it is worth nothing (RS-05). One that is bound to nothing is not taken (RS-06).</summary>
    private async Task<AccessRefusal?> SenderRefusalAsync(HttpContext http, Credentials shown, VerifiedToken token, CancellationToken ct)
    {
        if (token.DpopKeyThumbprint is not { } key)
        {
            if (SenderCertificate.IsUnreadable(http))
                return AccessRefusal.Malformed("the forwarded client certificate cannot be read") with { Rule = "FWD-01" };

            // No certificate, no thumbprint, no match: null never equals what a token is bound to.
            var certificate = SenderCertificate.Of(http) is { } of ? SenderCertificate.Thumbprint(of) : null;
            return shown.Scheme == Challenge.Bearer && token.CertificateThumbprint is { } bound && bound == certificate
                ? null
                : AccessRefusal.InvalidToken(shown.Scheme, "MTLS-07", "the access token is bound to a client certificate");
        }

        // Whoever protects an API with this check checks proofs (DPOP-23).
        if (shown.Scheme != Challenge.Dpop) return AccessRefusal.InvalidToken(shown.Scheme, "DPOP-21", "the access token is bound to a DPoP key");
        if ((await proofs.VerifyAsync(http, DpopUse.ResourceServer, shown.Token, ct)).Failed(out var fault, out var proven))
            return new AccessRefusal(StatusCodes.Status401Unauthorized, Challenge.Dpop, fault.Code, fault.Rule, fault.Description);
        return proven.Thumbprint == key
            ? null
            : AccessRefusal.InvalidToken(Challenge.Dpop, "DPOP-21", "the access token is bound to another DPoP key");
    }
}
