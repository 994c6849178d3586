using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Policies;

/// <summary>Failed attempts of the running hour, of one name or from one address. Names that do not exist are counted alike (PO-12).</summary>
internal sealed class FailureCount
{
    /// <summary>SHA-256 of what is counted, so that the table is of one width whatever was typed.</summary>
    public required byte[] Key { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset LastAt { get; init; }

    public required int Failures { get; init; }
}

internal sealed class FailureCountTable : IEntityTypeConfiguration<FailureCount>
{
    public void Configure(EntityTypeBuilder<FailureCount> builder)
    {
        builder.ToTable("guess_counts").HasKey(count => count.Key);
        builder.HasIndex(count => count.LastAt);
    }
}

/// <summary>Counts failed attempts by name and by address (PO-13). What follows from a count is the rules' business.</summary>
internal sealed class FailureCounts(IdentityDb db, TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>One attempt at a name is judged at a time, on whichever host: of a hundred at one moment the first would not be counted yet.</summary>
    public Task TakeTurnAsync(string account, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(KeyOfAccount(account))})", ct);

    /// <summary>The running counts of a name and of an address; null where there is no failure.</summary>
    public async Task<(FailureCount? OfAccount, FailureCount? OfAddress)> FindAsync(string account, IPAddress? address, CancellationToken ct)
    {
        byte[][] keys = [KeyOfAccount(account), KeyOfAddress(address)];
        var since = clock.GetUtcNow() - Window;
        var counts = await db.FailureCounts.Where(row => keys.Contains(row.Key) && row.Since > since).ToListAsync(ct);
        return (Of(keys[0]), Of(keys[1]));

        FailureCount? Of(byte[] key) => counts.Find(row => row.Key.AsSpan().SequenceEqual(key));
    }

    /// <summary>Counts a failure.</summary>
    /// <param name="account">The name it was with; null where it says nothing about whose it was.</param>
    public async Task CountAsync(string? account, IPAddress? address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var windowStart = now - Window;
        byte[][] keys = account is null ? [KeyOfAddress(address)] : [KeyOfAccount(account), KeyOfAddress(address)];

        // In the order of the keys: two requests that count the same two rows must not wait for each other crosswise.
        foreach (var key in keys.OrderBy(Convert.ToHexString, StringComparer.Ordinal))
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

    private static byte[] KeyOfAccount(string account) => SHA256.HashData(Encoding.UTF8.GetBytes("name:" + account));

    private static byte[] KeyOfAddress(IPAddress? address) => SHA256.HashData([.. "address:"u8, .. SenderNetwork.Of(address)]);
}
