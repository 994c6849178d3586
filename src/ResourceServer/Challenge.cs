using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.ResourceServer;

/// <summary>
/// What a refused caller is told in <c>WWW-Authenticate</c>: a challenge for each scheme there is, of which the one that the caller used
/// carries the error (RS-07, STEP-07). Whatever answers 401 for a token writes it here.
/// </summary>
/// <param name="Scheme">The scheme the caller used; null where there was none.</param>
/// <param name="Error">The error code; null where nothing was presented, so that nothing is wrong (RS-01).</param>
public sealed record Challenge(string? Scheme, string? Error, string? Description = null)
{
    public const string Bearer = "Bearer";
    public const string Dpop = "DPoP";

    /// <summary>A client that has no proof yet learns here what to sign it with (DPOP-22).</summary>
    private static readonly string Algorithms = $", algs=\"{string.Join(' ', JwsPolicy.FapiAlgorithms.OrderDescending(StringComparer.Ordinal))}\"";

    /// <summary>The scope that would have been enough; only with 403.</summary>
    public string? Scope { get; init; }

    /// <summary>The authentication that would have been enough (STEP-01).</summary>
    public StepUp? StepUp { get; init; }

    /// <summary>For a request that has passed the check of its token and fails behind it, because what the token stands for is gone.</summary>
    public static Challenge InvalidToken(HttpContext http) => new(http.AccessToken().Scheme, "invalid_token");

    /// <summary>Puts the challenges on the answer.</summary>
    public void Write(HttpContext http)
    {
        var realm = http.RequestServices.GetRequiredService<IOptions<ResourceServerOptions>>().Value.Realm;
        http.Response.Headers.Append("WWW-Authenticate", Of(Dpop, realm) + Algorithms);
        http.Response.Headers.Append("WWW-Authenticate", Of(Bearer, realm));
    }

    private string Of(string scheme, string realm)
    {
        var challenge = $"{scheme} realm=\"{realm}\"";
        if (scheme != Scheme) return challenge;
        if (Error is not null) challenge += $", error=\"{Error}\"";
        if (Description is not null) challenge += $", error_description=\"{Description}\"";
        if (Scope is not null) challenge += $", scope=\"{Scope}\"";
        if (StepUp is { AcrValues.Count: > 0 } acr) challenge += $", acr_values=\"{string.Join(' ', acr.AcrValues)}\"";
        if (StepUp?.MaxAge is { } age) challenge += string.Create(CultureInfo.InvariantCulture, $", max_age=\"{(long)age.TotalSeconds}\"");
        return challenge;
    }
}
