using System.Text.Json;

namespace OpenBanking.Kernel.Jose;

/// <summary>How far a client's clock may be off, for every JWT that a client makes (F2-GEN-09).</summary>
public static class JwtClock
{
    /// <summary>An <c>iat</c> or <c>nbf</c> may lie this far ahead: 10 seconds must be taken, 60 must not.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(30);

    /// <summary>Leeway after <c>exp</c>.</summary>
    public static readonly TimeSpan AfterEnd = TimeSpan.FromSeconds(10);

    /// <summary>How old a DPoP proof without a nonce may be.</summary>
    public static readonly TimeSpan ProofAge = TimeSpan.FromSeconds(60);

    /// <summary>Whether a claim such as <c>nbf</c>, if it is there, is a time that has come.</summary>
    public static bool HasBegun(JsonElement claims, string name, DateTimeOffset now) =>
        !Claims.Has(claims, name) || (Claims.Seconds(claims, name) is { } from && DateTimeOffset.FromUnixTimeSeconds(from) <= now + Ahead);

    /// <summary>Whether <c>exp</c> is there and not past. The leeway is taken off our clock: added to the calendar's last second it would throw (JO-24).</summary>
    public static bool HasNotEnded(JsonElement claims, DateTimeOffset now) =>
        Claims.Seconds(claims, "exp") is { } end && now - AfterEnd < DateTimeOffset.FromUnixTimeSeconds(end);
}
