using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Evidence;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Token;

/// <summary>
/// What is said of a token, in the form that the caller asks for: JSON, or a JWT that the caller can keep as evidence (RFC 9701, MS-08).
/// </summary>
internal sealed class IntrospectionAnswer(SigningKeys keys, SignedMessages evidence, IOptions<AuthorizationServerOptions> options, TimeProvider clock)
{
    /// <summary>Also the <c>typ</c>, so that the JWT is never taken for a token (JIN-02, JIN-08).</summary>
    private const string JwtType = "token-introspection+jwt";
    private const string JwtMediaType = "application/" + JwtType;

    /// <param name="description">The members of RFC 7662; nothing but <c>active</c> for what is not active.</param>
    public async Task<IResult> ForAsync(HttpContext http, Client caller, JsonObject description, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        var wish = Wish.Of(http.Request);
        if (wish.Jwt > 0 && wish.Jwt >= wish.Json && caller.IntrospectionAlgorithm is { } algorithm)
            return Results.Text(await SignAsync(caller, algorithm, description, ct), JwtMediaType);
        if (wish.Json > 0) return Results.Text(description.ToJsonString(), "application/json");

        // Plain JSON to who asked for evidence and nothing else would be taken for what it is not (JIN-01).
        RefusalLog.Write(http, "not_acceptable", "JIN-01");
        return Results.StatusCode(StatusCodes.Status406NotAcceptable);
    }

    /// <summary>JIN-03: no <c>sub</c> and no <c>exp</c> of its own; what the token says stands one level deeper.</summary>
    private async Task<string> SignAsync(Client caller, string algorithm, JsonObject description, CancellationToken ct)
    {
        var claims = new JsonObject
        {
            ["iss"] = options.Value.Issuer,
            ["aud"] = caller.ClientId,
            ["iat"] = clock.GetUtcNow().ToUnixTimeSeconds(),
            ["token_introspection"] = description, // JIN-04
        };
        var jwt = Jws.Sign(await keys.CurrentAsync(algorithm, ct), JwtType, claims); // JIN-05
        evidence.Keep(caller, SignedMessage.IntrospectionResponse, jwt);
        return jwt;
    }

    /// <summary>How much each form is wanted by the <c>Accept</c> header; a caller without one takes JSON, as callers did before there was another form.</summary>
    private sealed record Wish(double Jwt, double Json)
    {
        private static readonly MediaTypeHeaderValue PlainJson = new("application/json");

        public static Wish Of(HttpRequest request)
        {
            if (request.Headers.Accept.Count == 0) return new Wish(Jwt: 0, Json: 1);
            if (!MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var accepted)) return new Wish(Jwt: 0, Json: 0);

            // The JWT only by its name: whoever takes anything has not asked for it (RFC 9701 section 4).
            return new Wish(
                Most(accepted.Where(type => type.MediaType.Equals(JwtMediaType, StringComparison.OrdinalIgnoreCase))), Most(accepted.Where(PlainJson.IsSubsetOf)));
        }

        private static double Most(IEnumerable<MediaTypeHeaderValue> types) => types.Max(type => (double?)(type.Quality ?? 1)) ?? 0;
    }
}
