using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Tells a client the customer's <c>sub</c> again, behind the same check as every API (ID-20). Of what the <c>claims</c> parameter may
/// wish for it gives what the ID token has too, and no data of the person (PW-07).
/// </summary>
internal static class UserInfoEndpoint
{
    public static IResult Answer(HttpContext http)
    {
        var grant = ((StoredToken)http.AccessToken()).Presented.Grant!;
        var answer = new JsonObject { ["sub"] = grant.Subject };
        if (Wishes(grant, "openbanking_intent_id")) answer["openbanking_intent_id"] = grant.ConsentId;
        if (Wishes(grant, "acr")) answer["acr"] = grant.Acr;
        if (Wishes(grant, "auth_time")) answer["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds();

        http.Response.Headers.CacheControl = "no-store";
        return Results.Text(answer.ToJsonString(), "application/json");
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
