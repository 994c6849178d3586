using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Tells a client which customer approved which consent, and how they authenticated (ID-01). It goes over the back channel beside the
/// access token; in a hybrid answer another goes before it through the browser, as the detached signature of that answer.
/// </summary>
internal sealed class IdToken(SigningKeys keys, IOptions<AuthorizationServerOptions> options, TimeProvider clock)
{
    /// <summary>Read once on arrival, so short; it also says how long an old signing key must stay published (KEY-16).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>What <see cref="ForAsync"/> and the userinfo endpoint may say; discovery lists it. Nothing of it undoes the pairwise subject (PW-07).</summary>
    public static readonly IReadOnlyList<string> Claims =
    [
        "acr", "amr", "at_hash", "aud", "auth_time", "c_hash", "exp", "http://openbanking.org.uk/refresh_token_expires_at", "iat", "iss", "nonce",
        "openbanking_intent_id", "s_hash", "sub",
    ];

    public async Task<string> ForAsync(Client client, Grant grant, TokenResponse response, CancellationToken ct)
    {
        var claims = Common(client, grant);
        claims["amr"] = new JsonArray([.. grant.Amr.Select(method => (JsonNode)method)]);
        claims["at_hash"] = LeftHalfHash(response.AccessToken);

        // If and only if the refresh token has an end (OB-SEC-8).
        if (response.RefreshToken is not null && grant.ExpiresAt is { } end)
            claims["http://openbanking.org.uk/refresh_token_expires_at"] = end.ToUnixTimeSeconds();

        return Jws.Sign(await keys.CurrentAsync(client.IdTokenAlgorithm, ct), "JWT", claims); // ID-02
    }

    /// <summary>
    /// The one that comes back through the browser (F1-13): it binds code and state to itself, so that neither can be swapped, and says
    /// nothing that the other one does not say (ID-05) and nothing about the person (F1-15).
    /// </summary>
    public async Task<string> ForAnswerAsync(Client client, Grant grant, string code, string? state, CancellationToken ct)
    {
        var claims = Common(client, grant);
        claims["c_hash"] = LeftHalfHash(code); // ID-04
        if (state is not null) claims["s_hash"] = LeftHalfHash(state); // F1-14
        return Jws.Sign(await keys.CurrentAsync(client.IdTokenAlgorithm, ct), "JWT", claims);
    }

    private JsonObject Common(Client client, Grant grant)
    {
        var now = clock.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = options.Value.Issuer,
            ["sub"] = grant.Subject, // PW-04: the grant has it once, for every place that names the customer
            ["aud"] = client.ClientId,
            ["exp"] = (now + Lifetime).ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["acr"] = grant.Acr, // ID-07
            ["openbanking_intent_id"] = grant.ConsentId, // OB-SEC-9
        };
        if (grant.Nonce is not null) claims["nonce"] = grant.Nonce;
        if (grant.WantsAuthTime) claims["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds(); // ID-06
        return claims;
    }

    /// <summary>Both algorithms there are hash with SHA-256, so the left half is 16 bytes (ID-03).</summary>
    internal static string LeftHalfHash(string text) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
