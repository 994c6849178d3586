using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenBanking.ResourceServer;

/// <summary>
/// The authentication that a resource demands of the customer behind a token (RFC 9470): one of these contexts, and not longer ago than
/// this. An endpoint that always demands it says so in its metadata; one that does for some requests asks for its first refusal itself.
/// </summary>
/// <param name="AcrValues">The contexts that are good enough, the preferred first; none where any is.</param>
/// <param name="MaxAge">How long ago the customer may have authenticated; null where that does not matter.</param>
public sealed record StepUp(IReadOnlyList<string> AcrValues, TimeSpan? MaxAge)
{
    /// <summary>What is wrong with the authentication of a request that has passed the check of its token, or null.</summary>
    public AccessRefusal? FirstRefusal(HttpContext http) =>
        FirstRefusal(http.AccessToken(), http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());

    /// <summary>What a token does not say does not count for it (STEP-02).</summary>
    internal AccessRefusal? FirstRefusal(VerifiedToken token, DateTimeOffset now)
    {
        var isStrong = AcrValues.Count == 0 || (token.Acr is { } acr && AcrValues.Contains(acr, StringComparer.Ordinal));
        var isFresh = MaxAge is not { } age || (token.AuthenticatedAt is { } at && now <= at + age);
        return isStrong && isFresh ? null : AccessRefusal.InsufficientAuthentication(token.Scheme, this, isStrong ? "STEP-02" : "STEP-01");
    }
}
