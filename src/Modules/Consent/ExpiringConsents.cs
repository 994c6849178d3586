using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>
/// Expires consents whose end has come, so that history, customer and third party hear of it although nobody asks (OB-CON-19). Nothing
/// waits for it: whoever touches such a consent before expires it first.
/// </summary>
internal sealed class ExpiringConsents(ConsentDb db, Consents consents, TimeProvider clock) : IBatchJob
{
    private static readonly string[] Prefixes = [.. States.KindsWith(ConsentEvent.Expire).Select(kind => kind.IdPrefix)];

    public static int Batch => 50;

    public static TimeSpan Pause => TimeSpan.FromSeconds(10);

    public async Task<int> DoBatchAsync(CancellationToken ct)
    {
        // By the index on the due time: what is not due is never looked at, however much of it there is.
        var due = await db.Consents.FromSql(
            $"""
            SELECT * FROM consent.consents
            WHERE "State" = 'AUTH' AND "ExpiresAt" IS NOT NULL AND "ExpiresAt" <= {clock.GetUtcNow()} AND left("Id", 4) = ANY ({Prefixes})
            ORDER BY "ExpiresAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct);
        foreach (var consent in due) await consents.ExpireIfEndedAsync(consent, ct);
        return due.Count;
    }
}
