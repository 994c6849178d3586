using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>Opens passkey ceremonies and hands each out once.</summary>
internal sealed class PasskeyCeremonies(IdentityDb db, TimeProvider clock)
{
    /// <summary>Binds a ceremony to the browser it began in; says nothing about who sits there.</summary>
    public const string Cookie = "__Host-ceremony";

    /// <summary>Stores a new ceremony and answers with the handle that the page must bring back.</summary>
    /// <param name="optionsJson">What the browser is given; the challenge is taken from it.</param>
    public async Task<string> BeginAsync(HttpContext http, CeremonyKind kind, string optionsJson, string state, CeremonyPurpose purpose, CancellationToken ct)
    {
        var handle = Handle.New();
        using var options = JsonDocument.Parse(optionsJson);
        db.Ceremonies.Add(new PasskeyCeremony
        {
            Hash = handle.Hash,
            Kind = kind,
            BrowserHash = Handle.HashOf(BrowserSecret(http)),
            Challenge = Base64Url.DecodeFromChars(options.RootElement.GetProperty("challenge").GetString()),
            State = state,
            UserId = purpose.UserId,
            ActivationHash = purpose.ActivationHash,
            NormalizedUsername = purpose.NormalizedUsername,
            InteractionHash = purpose.InteractionHash,
            Nonce = purpose.Nonce,
            ExpiresAt = clock.GetUtcNow() + PasskeyCeremony.Lifetime,
        });
        await db.SaveChangesAsync(ct);
        return handle.Value;
    }

    /// <summary>
    /// Uses a ceremony up and gives what it was opened for. It is spent before anything about the answer is judged, so that a bad
    /// answer spends it too, and of two answers at one moment the database lets one through (PK-06).
    /// </summary>
    public async Task<Outcome<PasskeyCeremony, PasskeyRefusal>> ConsumeAsync(HttpContext http, CeremonyKind kind, string? handle, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(handle)) return new PasskeyRefusal("PK-06");
        var hash = Handle.HashOf(handle);
        var now = clock.GetUtcNow();
        var won = await db.Ceremonies
            .Where(row => row.Hash == hash && row.ConsumedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ConsumedAt, now), ct);
        if (won == 0) return new PasskeyRefusal("PK-06");

        var ceremony = await db.Ceremonies.FirstAsync(row => row.Hash == hash, ct);
        var browser = http.Request.Cookies[Cookie];
        var isOfThisBrowser = browser is not null
            && CryptographicOperations.FixedTimeEquals(Handle.HashOf(browser), ceremony.BrowserHash);
        return ceremony.Kind == kind && ceremony.ExpiresAt > now && isOfThisBrowser ? ceremony : new PasskeyRefusal("PK-06");
    }

    // One secret a browser, kept over its ceremonies: with a new one each time, a second tab would break the first.
    private static string BrowserSecret(HttpContext http)
    {
        var secret = http.Request.Cookies[Cookie] is { Length: 43 } known && Base64Url.IsValid(known) ? known : Handle.New().Value;
        http.Response.Cookies.Append(Cookie, secret, new CookieOptions
        {
            Secure = true,
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Path = "/",
            MaxAge = PasskeyCeremony.Lifetime,
        });
        return secret;
    }
}

/// <summary>What a ceremony is opened for; each kind fills its own members.</summary>
internal sealed record CeremonyPurpose(
    Guid? UserId = null, byte[]? ActivationHash = null, string? NormalizedUsername = null, byte[]? InteractionHash = null, byte[]? Nonce = null);
