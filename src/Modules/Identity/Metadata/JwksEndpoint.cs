using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Metadata;

/// <summary>The public halves of the server's signing keys, each with <c>kid</c>, <c>use</c> and <c>alg</c> (KEY-12).</summary>
internal sealed class JwksEndpoint(SigningKeys keys)
{
    public async Task<IResult> GetAsync(HttpContext http, CancellationToken ct)
    {
        var set = new JsonArray();
        foreach (var key in await keys.PublishedAsync(ct))
        {
            var jwk = key.PublicKey.ToJson();
            jwk["kid"] = key.KeyId;
            jwk["use"] = "sig";
            jwk["alg"] = key.Algorithm;
            set.Add(jwk);
        }

        http.Response.Headers.CacheControl = $"public, max-age={KeySchedule.PublicCacheLife.TotalSeconds:0}";
        return Results.Text(new JsonObject { ["keys"] = set }.ToJsonString(), "application/json");
    }
}
