using System.Text.Json;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.ResourceServer.Introspection;

/// <summary>An introspection answer on a live token, read strictly: what is missing or of another kind makes it no token.</summary>
internal sealed record TokenDescription(VerifiedToken Token, DateTimeOffset ExpiresAt)
{
    public static TokenDescription? Of(JsonElement answer, string issuer, DateTimeOffset now)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("active", out var active) || active.ValueKind != JsonValueKind.True) return null;
        if (Claims.Has(answer, "iss") && Claims.Text(answer, "iss") != issuer) return null;
        if (Claims.Text(answer, "client_id") is not { Length: > 0 } clientId || Claims.Seconds(answer, "exp") is not { } end) return null;

        // Both clocks may be right and the answer late on its way: what has ended has ended.
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(end);
        if (expiresAt <= now || !JwtClock.HasBegun(answer, "nbf", now)) return null;

        var bound = answer.TryGetProperty("cnf", out var cnf) ? cnf : default;
        var (jkt, x5t) = (Claims.Text(bound, "jkt"), Claims.Text(bound, "x5t#S256"));

        // RS-06: bound to one thing, or it is anybody's.
        if (jkt is null == x5t is null) return null;
        return new TokenDescription(
            new VerifiedToken
            {
                ClientId = clientId,
                Scopes = (Claims.Text(answer, "scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal),
                Subject = Claims.Text(answer, "sub"),
                DpopKeyThumbprint = jkt,
                CertificateThumbprint = x5t,
                Audience = Audiences(answer),
                Acr = Claims.Text(answer, "acr"),
                AuthenticatedAt = Claims.Seconds(answer, "auth_time") is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null,
                AuthorizationDetails = answer.TryGetProperty("authorization_details", out var details) && details.ValueKind == JsonValueKind.Array ? details.Clone() : default,
            },
            expiresAt);
    }

    private static IReadOnlyList<string> Audiences(JsonElement answer)
    {
        if (Claims.Text(answer, "aud") is { } one) return [one];
        return answer.TryGetProperty("aud", out var many) && many.ValueKind == JsonValueKind.Array
            ? [.. many.EnumerateArray().Where(audience => audience.ValueKind == JsonValueKind.String).Select(audience => audience.GetString()!)]
            : [];
    }
}
