using System.Text.Json;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Dpop;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Clients;

/// <summary>Judges the JWT with which a client of <c>private_key_jwt</c> authenticates (RFC 7523).</summary>
internal sealed class ClientAssertions(ClientKeys keys, ReplayGuard replays, IOptions<AuthorizationServerOptions> options, TimeProvider time)
{
    private const int MaxJtiLength = 255;
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(60);

    // A request object or an ID token has a type of its own and is none of these (CA-14).
    private static readonly JwsPolicy Policy = new(
        JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { null, "JWT", "client-authentication+jwt" });

    // Keys of nobody: the private halves are thrown away.
    private static readonly Lazy<JsonWebKey> NobodysEs256 = new(() => NewKey("ES256"));
    private static readonly Lazy<JsonWebKey> NobodysPs256 = new(() => NewKey("PS256"));

    /// <summary>The work of a verification for a client that does not exist, so that time does not tell (CA-15).</summary>
    public static void Rehearse(Jws assertion) =>
        _ = assertion.Verify((assertion.Algorithm == "PS256" ? NobodysPs256 : NobodysEs256).Value, Policy);

    /// <summary>The rule that the assertion breaks; null when it is good, and then its <c>jti</c> is spent.</summary>
    public async Task<string?> FaultAsync(Client client, Jws assertion, CancellationToken ct)
    {
        var set = await keys.OfAsync(client, assertion.KeyId, assertion.Algorithm, ct);
        if (set is null || (client.AssertionAlgorithm is { } algorithm && algorithm != assertion.Algorithm))
        {
            Rehearse(assertion);
            return set is null ? "KEY-17" : "CA-11";
        }

        if (assertion.Verify(set, Policy) is { } fault) return fault.Rule;

        var claims = assertion.Payload;
        var now = time.GetUtcNow();
        if (Claims.Text(claims, "iss") != client.ClientId || Claims.Text(claims, "sub") != client.ClientId) return "CA-06";

        if (AudienceFault(client, claims) is { } audience) return audience;
        if (!JwtClock.HasNotEnded(claims, now) || End(claims) > now + LongestLife) return "CA-09";
        if (!JwtClock.HasBegun(claims, "iat", now) || !JwtClock.HasBegun(claims, "nbf", now)) return "CA-09";
        if (Claims.Text(claims, "jti") is not { Length: > 0 and <= MaxJtiLength } jti) return "CA-10";

        return await replays.IsFirstAssertionAsync(client.ClientId, jti, End(claims) + JwtClock.AfterEnd, ct) ? null : "CA-10";
    }

    private string? AudienceFault(Client client, JsonElement claims)
    {
        // One JSON string and nothing else: an assertion for us and for somebody else could be used by either against the other.
        if (ProfileRules.AssertsToIssuerAlone.HoldsFor(client)) return Claims.Text(claims, "aud") == options.Value.Issuer ? null : "CA-07";
        return options.Value.Audiences().Any(audience => Claims.Holds(claims, "aud", audience)) ? null : "CA-08";
    }

    private static DateTimeOffset End(JsonElement claims) => DateTimeOffset.FromUnixTimeSeconds(Claims.Seconds(claims, "exp")!.Value);

    private static JsonWebKey NewKey(string algorithm)
    {
        using var key = SigningKey.Create(algorithm, rsaBits: 2048);
        return key.PublicKey;
    }
}
