using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Configuration;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Users;

/// <summary>Wrong guesses of the running hour, of one name or from one address. Names that do not exist are counted alike (PO-12).</summary>
internal sealed class GuessCount
{
    /// <summary>SHA-256 of what is counted, so that the table is of one width whatever was typed.</summary>
    public required byte[] Key { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    public required int Failures { get; init; }
}

internal sealed class GuessCountTable : IEntityTypeConfiguration<GuessCount>
{
    public void Configure(EntityTypeBuilder<GuessCount> builder)
    {
        builder.ToTable("guess_counts").HasKey(count => count.Key);
        builder.HasIndex(count => count.LastAt);
    }
}

/// <summary>
/// Slows guessing down, by name and by address (PO-13). A stranger's guesses can delay an activation by minutes, never stop it for
/// good, and never touch sign-in with a passkey, where there is nothing to guess.
/// </summary>
internal sealed class GuessLimits(IdentityDb db, IConfiguration configuration, TimeProvider clock)
{
    /// <summary>At most so many guesses for one name are looked at in an hour, from wherever they come.</summary>
    public const int PerNameAndHour = 20;

    /// <summary>After so many failures each further one makes the wait longer (OB-SCA-1).</summary>
    public const int WithoutWait = 5;

    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    // A whole office may be behind one address, so it is wider than the limit of a name.
    private int PerAddressAndHour => configuration.GetValue("RateLimits:ActivationGuessesPerAddressAndHour", 100);

    public async Task<bool> MayGuessAsync(string name, IPAddress? address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        byte[][] keys = [KeyOfName(name), KeyOfAddress(address)];

        // One guess at a name is judged at a time, on whichever host: of a hundred at one moment the first would not be counted yet.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(keys[0])})", ct);
        var counts = await db.GuessCounts.Where(row => keys.Contains(row.Key) && row.Since > now - Window).ToListAsync(ct);
        var ofName = counts.Find(row => row.Key.AsSpan().SequenceEqual(keys[0]));
        var ofAddress = counts.Find(row => row.Key.AsSpan().SequenceEqual(keys[1]));
        return (ofName is null || (ofName.Failures < PerNameAndHour && now >= ofName.LastAt + WaitAfter(ofName.Failures)))
            && (ofAddress is null || ofAddress.Failures < PerAddressAndHour);
    }

    public async Task CountFailureAsync(string name, IPAddress? address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var windowStart = now - Window;

        // In the order of the keys: two requests that count the same two rows must not wait for each other crosswise.
        foreach (var key in new[] { KeyOfName(name), KeyOfAddress(address) }.OrderBy(Convert.ToHexString, StringComparer.Ordinal))
        {
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO identity.guess_counts AS c ("Key", "Since", "LastAt", "Failures") VALUES ({key}, {now}, {now}, 1)
                ON CONFLICT ("Key") DO UPDATE SET
                    "Failures" = CASE WHEN c."Since" > {windowStart} THEN c."Failures" + 1 ELSE 1 END,
                    "Since" = CASE WHEN c."Since" > {windowStart} THEN c."Since" ELSE {now} END,
                    "LastAt" = {now}
                """,
                ct);
        }
    }

    /// <summary>1 s after the fifth failure, then twice as long each time, at most 5 minutes.</summary>
    public static TimeSpan WaitAfter(int failures)
    {
        if (failures < WithoutWait) return TimeSpan.Zero;
        var seconds = Math.Pow(2, failures - WithoutWait);
        return seconds < LongestWait.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LongestWait;
    }

    private static byte[] KeyOfName(string name) => SHA256.HashData(Encoding.UTF8.GetBytes("name:" + name));

    // Who has one IPv6 address has 2^64 of them: the network counts.
    private static byte[] KeyOfAddress(IPAddress? address)
    {
        var bytes = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4().GetAddressBytes() : address?.GetAddressBytes() ?? [];
        var network = address?.AddressFamily == AddressFamily.InterNetworkV6 && bytes.Length == 16 ? bytes[..8] : bytes;
        return SHA256.HashData([.. "address:"u8, .. network]);
    }
}
