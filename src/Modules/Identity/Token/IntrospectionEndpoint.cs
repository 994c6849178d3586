using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Metadata;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Tells a client what its own token stands for (RFC 7662). Whatever is not a live token of the caller is <c>active: false</c> and
/// nothing more, so that nobody learns of tokens that are not theirs (INT-02, INT-03). Of a live one it tells all that applies (INT-04).
/// </summary>
internal sealed class IntrospectionEndpoint(
    ClientAuthentication clients, IssuedTokens tokens, IntrospectionAnswer answers, IOptions<AuthorizationServerOptions> options, TimeProvider clock)
{
    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if ((await OAuthForm.ReadAsync(http.Request, ct)).Failed(out var error, out var form)) return error;
        if (form["token"] is not { } token) return OAuthError.InvalidRequest("INT-01", "token is missing");

        // Goes to the database with the question for the client.
        var hash = Handle.HashOf(token);
        var presented = tokens.AccessToken(hash);
        if ((await clients.AuthenticateAsync(http, form, ct)).Failed(out error, out var client)) return error;

        var description = await DescribeAsync(presented, hash, client.Client, ct) ?? new JsonObject { ["active"] = false };
        return await answers.ForAsync(http, client.Client, description, ct);
    }

    private async Task<JsonObject?> DescribeAsync(Question<PresentedToken> presented, byte[] hash, Client client, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (await presented.OneAsync(ct) is { } access)
        {
            if (!access.IsLive(now)) return null;
            return access.Token.ClientId == client.ClientId ? Describe(access) : ForResourceServer(access, client);
        }

        // A refresh token is nobody's business but its client's (INT-08).
        return await tokens.RefreshToken(hash).OneAsync(ct) is { } refresh
            && refresh.Token.ClientId == client.ClientId && !(refresh.Token.ExpiresAt <= now) && refresh.Grant.IsLive(now)
                ? Describe(refresh)
                : null;
    }

    /// <summary>
    /// To an API of another team: of a token that is good there, what concerns it and no more (JIN-07). A scope that its client may not use
    /// any more is not told (OB-SEC-6).
    /// </summary>
    private JsonObject? ForResourceServer(PresentedToken presented, Client client)
    {
        if (options.Value.ResourceServers.FirstOrDefault(server => server.ClientId == client.ClientId) is not { } server) return null;
        var served = GrantedScope.Split(presented.Token.Scope).Where(scope => server.Scopes.Contains(scope) && GrantedScope.RoleAllows(scope, presented.Roles)).ToArray();
        if (served.Length == 0) return null;
        var answer = Describe(presented);
        answer["scope"] = string.Join(' ', served);
        answer["aud"] = server.Audience;
        LeaveDetailsOf(served, answer);
        return answer;
    }

    /// <summary>Of the details, those of the scopes that an API serves: which API a detail is for, its type says (RAR-10).</summary>
    private static void LeaveDetailsOf(string[] served, JsonObject answer)
    {
        if (answer["authorization_details"] is not JsonArray details) return;
        details.RemoveAll(detail => !ConsentKind.All.Any(kind => kind.DetailsType == (string?)detail!["type"] && served.Contains(kind.Scope)));
        if (details.Count == 0) answer.Remove("authorization_details");
    }

    private JsonObject Describe(PresentedToken presented)
    {
        var token = presented.Token;
        var issuedAt = token.IssuedAt.ToUnixTimeSeconds();
        var answer = new JsonObject
        {
            ["active"] = true,
            ["scope"] = token.Scope,
            ["client_id"] = token.ClientId,
            ["token_type"] = token.DpopKeyThumbprint is null ? "Bearer" : "DPoP", // DPOP-24
            ["exp"] = token.ExpiresAt.ToUnixTimeSeconds(),
            ["iat"] = issuedAt,
            ["nbf"] = issuedAt,
            ["aud"] = ProtectedResources.Audience(options.Value),
            ["iss"] = options.Value.Issuer,
            ["jti"] = token.Id.ToString(),
            ["cnf"] = token.DpopKeyThumbprint is { } jkt // INT-05
                ? new JsonObject { ["jkt"] = jkt }
                : new JsonObject { ["x5t#S256"] = token.CertificateThumbprint },
        };
        if (token.AuthorizationDetails is not null) answer["authorization_details"] = JsonNode.Parse(token.AuthorizationDetails);
        if (presented.Grant is { } grant)
        {
            answer["sub"] = grant.Subject; // INT-06
            answer["acr"] = grant.Acr;
            answer["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds();
        }

        return answer;
    }

    private JsonObject Describe(PresentedRefreshToken presented)
    {
        var answer = new JsonObject
        {
            ["active"] = true,
            ["scope"] = presented.Grant.Scope,
            ["client_id"] = presented.Token.ClientId,
            ["iat"] = presented.Token.IssuedAt.ToUnixTimeSeconds(),
            ["iss"] = options.Value.Issuer,
            ["sub"] = presented.Grant.Subject,
        };
        if (presented.Token.ExpiresAt is { } end) answer["exp"] = end.ToUnixTimeSeconds();
        if (presented.Grant.AuthorizationDetails is { } details) answer["authorization_details"] = JsonNode.Parse(details);
        return answer;
    }
}
