using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Tells a client the customer's <c>sub</c> again, behind the same check as every API (ID-20). Of what the <c>claims</c> parameter may
/// wish for it gives what the ID token has too, and no data of the person (PW-07). A client that has registered an algorithm gets a JWT.
/// </summary>
internal sealed class UserInfoEndpoint(ClientRegister register, SigningKeys keys, IOptions<AuthorizationServerOptions> options)
{
    public async Task<IResult> AnswerAsync(HttpContext http, CancellationToken ct)
    {
        var grant = ((StoredToken)http.AccessToken()).Presented.Grant!;
        var answer = new JsonObject { ["sub"] = grant.Subject };
        if (Wishes(grant, "openbanking_intent_id")) answer["openbanking_intent_id"] = grant.ConsentId;
        if (Wishes(grant, "acr")) answer["acr"] = grant.Acr;
        if (Wishes(grant, "auth_time")) answer["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds();

        http.Response.Headers.CacheControl = "no-store";
        if (await register.FindAsync(grant.ClientId, ct) is not { UserInfoAlgorithm: { } algorithm } client) return Results.Text(answer.ToJsonString(), "application/json");

        answer["iss"] = options.Value.Issuer;
        answer["aud"] = client.ClientId;
        return Results.Text(Jws.Sign(await keys.CurrentAsync(algorithm, ct), "JWT", answer), "application/jwt");
    }

    /// <summary>A claim is given only where it was asked for (ID-11).</summary>
    private static bool Wishes(Grant grant, string claim)
    {
        if (grant.Claims is null) return false;
        using var claims = JsonDocument.Parse(grant.Claims);
        return claims.RootElement.TryGetProperty("userinfo", out var wishes)
            && wishes.ValueKind == JsonValueKind.Object
            && wishes.TryGetProperty(claim, out _);
    }
}
