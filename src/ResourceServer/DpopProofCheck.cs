using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.ResourceServer;

/// <summary>The key whose possession a request has proven.</summary>
/// <param name="Thumbprint">RFC 7638, base64url; null where the request has no <c>DPoP</c> header at all.</param>
public sealed record DpopKey(string? Thumbprint);

/// <summary>What is wrong with a proof, in the code's and the list's words.</summary>
public sealed record DpopFault(string Code, string Rule, string Description);

/// <summary>Remembers proofs that were used: the database where hosts share one, otherwise this process.</summary>
public interface IProofMemory
{
    /// <summary>Whether this <c>jti</c> of this key at this address is shown for the first time. Of many at one moment one is (DPOP-12).</summary>
    Task<bool> IsFirstProofAsync(string thumbprint, string htu, string jti, DateTimeOffset until, CancellationToken ct);
}

/// <summary>
/// Verifies DPoP proofs (RFC 9449 4.3), for the authorization server and for every resource server alike. A <c>DPoP-Nonce</c> header is
/// on the answer whenever one is due.
/// </summary>
public sealed class DpopProofCheck(DpopNonces nonces, IProofMemory memory, IOptions<ResourceServerOptions> options, TimeProvider time)
{
    public const string Header = "DPoP";
    public const string NonceHeader = "DPoP-Nonce";
    private const int MaxLength = 4096;
    private const int MaxJtiLength = 255;

    /// <param name="accessToken">The token shown along with the proof; the proof must name its hash.</param>
    public async Task<Outcome<DpopKey, DpopFault>> VerifyAsync(HttpContext http, DpopUse use, string? accessToken, CancellationToken ct)
    {
        var headers = http.Request.Headers[Header];
        if (headers.Count == 0) return new DpopKey(Thumbprint: null);

        // A proxy may have joined two headers with a comma, which no proof contains.
        if (headers.Count > 1 || headers[0]!.Contains(',', StringComparison.Ordinal)) return Refusal("DPOP-01", "exactly one DPoP proof is needed");
        if (headers[0]!.Length > MaxLength) return Refusal("DPOP-26", "the DPoP proof is longer than 4096 characters");
        if (DpopJws.Parse(headers[0]!, MaxLength).Failed(out var fault, out var proof))
            return Refusal(fault.Rule, "the DPoP proof is not a well-formed proof signed by the key it carries");

        var claims = proof.Jws.Payload;
        var jti = Claims.Text(claims, "jti");
        if (jti is null or "" || Claims.Text(claims, "htm") is null || Claims.Text(claims, "htu") is null || Claims.Seconds(claims, "iat") is null)
            return Refusal("DPOP-07", "the DPoP proof needs jti, htm, htu and iat");
        if (jti.Length > MaxJtiLength) return Refusal("DP-17", "the jti of the DPoP proof is longer than 255 characters");
        if (Claims.Text(claims, "htm") != http.Request.Method) return Refusal("DPOP-08", "the DPoP proof is for another method");

        var here = HttpTarget.Of(http.Request, options.Value.Addresses);
        if (HttpTarget.Normalised(Claims.Text(claims, "htu")!) != here) return Refusal("DPOP-09", "the DPoP proof is for another address");
        if (accessToken is not null && !NamesToken(claims, accessToken)) return Refusal("DPOP-07", "the ath of the DPoP proof is missing or of another token");

        var now = time.GetUtcNow();
        if (TimeFault(claims, now) is { } late) return late;

        var nonce = Claims.Text(claims, "nonce");
        if (nonce is null ? options.Value.DemandsNonces || Claims.Has(claims, "nonce") : !await nonces.IsGoodAsync(use, nonce, ct))
            return await NonceNeededAsync(http, use, ct);

        // With a good nonce the nonce says that the proof is fresh; without one, its own time must.
        if (nonce is null && IssuedAt(claims) < now - JwtClock.ProofAge) return Refusal("DPOP-11", "the DPoP proof is too old");

        // Remembered for the window and the tolerances on both sides of it (DP-11).
        var until = now + (nonce is null ? JwtClock.ProofAge + JwtClock.Ahead : DpopNonces.LongestUse);
        var thumbprint = proof.Key.Thumbprint;
        if (!await memory.IsFirstProofAsync(thumbprint, here, jti, until, ct)) return Refusal("DPOP-12", "the DPoP proof was used before");

        http.Response.Headers[NonceHeader] = await nonces.CurrentAsync(use, ct);
        return new DpopKey(thumbprint);
    }

    private static DpopFault? TimeFault(JsonElement claims, DateTimeOffset now)
    {
        if (IssuedAt(claims) > now + JwtClock.Ahead) return Refusal("F2-GEN-09", "the DPoP proof is from the future");

        // Neither is asked for; but who writes one means it (DPOP-13).
        if (!JwtClock.HasBegun(claims, "nbf", now) || (Claims.Has(claims, "exp") && !JwtClock.HasNotEnded(claims, now)))
            return Refusal("DPOP-13", "the DPoP proof is not valid at this time");
        return null;
    }

    private static DateTimeOffset IssuedAt(JsonElement claims) => DateTimeOffset.FromUnixTimeSeconds(Claims.Seconds(claims, "iat")!.Value);

    private static bool NamesToken(JsonElement claims, string accessToken) =>
        Claims.Text(claims, "ath") is { } ath
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(ath), Encoding.UTF8.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(accessToken)))));

    private static DpopFault Refusal(string rule, string description) => new("invalid_dpop_proof", rule, description);

    private async Task<DpopFault> NonceNeededAsync(HttpContext http, DpopUse use, CancellationToken ct)
    {
        http.Response.Headers[NonceHeader] = await nonces.CurrentAsync(use, ct);
        return new DpopFault("use_dpop_nonce", "DPOP-19", "the DPoP proof needs the nonce of the DPoP-Nonce header");
    }
}
