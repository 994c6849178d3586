using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Policies;

/// <summary>A browser in which a customer has signed in.</summary>
internal sealed class KnownDevice
{
    public required Guid UserId { get; init; }

    /// <summary>SHA-256 over customer and cookie: rows of two customers at one browser do not show that it is one.</summary>
    public required byte[] Hash { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }
}

internal sealed class KnownDeviceTable : IEntityTypeConfiguration<KnownDevice>
{
    public void Configure(EntityTypeBuilder<KnownDevice> builder)
    {
        builder.ToTable("known_devices").HasKey(device => new { device.UserId, device.Hash });
        builder.HasIndex(device => device.LastSeenAt);
    }
}

/// <summary>
/// Tells browsers that a customer has used before from new ones. The cookie opens nothing: it only spares its customer a question, and
/// a stolen one is worth no more than that.
/// </summary>
internal sealed class KnownDevices(IdentityDb db, TimeProvider clock)
{
    public const string Cookie = "__Host-device";

    /// <summary>As long as browsers keep a cookie.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(400);

    private static readonly object Key = new();

    /// <summary>The device at the other end, as it is known of this customer; null where it is new.</summary>
    public Task<KnownDevice?> FindAsync(HttpContext http, Guid userId, CancellationToken ct)
    {
        var hash = HashOf(http, userId);
        return db.KnownDevices.FirstOrDefaultAsync(row => row.UserId == userId && row.Hash == hash, ct);
    }

    /// <summary>Remembers that the customer is at this device.</summary>
    public Task RememberAsync(HttpContext http, Guid userId, CancellationToken ct)
    {
        var (hash, now) = (HashOf(http, userId), clock.GetUtcNow());
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO identity.known_devices ("UserId", "Hash", "FirstSeenAt", "LastSeenAt") VALUES ({userId}, {hash}, {now}, {now})
            ON CONFLICT ("UserId", "Hash") DO UPDATE SET "LastSeenAt" = excluded."LastSeenAt"
            """,
            ct);
    }

    /// <summary>What stands for this device with this customer.</summary>
    public static byte[] HashOf(HttpContext http, Guid userId) => SHA256.HashData([.. userId.ToByteArray(), .. Encoding.ASCII.GetBytes(SecretOf(http))]);

    // One secret a browser, given out only to who has used a passkey here: nobody who merely looks is marked.
    private static string SecretOf(HttpContext http)
    {
        if (http.Items[Key] is string given) return given;
        var secret = http.Request.Cookies[Cookie] is { Length: 43 } known && Base64Url.IsValid(known) ? known : Handle.New().Value;
        http.Items[Key] = secret;
        http.Response.Cookies.Append(Cookie, secret, new CookieOptions
        {
            Secure = true,
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = Lifetime,
        });
        return secret;
    }
}
